"""The camera that watches a facade, as one handler among others: its worker is driven by pictures, not by messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import BaseModel

from edgecv.config.camera import Camera
from edgecv.handlers.handler import Kind
from edgecv.incidents.record import Incident


class ThrownObjects(Kind):
    """What ``edgecv.daemon.camera_worker`` does for each camera; its incident is the whole record."""

    kind = "thrown_object"
    section = "cameras"
    settings = Camera
    events: ClassVar[Mapping[str, type[BaseModel]]] = {"thrown_object": Incident}
