"""A scene as a video file with its truth beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame

from edgecv.simulation.render import RenderedFrame, render
from edgecv.simulation.scene import Scene
from edgecv.simulation.site import BoxCamera, write_box
from edgecv.simulation.truth import TruthRecorder

_CLOCK_HZ = 90_000  # time base of the presentation times, as in RTP


@dataclass(frozen=True, slots=True)
class SimulatedFiles:
    """What stands in the folder for one scene.

    Attributes:
        video: NAME.mp4.
        truth: NAME.truth.json.
        box: NAME.box.yaml, ready for ``edgecv replay --config``.
        calibration: NAME.calibration.yaml.
        camera_id: the first camera of the box.
        frames: how many frames the video has.
        partners: of further cameras before the same scene, each with the same box.
    """

    video: Path
    truth: Path
    box: Path
    calibration: Path
    camera_id: str
    frames: int
    partners: tuple[SimulatedFiles, ...] = ()


def write_scene(scene: Scene, folder: Path) -> SimulatedFiles:
    """Render a scene into ``folder``: video, truth, box file and calibration, named after the scene.

    Each further camera has a video, a truth and a calibration with its number behind the name, and is in the same box.

    Raises:
        InputError: the scene's background cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    box = folder / f"{scene.name}.box.yaml"
    partners = [_write_view(scene.of_partner(n), folder, box) for n in range(len(scene.partners))]
    files = replace(_write_view(scene, folder, box), partners=tuple(partners))
    cameras = [
        BoxCamera(scene.of_partner(n), each.camera_id, each.video.name, each.calibration)
        for n, each in enumerate(partners)
    ]
    write_box(scene, files.video.name, box, files.calibration, files.camera_id, cameras)
    return files


def _write_view(scene: Scene, folder: Path, box: Path) -> SimulatedFiles:
    """Video and truth of one camera."""
    video, truth = folder / f"{scene.name}.mp4", folder / f"{scene.name}.truth.json"
    frames = write_video(scene, video, truth)
    return SimulatedFiles(video, truth, box, folder / f"{scene.name}.calibration.yaml", scene.name, frames)


def write_video(scene: Scene, video: Path, truth: Path) -> int:
    """Render a scene to MP4, as a camera would compress it (no B frames), and its truth to JSON; return the frames."""
    recorder = TruthRecorder(scene)
    count = write_part(scene, video, note=recorder.add_frame)
    truth.write_text(recorder.json())
    return count


def write_part(
    scene: Scene,
    video: Path,
    start_s: float = 0.0,
    end_s: float = float("inf"),
    note: Callable[[RenderedFrame], None] = lambda _frame: None,
) -> int:
    """Render a scene from one instant to before another to MP4, whose time begins there; return the frames.

    Args:
        scene: what is rendered.
        video: what is written.
        start_s: at a frame.
        end_s: of the part.
        note: called with every frame.
    """
    count = 0
    with av.open(str(video), "w", options={"fflags": "+bitexact"}) as container:
        stream = _stream(container, scene)
        for rendered in render(scene, start_s, end_s):
            container.mux(stream.encode(_frame(rendered, start_s)))
            note(rendered)
            count += 1
        container.mux(stream.encode(None))
    return count


def _stream(container: Any, scene: Scene) -> Any:
    codec = scene.codec
    fps = Fraction(scene.fps).limit_denominator(1001)
    stream = container.add_stream("libx265" if codec.name == "h265" else "libx264", rate=fps)
    stream.width, stream.height = scene.size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.color_range = 2  # full
    stream.time_base = stream.codec_context.time_base = Fraction(1, _CLOCK_HZ)
    gop = max(1, round(codec.gop_s * scene.fps))
    options = {"preset": codec.preset, "bf": "0", "g": str(gop)}
    if codec.kbps is None:
        options["crf"] = str(codec.crf)
    else:
        # a camera's rate control: the rate holds within a second
        stream.bit_rate = codec.kbps * 1000
        options |= {"maxrate": f"{codec.kbps}k", "bufsize": f"{codec.kbps}k"}
    if codec.name == "h265":
        # one thread, so that the same scene gives the same bytes
        options["x265-params"] = f"pools=none:frame-threads=1:bframes=0:keyint={gop}:log-level=error:info=0"
        stream.codec_context.codec_tag = "hvc1"
    else:
        stream.thread_count = 1
    stream.options = options
    return stream


def _frame(rendered: RenderedFrame, start_s: float) -> VideoFrame:
    """The luma as it is, in the full range from 0 to 255, and no colour."""
    height, width = rendered.luma.shape
    frame = VideoFrame(width, height, "yuv420p")
    grey = np.array(128, np.uint8)
    for plane, values in zip(frame.planes, (rendered.luma, grey, grey), strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        rows[:, : plane.width] = values
    frame.pts = round((rendered.t_s - start_s) * _CLOCK_HZ)
    frame.time_base = Fraction(1, _CLOCK_HZ)
    return frame
