"""What every test may use: real footage where it is there, and small videos made on the spot."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import HealthCheck, settings
from known_scenes import DemoRun, quarter_demo, replayed
from numpy.typing import NDArray
from services import is_service

from edgecv.config.known_secrets import forget_secrets
from edgecv.incidents.record import Incident

# how long an example takes says more of the machine than of the code; a change is refused for what it
# changed, so the examples of CI are the same every time, and new ones are found at everybody's desk
settings.register_profile(
    "edgecv", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("edgecv")

# fixtures that render and replay a whole scene, or start processes that work in real time
_SLOW_FIXTURES = frozenset({"chromium", "daemon", "demo_run", "installed", "place"})
# of these files most tests take seconds: they render, search a picture for a grid, build, or start one process each
_SLOW_FILES = frozenset({
    "test_calibrate.py", "test_child.py", "test_docs.py", "test_evaluate.py", "test_fuzz.py", "test_grid.py",
})  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures they ask for: ``service`` and ``slow``.

    Properties go through the same lines a hundred times, which costs three times as much under coverage; what they
    pass through, examples cover.
    """
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.no_cover)
        fixtures = getattr(item, "fixturenames", ())
        if any(map(is_service, fixtures)):
            item.add_marker(pytest.mark.service)
        if not _SLOW_FIXTURES.isdisjoint(fixtures) or item.path.name in _SLOW_FILES:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def no_secrets_yet() -> None:
    """What one test registers as a secret may be a word of another."""
    forget_secrets()


_CLIPS = Path(__file__).resolve().parents[2] / "shared" / "clips"


@pytest.fixture(scope="session")
def clips() -> Path:
    """The folder with real footage; the test skips where a checkout does not have it."""
    if not _CLIPS.is_dir():
        pytest.skip("the folder ../shared/clips with real footage is not beside this checkout")
    return _CLIPS


WriteVideo = Callable[..., Path]


@pytest.fixture
def write_video(tmp_path: Path) -> WriteVideo:
    """A function that writes luma frames to a video file and returns its path."""

    def write(
        name: str,
        frames: Iterable[NDArray[np.uint8]],
        *,
        codec: str = "libx264",
        pix_fmt: str = "yuv420p",
        fps: int = 25,
        pts: list[int] | None = None,
        options: dict[str, str] | None = None,
        container: dict[str, str] | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", options=container or {}) as out:
            out.metadata.update(metadata or {})
            stream: Any = out.add_stream(codec, rate=fps)
            stream.pix_fmt = pix_fmt
            stream.options = options or {}
            stream.codec_context.time_base = Fraction(1, fps)
            for n, luma in enumerate(frames):
                if n == 0:
                    stream.height, stream.width = luma.shape
                frame = VideoFrame.from_ndarray(luma, format="gray").reformat(format=pix_fmt)
                frame.time_base = Fraction(1, fps)
                frame.pts = n if pts is None else pts[n]
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def noise_frames() -> Callable[[int, int, int], list[NDArray[np.uint8]]]:
    """A function that makes frames of a still, textured, slightly noisy wall."""

    def make(count: int, width: int = 160, height: int = 120) -> list[NDArray[np.uint8]]:
        rng = np.random.default_rng(3)
        wall = rng.integers(90, 150, (height, width))
        return [np.clip(wall + rng.normal(0, 1.5, wall.shape), 0, 255).astype(np.uint8) for _ in range(count)]

    return make


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """The demo's scene in a quarter of its pixels, rendered and replayed once for all tests that look at it."""
    return replayed(tmp_path_factory.mktemp("demo"), quarter_demo())


@pytest.fixture
def make_incident() -> Callable[..., Incident]:
    """An incident as replay would write it; any field can be given."""

    def make(**fields: Any) -> Incident:
        incident: dict[str, Any] = {
            "id": "5f0c7f9e-2f3f-5d0a-9a53-0c8f2b7f9b11",
            "tier": "incident",
            "site": "jialinglu-3",
            "device": "north-1",
            "started_at": "2026-03-04T05:06:07.120000Z",
            "ended_at": "2026-03-04T05:06:09.840000Z",
            "media": {"source": "门口.mp4", "start_s": 4.12, "end_s": 6.84},
            "track": [{"t": 4.12, "x": 812.4, "y": 133.0, "w": 5, "h": 7}],
            "origin": {"reason": "the camera is not calibrated"},
            "fit": {
                "chi2_reduced": 1.1,
                "points": 58,
                "log_likelihood_ratio": 41.0,
                "gravity_px_s2": 480.0,
                "gravity_sd_px_s2": 4.0,
            },
            "motion": {"duration_s": 2.72},
            "mass": {"class": "heavy", "p": {"light": 0.0, "medium": 0.1, "heavy": 0.9}},
            "verdict": {"label": "thrown_object", "p": 0.97, "labels": {"thrown_object": 0.97, "bird": 0.01}},
            "evidence": {"manifest": "manifest.json", "sha256": "00" * 32},
            "software": {"version": "0.1.0"},
        }
        return Incident.model_validate(incident | fields)

    return make
