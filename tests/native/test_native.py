"""Arrays, constants and structures cross the boundary to C as both sides have them; the extension is optional."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from edgecv.detection import planes
from edgecv.detection.blobs import QUOTA_CELLS
from edgecv.detection.camera_motion import TILE
from edgecv.detection.detection import COLUMNS
from edgecv.native import AVAILABLE, ffi, lib, pointer, rows_pointer
from edgecv.tracking.clutter_density import CLUTTER_CELLS
from edgecv.tracking.reference_initiator import INITIATOR_MAX_PAIRS, INITIATOR_SCANS
from edgecv.tracking.settings import TrackingSettings
from edgecv.trajectory.model import PARAMETERS

ROOT = Path(__file__).parents[2]
needs_extension = pytest.mark.skipif(not AVAILABLE, reason="the extension was not built here: there was no C compiler")
needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc here")


@needs_extension
def test_constants_of_python_are_those_of_the_header() -> None:
    assert TILE == lib.TILE
    units = ("UNIT", "SMOOTH_UNIT", "NOISE_UNIT", "LAG_STEP", "GROW", "SEED", "HALO_PERCENT")
    limits = ("LIMIT", "RAW_LIMIT", "STEADY_LIMIT", "MEAN_LIMIT", "NOISE_SLACK", "NOISE_LIMIT", "BLOB_LIMIT")
    for name in units + limits:
        assert getattr(planes, name) == getattr(lib, name), name
    assert (QUOTA_CELLS, CLUTTER_CELLS, PARAMETERS) == (lib.QUOTA_CELLS, lib.CLUTTER_CELLS, lib.FALL_PARAMETERS)
    assert (INITIATOR_SCANS, INITIATOR_MAX_PAIRS) == (lib.INITIATOR_SCANS, lib.INITIATOR_MAX_PAIRS)
    assert len(COLUMNS) == lib.DETECTION_COLUMNS
    assert TrackingSettings().max_free_detections <= lib.INITIATOR_MAX_FREE
    assert ffi.sizeof("Blob") == 4 * len(planes.BLOB_COLUMNS)


@needs_extension
def test_only_contiguous_arrays_of_known_types_go_to_c() -> None:
    with pytest.raises(ValueError, match="contiguous"):
        pointer(np.zeros((4, 4))[:, :2])
    with pytest.raises(KeyError):
        pointer(np.zeros(3, np.complex128))
    assert pointer(np.arange(3.0))[2] == 2.0
    assert len(pointer(np.zeros((0, 8)))) == 0


@needs_extension
def test_rows_of_a_picture_may_lie_apart() -> None:
    memory = np.arange(40, dtype=np.uint8).reshape(4, 10)
    first, stride = rows_pointer(memory[1:, 2:7])
    assert (first[0], first[stride], stride) == (12, 22, 10)


@needs_extension
def test_other_threads_run_while_c_computes() -> None:
    points, lens = np.full((2000, 2), 0.1), np.array([-0.3, 0.1, 0.0, 0.0, 0.0])
    plane, is_done, turns = np.empty_like(points), threading.Event(), 0

    def compute() -> None:
        # a tolerance of zero is never reached: all rounds are done, in one call
        lib.edgecv_undistort(len(points), pointer(points), pointer(lens), 5000, 0.0, pointer(plane))
        is_done.set()

    thread = threading.Thread(target=compute)
    thread.start()
    while not is_done.wait(0.001):
        turns += 1
    thread.join()
    assert turns > 3


def _sources(folder: Path) -> Path:
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "edgecv/__init__.py", "edgecv/_version.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    ignored = shutil.ignore_patterns("_kernel*", "__pycache__")
    shutil.copytree(ROOT / "edgecv" / "native", folder / "edgecv" / "native", ignore=ignored)
    return folder


def _build(folder: Path, **environment: str) -> None:
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    own = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    subprocess.run(command, cwd=folder, env={**own, **environment}, check=True, capture_output=True)


def _printed(folder: Path, code: str) -> str:
    own = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=own, check=True, capture_output=True, text=True
    ).stdout


@needs_compiler
@needs_extension
@pytest.mark.slow
def test_without_python_headers_a_plain_library_has_the_same_structures_and_results(tmp_path: Path) -> None:
    folder = _sources(tmp_path)
    _build(folder, EDGECV_WITHOUT_PYTHON_HEADERS="1")
    assert list((folder / "edgecv" / "native").glob("_kernel_library*.so"))
    code = """if True:
        import numpy as np
        from edgecv.native import ffi, lib, pointer
        times, falls, pixels = np.linspace(0.0, 1.0, 5), np.ones((2, 11)), np.empty((2, 5, 2))
        camera = ffi.new("FallCamera *", (1500.0, 960.0, 540.0, 9.8, 0.04, 200.0))
        lib.edgecv_fall_pixels(2, 5, pointer(falls), pointer(times), camera, pointer(np.empty((5, 3))), pointer(pixels))
        names = "Background Blob Quota Clutter Scan Track MotionModel FallProblem LaunchProblem SteadyMotion".split()
        print([ffi.sizeof(name) for name in names], pixels.tolist(), lib.TILE)
    """
    assert _printed(folder, code) == _printed(ROOT, code)


def test_without_a_compiler_there_is_no_extension_and_no_error(tmp_path: Path) -> None:
    folder = _sources(tmp_path)
    _build(folder, CC="false")
    assert _printed(folder, "from edgecv.native import AVAILABLE; print(AVAILABLE)") == "False\n"
