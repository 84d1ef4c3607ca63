"""Box files and calibrations as YAML, written from their models: what is read back is what was written."""

from __future__ import annotations

import yaml

from edgecv.config.base import Section
from edgecv.config.box import Box, BoxFile


def yaml_text(section: Section) -> str:
    """Return a section as YAML, without the keys that have their default."""
    document = section.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def single_camera_box(box: Box, camera_id: str, video: str, calibration: str) -> BoxFile:
    """Return a box file with nothing but one camera, its facade, and the facades that it sees beside it.

    Addresses, logins and everything else that is no concern of an analysis of its pictures are left out.

    Args:
        box: the whole box.
        camera_id: one of its cameras.
        video: address of the recording that stands for the camera.
        calibration: file name of the camera's calibration; not used where it has none.

    Raises:
        ConfigError: the box has no such camera.
    """
    setup = box.camera(camera_id)
    settings = setup.settings
    names = {settings.facade, *settings.also_sees}
    camera = type(settings)(
        source=video,
        facade=settings.facade,
        also_sees=settings.also_sees,
        masks=settings.masks,
        calibration=None if setup.calibration is None else calibration,
    )
    facades = {name: facade for name, facade in box.settings.facades.items() if name in names}
    return BoxFile(site=box.site, facades=facades, cameras={camera_id: camera})
