"""All entrances, by name; one file each."""

from __future__ import annotations

from fuzzer.entrance import Entrance
from fuzzer.entrances.addresses import Addresses
from fuzzer.entrances.calibrations import Calibrations
from fuzzer.entrances.config_files import BoxFiles, HubFiles
from fuzzer.entrances.devices import Devices
from fuzzer.entrances.hooks import Hooks
from fuzzer.entrances.kernels import Kernels
from fuzzer.entrances.messages import Messages
from fuzzer.entrances.pages import Pages
from fuzzer.entrances.records import Bundles, Reports
from fuzzer.entrances.uploads import Uploads
from fuzzer.entrances.videos import Videos

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
