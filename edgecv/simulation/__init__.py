"""Scenes with known truth: a description goes in, video and the truth of every frame come out."""

from edgecv.simulation.scene import Bird, FallingObject, Scene
from edgecv.simulation.video import write_scene

__all__ = ["Bird", "FallingObject", "Scene", "write_scene"]
