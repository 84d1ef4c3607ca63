"""What a camera sends: is it as the calibration, the evidence and a fast reaction need it?"""

from __future__ import annotations

from edgecv.doctor.check_result import CheckResult, ok, problem, warning
from edgecv.doctor.stream_probe import StreamProbe

LONGEST_KEYFRAME_S = 4.0
"""Evidence begins at a key frame, and after a loss nothing is seen until the next."""
FEWEST_FPS = 10.0
_MISSING = 0.85
"""Share of the pictures a second a stream promises below which it is worth telling."""
_KNOWN_CODECS = frozenset({"h264", "hevc", "mjpeg", "av1", "mpeg4", "vp8", "vp9", "rawvideo"})


def stream_findings(where: str, probe: StreamProbe, calibrated_px: tuple[int, int] | None) -> list[CheckResult]:
    """Judge what a camera sends.

    Args:
        where: ``camera NAME``.
        probe: a few seconds of it.
        calibrated_px: ``(width, height)`` of the calibration, or None where there is none.
    """
    width, height = probe.size_px
    megabits = 8.0 * probe.bytes_per_s / 1e6
    measured = " by arrival" if probe.by_arrival else ""
    summary = f"sends {probe.codec} {width}x{height}, {probe.fps:.1f} frames/s{measured}, {megabits:.1f} Mbit/s"
    judged = [
        _size(where, probe, calibrated_px),
        _key_frames(where, probe),
        _order(where, probe),
        _rate(where, probe),
        _clock(where, probe),
        _damage(where, probe),
        _hardware(where, probe),
        _codec(where, probe),
        _compressing(where, probe),
    ]
    return [ok(where, summary), *(finding for finding in judged if finding is not None)]


def _size(where: str, probe: StreamProbe, calibrated_px: tuple[int, int] | None) -> CheckResult | None:
    if calibrated_px is None or probe.size_px == calibrated_px:
        return None
    sent, calibrated = "x".join(map(str, probe.size_px)), "x".join(map(str, calibrated_px))
    return problem(
        where,
        f"the picture is {sent}, but the calibration was made at {calibrated}",
        f"set the camera's stream to {calibrated}, or calibrate again with a picture of this stream: edgecv calibrate",
    )


def _key_frames(where: str, probe: StreamProbe) -> CheckResult | None:
    advice = "set the camera's I-frame interval (GOP) to 1 or 2 s and switch off 'smart' codecs (H.264+, Smart H.265)"
    if probe.keyframe_s is None and probe.seconds > LONGEST_KEYFRAME_S:
        return warning(where, f"no second key frame came within {probe.seconds:.0f} s", advice)
    if probe.keyframe_s is not None and probe.keyframe_s > LONGEST_KEYFRAME_S:
        text = f"key frames are {probe.keyframe_s:.1f} s apart: evidence begins late, and after a loss nothing is seen"
        return warning(where, text, advice)
    return None


def _order(where: str, probe: StreamProbe) -> CheckResult | None:
    if not probe.b_frames:
        return None
    return warning(
        where,
        "the stream has B-frames: each picture comes later than it must and is coded more coarsely",
        "set the camera's encoder to the baseline or main profile with no B-frames",
    )


def _rate(where: str, probe: StreamProbe) -> CheckResult | None:
    if probe.fps < FEWEST_FPS:
        return problem(
            where,
            f"only {probe.fps:.1f} frames/s come: what falls is seen too seldom",
            "set the camera to 25 frames/s; at night, limit its exposure to 1/25 s, which keeps it from slowing down",
        )
    if probe.nominal_fps is not None and probe.fps < _MISSING * probe.nominal_fps:
        return warning(
            where,
            f"{probe.fps:.1f} frames/s come of the {probe.nominal_fps:.0f} that the stream promises",
            "check the network between camera and box; over Wi-Fi or UDP packets get lost; at night the camera may "
            "expose longer than a frame",
        )
    return None


def _clock(where: str, probe: StreamProbe) -> CheckResult | None:
    if probe.stamp_rate is not None:
        return warning(
            where,
            f"its time stamps run {probe.stamp_rate:.2f} times as fast as its pictures come: they are not used, and "
            "speeds are measured by arrival",
            "set the camera's frame rate to one that it keeps, or take its stream by RTSP rather than through a server "
            "that counts pictures",
        )
    if probe.by_arrival:
        return warning(
            where,
            "its stream carries no time stamps: pictures are timed by their arrival, which the network jitters",
            "take the camera's RTSP stream, which tells when each picture was taken",
        )
    return None


def _damage(where: str, probe: StreamProbe) -> CheckResult | None:
    if probe.damaged == 0:
        return None
    text = f"{probe.damaged} packets could not be decoded within {probe.seconds:.0f} s"
    return warning(where, text, "packets get lost on the way: use transport: tcp, and check cable and switch")


def _hardware(where: str, probe: StreamProbe) -> CheckResult | None:
    if probe.notice is None:
        return None
    advice = "check that the user edgecv is in the groups video and render and that the driver is installed"
    return warning(where, probe.notice, advice)


def _codec(where: str, probe: StreamProbe) -> CheckResult | None:
    if probe.codec in _KNOWN_CODECS:
        return None
    text = f"the codec {probe.codec} has not been tried with edgecv"
    return warning(where, text, "set the camera to H.264")


def _compressing(where: str, probe: StreamProbe) -> CheckResult | None:
    if probe.compressing_s == 0.0:
        return None
    text = (
        f"its pictures come uncompressed; to compress them takes the box {1e3 * probe.compressing_s:.0f} ms each, "
        f"{100 * probe.compressing_s * probe.fps:.0f} % of a core"
    )
    return warning(where, text, "nothing where the box has that to spare; a camera that sends H.264 needs none of it")
