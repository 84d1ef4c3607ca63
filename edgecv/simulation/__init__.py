"""Scenes with known truth: a description goes in, video and the truth of every frame come out."""

from edgecv.simulation.catalogue import CATALOGUE
from edgecv.simulation.random_scene import random_scene
from edgecv.simulation.scene import Bird, FallingObject, Scene
from edgecv.simulation.scene_builder import load_scene
from edgecv.simulation.video import SimulatedFiles, write_scene

__all__ = [
    "CATALOGUE",
    "Bird",
    "FallingObject",
    "Scene",
    "SimulatedFiles",
    "load_scene",
    "random_scene",
    "write_scene",
]
