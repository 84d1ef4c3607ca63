"""The nuisances there are, with their parameters and the order in which they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edgecv.simulation.nuisances.animals import Birds, Insects
from edgecv.simulation.nuisances.bird_flights import BirdFlights
from edgecv.simulation.nuisances.building import Drips, Lights, People, Sheets
from edgecv.simulation.nuisances.facade_machines import Gondolas, Lifts
from edgecv.simulation.nuisances.layer import Layer
from edgecv.simulation.nuisances.light import Clouds, ExposureSteps, Flicker
from edgecv.simulation.nuisances.motion import Shake
from edgecv.simulation.nuisances.near_insects import NearInsects
from edgecv.simulation.nuisances.pedestrians import Pedestrians
from edgecv.simulation.nuisances.plants import Leaves, Trees
from edgecv.simulation.nuisances.traffic import Traffic
from edgecv.simulation.nuisances.weather import Precipitation
from edgecv.simulation.scene import Parameters, Scene

WALL, AIR, FRONT, LENS, CAMERA = range(5)
"""Where in the picture a nuisance is: behind the objects, among them, before them, at the lens, in the camera."""


@dataclass(frozen=True, slots=True)
class Nuisance:
    """One nuisance.

    Attributes:
        truth: its name in a truth file.
        level: WALL to CAMERA, the order of drawing.
        make: builds the layer; None for those that the renderer itself draws.
        parameters: their names, ordinary values and, in words, what they are.
    """

    truth: str
    level: int
    make: Callable[[Scene, Parameters], Layer] | None
    parameters: Mapping[str, tuple[float, str]] = field(default_factory=dict)

    def complete(self, values: Parameters) -> dict[str, float]:
        """All parameters: ``values``, and the ordinary values of the others."""
        return {"strength": 1.0} | {name: value for name, (value, _) in self.parameters.items()} | dict(values)


NUISANCES: dict[str, Nuisance] = {
    "lights": Nuisance("light", WALL, Lights.sample, {"every_s": (8.0, "seconds between switches")}),
    "people": Nuisance("person", WALL, People.sample, {"count": (4.0, "people in windows")}),
    "curtains": Nuisance(
        "curtain", WALL, Sheets.curtains, {"pieces": (4.0, "curtains"), "sway_m": (0.08, "how far they sway, metres")}
    ),
    "laundry": Nuisance(
        "laundry", WALL, Sheets.laundry, {"pieces": (6.0, "pieces"), "sway_m": (0.15, "how far they sway, metres")}
    ),
    "lifts": Nuisance(
        "lift",
        WALL,
        Lifts.sample,
        {"count": (1.0, "glass lifts on the facade"), "rest_s": (5.0, "seconds at a floor")},
    ),
    "gondolas": Nuisance("gondola", WALL, Gondolas.sample, {"count": (1.0, "platforms on ropes")}),
    "reflection": Nuisance("reflection", WALL, None, {"share": (0.25, "share of the light that glass throws back")}),
    "drips": Nuisance(
        "drip",
        AIR,
        Drips.sample,
        {
            "sources": (3.0, "dripping units"),
            "every_s": (1.6, "seconds between drops"),
            "seldom_s": (0.0, "seconds between drops of the driest unit; 0: all like every_s"),
        },
    ),
    "birds": Nuisance(
        "bird", AIR, Birds.sample, {"every_s": (6.0, "seconds between birds"), "diving": (0.3, "share that dives")}
    ),
    "bird_flights": Nuisance(
        "bird",
        AIR,
        BirdFlights.sample,
        {
            "every_s": (6.0, "seconds between birds in space"),
            "diving": (0.3, "share that dives"),
            "perching": (0.2, "share that brakes, sits on a ledge and drops off"),
        },
    ),
    "leaves": Nuisance("leaf", AIR, Leaves.sample, {"every_s": (3.0, "seconds between leaves")}),
    "pedestrians": Nuisance(
        "pedestrian", FRONT, Pedestrians.sample, {"every_s": (6.0, "seconds between people on the pavement")}
    ),
    "traffic": Nuisance(
        "car",
        FRONT,
        Traffic.sample,
        {
            "every_s": (4.0, "seconds between vehicles, all lanes together"),
            "lanes": (2.0, "lanes of each direction"),
            "angle_deg": (12.0, "of the street against the facade"),
            "green_s": (14.0, "seconds of green"),
            "red_s": (10.0, "seconds of red"),
        },
    ),
    "trees": Nuisance(
        "tree",
        FRONT,
        Trees.sample,
        {"crowns": (2.0, "corners with branches"), "sway_px": (2.5, "sway, pixels at 720p")},
    ),
    "rain": Nuisance("rain", LENS, Precipitation.rain, {"drops": (350.0, "drops in the picture")}),
    "snow": Nuisance("snow", LENS, Precipitation.snow, {"flakes": (350.0, "flakes in the picture")}),
    "insects": Nuisance("insect", LENS, Insects.sample, {"every_s": (5.0, "seconds between insects")}),
    "near_insects": Nuisance(
        "insect", LENS, NearInsects.sample, {"every_s": (4.0, "seconds between insects in space")}
    ),
    "clouds": Nuisance(
        "cloud", CAMERA, Clouds.sample, {"depth": (0.15, "share of light"), "pass_s": (12.0, "time of a passage")}
    ),
    "shake": Nuisance(
        "shake",
        CAMERA,
        Shake.sample,
        {
            "tremble_px": (0.25, "fast vibration, pixels"),
            "sway_px": (1.2, "slow sway, pixels"),
            "bump_px": (3.0, "bumps, pixels"),
            "bump_every_s": (15.0, "seconds between bumps"),
        },
    ),
    "exposure_steps": Nuisance(
        "exposure_step",
        CAMERA,
        ExposureSteps.sample,
        {"depth": (0.2, "largest change"), "every_s": (10.0, "seconds between steps")},
    ),
    "flicker": Nuisance("flicker", CAMERA, Flicker.sample, {"depth": (0.02, "share of light")}),
    "ir_noise": Nuisance("ir_noise", CAMERA, None, {"gain": (1.6, "noise against the ordinary")}),
    "clock": Nuisance("clock", CAMERA, None),
}
"""In the order in which they are drawn; whatever is in the camera comes after everything before it."""
