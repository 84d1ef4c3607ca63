"""Everything that moves or changes and is not a fall: each nuisance has a name, parameters and a way to be drawn."""

from edgecv.simulation.nuisances.layer import Canvas, Layer
from edgecv.simulation.nuisances.nuisance_registry import NUISANCES, Nuisance

__all__ = ["NUISANCES", "Canvas", "Layer", "Nuisance"]
