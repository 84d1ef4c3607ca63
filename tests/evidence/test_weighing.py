"""A thing is weighed by the pictures that pass where they are drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from known_light import PX_PER_M, SIZE, Scene, UInt8

from edgecv.evidence.weighing import Weigher, WeighingSpec
from edgecv.incidents.record import Mass
from edgecv.incidents.thing_in_words import length_in_words, weight_in_words
from edgecv.trajectory.impact import Impact
from edgecv.trajectory.mass import PathDraws
from edgecv.trajectory.quantiles import Quantiles

SCENE = Scene(diameter_px=4.0, light=0.1)
DRAG, AIR, G = 0.8, 1.2, 9.80665
TERMINAL_MPS = 18.0


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture as the decoder gives it."""

    picture: UInt8

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, 3."""
        return (SIZE[1], SIZE[0], 3)

    @property
    def levels(self) -> tuple[int, int]:
        """Luma of black and of white."""
        return (0, 255)

    def luma(self) -> UInt8:
        """Its brightness."""
        return self.picture


def weighing_spec(scene: Scene, box: float = 0.6) -> WeighingSpec:
    """Its places, with a box that is too small, and a path that knows the terminal velocity to a twentieth."""
    rng = np.random.default_rng(0)
    stations = scene.stations(box)
    logs = np.log(TERMINAL_MPS) + 0.05 * rng.standard_normal(500)
    impact = Impact(Quantiles.of(np.exp(logs)), 1.7, np.sort(logs), np.exp(np.sort(logs)))
    path = PathDraws(logs, 0.02 * rng.standard_normal(500), box * scene.diameter_m, 0.3, impact)
    return WeighingSpec.of_stations(stations, path)


def weighed(scene: Scene, spec: WeighingSpec) -> Mass | None:
    """What the pictures make of the weight."""
    weigher = Weigher(spec)
    for t_s, luma in scene.pictures():
        weigher.add(t_s, Shot(luma))  # type: ignore[arg-type]
    return weigher.mass("an incident")


def test_kilograms_follow_from_the_area_and_not_from_the_box() -> None:
    mass = weighed(SCENE, weighing_spec(SCENE))
    assert mass is not None and mass.kg is not None and mass.diameter_m is not None and mass.photometry is not None
    assert mass.diameter_m.median == pytest.approx(4.0 / PX_PER_M, rel=0.1)
    area = np.pi / 4.0 * SCENE.diameter_m**2
    expected = AIR * DRAG * area * TERMINAL_MPS**2 / (2.0 * G)
    assert mass.kg.low < expected < mass.kg.high
    assert mass.photometry.area_m2.low < area < mass.photometry.area_m2.high
    assert "dark" in (mass.words or "") or "black" in (mass.words or "")
    assert mass.words_code is not None


def test_points_of_the_line_lie_on_it() -> None:
    mass = weighed(SCENE, weighing_spec(SCENE))
    assert mass is not None and mass.photometry is not None
    level, slope = mass.photometry.line_m2
    off = [(p.flux_m2 - level + slope * p.background) / p.sd_m2 for p in mass.photometry.points if p.weight > 0.5]
    assert len(off) > 20
    assert float(np.median(np.abs(off))) < 1.5


def test_another_process_comes_to_the_same_numbers() -> None:
    spec = weighing_spec(SCENE)
    read = WeighingSpec.model_validate_json(spec.model_dump_json())
    assert weighed(SCENE, read) == weighed(SCENE, spec)


def test_pictures_that_cannot_be_read_cost_the_weighing_alone() -> None:
    weigher = Weigher(weighing_spec(SCENE))
    weigher.add(0.0, object())  # type: ignore[arg-type]
    assert weigher.mass("an incident") is None


def test_without_pictures_of_the_background_nothing_is_said() -> None:
    assert weighed(replace(SCENE, frames=4), weighing_spec(replace(SCENE, frames=4))) is None


def test_the_sentence_says_the_weight_and_the_size_that_the_record_says() -> None:
    mass = weighed(SCENE, weighing_spec(SCENE))
    assert mass is not None and mass.kg is not None and mass.diameter_m is not None and mass.words is not None
    assert f"about {length_in_words(mass.diameter_m.median)}, about {weight_in_words(mass.kg.median)}" in mass.words


@pytest.mark.parametrize(
    ("kg", "words"), [(0.0123, "12 g"), (0.996, "1 kg"), (0.994, "990 g"), (1.26, "1.3 kg"), (12.6, "13 kg")]
)
def test_a_weight_has_two_digits_in_grams_or_kilograms(kg: float, words: str) -> None:
    assert weight_in_words(kg) == words
