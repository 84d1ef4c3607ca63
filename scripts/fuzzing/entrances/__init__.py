"""All entrances, by name; one file each."""

from __future__ import annotations

from fuzzing.entrance import Entrance
from fuzzing.entrances.addresses import Addresses
from fuzzing.entrances.calibrations import Calibrations
from fuzzing.entrances.config_files import BoxFiles, HubFiles
from fuzzing.entrances.devices import Devices
from fuzzing.entrances.hooks import Hooks
from fuzzing.entrances.kernels import Kernels
from fuzzing.entrances.messages import Messages
from fuzzing.entrances.pages import Pages
from fuzzing.entrances.records import Bundles, Reports
from fuzzing.entrances.uploads import Uploads
from fuzzing.entrances.videos import Videos

ENTRANCES: dict[str, type[Entrance]] = {
    kind.name: kind
    for kind in (
        Messages,
        Devices,
        Hooks,
        Uploads,
        Pages,
        Bundles,
        Reports,
        BoxFiles,
        HubFiles,
        Calibrations,
        Addresses,
        Videos,
        Kernels,
    )
}
