"""The report of one run: a single HTML file that needs no network, no script and no reader's patience."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from edgecv.audit.coverage_text import coverage_sentence, impairment_sentences, is_poor
from edgecv.incidents.record import Clock, Incident, Interval, PhotometryRecord
from edgecv.incidents.summary_text import headline, interval_in_words, mass_in_words, number, origin_in_words, percent
from edgecv.visibility.coverage import Coverage

_WINDOWS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class VideoSection:
    """One video that was read.

    Attributes:
        path: as it was given.
        sha256: of the file, hexadecimal.
        codec: its name.
        width: of the upright picture, pixels.
        height: of the upright picture, pixels.
        fps: frames per second of the source, None where it has no steady rate.
        duration_s: media time from the first to the last frame.
        frames: decoded frames.
        repeated_frames: frames that only repeat the one before.
        decode_errors: frames or packets that could not be decoded.
        ended_early: why reading stopped before the end, None where it did not.
        tracks: paths that were followed.
        falls: paths that gravity may explain.
        coverage: how much of it could be judged.
        left_out: paths that had no verdict, because more promising ones took the time.
    """

    path: str
    sha256: str
    codec: str
    width: int
    height: int
    fps: float | None
    duration_s: float
    frames: int
    repeated_frames: int
    decode_errors: int
    ended_early: str | None
    tracks: int
    falls: int
    coverage: Coverage
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class IncidentSection:
    """One incident and its evidence.

    Attributes:
        incident: the record.
        still_jpg: the annotated frame, JPEG bytes; empty for none.
        strobe_jpg: the stroboscopic picture, JPEG bytes; empty for none.
        plot_svg: height over time as written by ``height_time_plot``, trusted as it is; empty for none.
        files: name and SHA-256 of each file in the incident's folder.
        light_svg: light over background as written by ``flux_plot``, trusted as it is; empty for none.
        partner_jpgs: the annotated frames of further cameras that saw it, JPEG bytes; empty ones for none.
    """

    incident: Incident
    still_jpg: bytes
    strobe_jpg: bytes
    plot_svg: str
    files: tuple[tuple[str, str], ...]
    light_svg: str = ""
    partner_jpgs: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run read and found; ``settings`` and ``versions`` are names and values."""

    videos: tuple[VideoSection, ...]
    incidents: tuple[IncidentSection, ...]
    candidates: tuple[Incident, ...]
    settings: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]

    @property
    def coverage(self) -> Coverage:
        """How much of all videos together could be judged."""
        return Coverage.of_all([video.coverage for video in self.videos])


def render_report(report: Report) -> str:
    """Write the report as one HTML page; the same report gives the same bytes."""
    environment = Environment(
        loader=PackageLoader("edgecv.audit"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, percent=percent, data_uri=_data_uri, trusted=Markup, link=_link)
    environment.globals.update(
        headline=headline, origin_in_words=origin_in_words, mass_in_words=mass_in_words, rows=_rows, windows=_windows
    )
    environment.globals.update(
        coverage_sentence=coverage_sentence, impairment_sentences=impairment_sentences, is_poor=is_poor
    )
    return environment.get_template("report.html.j2").render(report=report, summary=_summary(report)) + "\n"


def _summary(report: Report) -> str:
    seconds = sum(v.duration_s for v in report.videos)
    read = f"{_counted(len(report.videos), 'video', 'was', 'were')} read ({number(seconds)} s)"
    falls, doubted = len(report.incidents), len(report.candidates)
    incidents_text = f"{_counted(falls, 'incident', 'was', 'were')} found" if falls else "no incident was found"
    candidates_text = f"; {_counted(doubted, 'candidate', 'is', 'are')} too uncertain to act on" if doubted else ""
    troubled = sum(1 for v in report.videos if v.decode_errors or v.ended_early)
    warning = f" {_counted(troubled, 'video', 'was', 'were')} not read in full: see what was read." if troubled else ""
    return f"{read}: {incidents_text}{candidates_text}.{warning}"


def _counted(n: int, noun: str, singular: str, plural: str) -> str:
    return f"{n} {noun} {singular}" if n == 1 else f"{n} {noun}s {plural}"


def _rows(incident: Incident) -> list[tuple[str, str]]:
    """The numbers of an incident with units and 90 % intervals; a null says why it is one."""
    motion, mass, fit, origin = incident.motion, incident.mass, incident.fit, incident.origin
    unscaled = "unknown: gravity alone could not give the scale"
    velocity = motion.launch_velocity_mps
    gravity = f"{number(fit.gravity_px_s2)} px/s² (±{number(1.645 * fit.gravity_sd_px_s2, 2)})"
    if fit.gravity_mps2 is not None:
        gravity += f", {number(fit.gravity_mps2)} m/s² with the scale given"
    reason = mass.reason or "no reason was recorded"
    return [
        ("Verdict", f"{incident.verdict.label.replace('_', ' ')} ({percent(incident.verdict.p)})"),
        ("Seen", f"{len(incident.track)} times in {number(motion.duration_s)} s"),
        *_views(incident),
        ("In the video", f"{number(incident.media.start_s, 5)} s to {number(incident.media.end_s, 5)} s"),
        ("Started", f"{incident.started_at} ({_CLOCKS[incident.media.clock]})"),
        ("Came from", origin_in_words(origin)),
        ("Place on the facade", _place(incident)),
        ("Left the building", _release(incident)),
        ("Launch velocity", _velocity(velocity) if velocity else unscaled),
        ("Impact speed", unscaled if motion.impact_speed_mps is None else _impact(incident)),
        ("Weight class", mass.class_ + _class_chances(mass.p)),
        ("Terminal velocity", interval_in_words(mass.terminal_velocity, "m/s") or f"unknown: {reason}"),
        ("Mass", interval_in_words(mass.kg, "kg") or f"unknown: {reason}"),
        ("Size", interval_in_words(mass.diameter_m, "m across") or f"unknown: {reason}"),
        *_area(mass.photometry),
        ("May be", ", ".join(f"{t.name} {percent(t.p)}" for t in mass.things) or f"unknown: {reason}"),
        ("Impact energy", interval_in_words(mass.impact_energy_j, "J") or f"unknown: {reason}"),
        ("Hazard", mass.hazard or f"unknown: {reason}"),
        ("Apparent gravity", gravity),
        ("Fit", f"reduced χ² {number(fit.chi2_reduced)} over {fit.points} sightings"),
        (
            "Evidence for a fall",
            f"log-likelihood ratio {number(fit.log_likelihood_ratio)} against the best other cause",
        ),
    ]


_CLOCKS: dict[Clock, str] = {
    "option": "time given by the user",
    "container": "time from the video's header",
    "file_mtime": "time from the file's date",
    "rtcp": "time from the camera",
    "box": "time from the box's clock",
}


def _views(incident: Incident) -> list[tuple[str, str]]:
    """Which cameras saw it, where several did."""
    joint = incident.joint
    if joint is None:
        return []
    first = joint.views[0]
    others = [
        f"{view.device}, whose clock is {view.clock_s:+.3f} s behind (±{1.645 * view.clock_sd_s:.3f} s)"
        for view in joint.views[1:]
    ]
    devices = f"{first.device} and {'; '.join(others)}"
    return [
        ("Seen by", f"{devices}; lines of sight {joint.angle_deg:.0f}° apart"),
        ("One fall", f"{joint.log_likelihood_ratio:.1f} log units likelier than a fall for each camera"),
    ]


def _velocity(mps: tuple[float, float, float]) -> str:
    right, up, out = (number(abs(v)) for v in mps)
    return (
        f"{right} m/s {'right' if mps[0] >= 0 else 'left'}, {up} m/s {'up' if mps[1] >= 0 else 'down'}, "
        f"{out} m/s {'outwards' if mps[2] >= 0 else 'inwards'}"
    )


def _release(incident: Incident) -> str:
    motion = incident.motion
    manner = motion.release or "how is not clear"
    speed = interval_in_words(motion.launch_speed_mps, "m/s")
    return f"{manner}, at {speed}" if speed else manner


def _impact(incident: Incident) -> str:
    motion = incident.motion
    place = (
        "at the last sighting" if motion.impact_height_m is None else f"{number(motion.impact_height_m)} m above ground"
    )
    return f"{number(motion.impact_speed_mps or 0.0)} m/s, {place}"


def _area(light: PhotometryRecord | None) -> list[tuple[str, str]]:
    """The area that the light tells; no row for who was not weighed by it."""
    if light is None:
        return []
    area = light.area_m2
    scaled = Interval(median=1e4 * area.median, low=1e4 * area.low, high=1e4 * area.high)
    return [("Area by its light", interval_in_words(scaled, "cm²") or "")]


def _place(incident: Incident) -> str:
    origin = incident.origin
    if origin.x_m is None or origin.y_m is None:
        return f"unknown: {origin.reason or 'no reason was recorded'}"
    if origin.sd_m is None:
        return f"{number(origin.x_m)} m along, {number(origin.y_m)} m up"
    along, up = (number(1.645 * sd, 2) for sd in origin.sd_m)
    return f"{number(origin.x_m)} m (±{along}) along, {number(origin.y_m)} m (±{up}) up"


def _class_chances(p: dict[str, float]) -> str:
    chances = ", ".join(
        f"{name} {percent(p[name])}".replace(" ", "\u00a0") for name in ("light", "medium", "heavy") if name in p
    )
    return f" ({chances})" if chances else ""


def _windows(incident: Incident) -> list[tuple[str, float]]:
    """The likeliest windows, most likely first, with the rest in one last row."""
    ordered = sorted(incident.origin.candidates, key=lambda c: (-c.p, c.floor, c.window or ""))
    rows = [
        (f"floor {c.floor_name or c.floor}, {f'window {c.window}' if c.window else 'no window'}", c.p)
        for c in ordered[:_WINDOWS_SHOWN]
    ]
    rest = sum(c.p for c in ordered[_WINDOWS_SHOWN:])
    return [*rows, (f"{len(ordered) - _WINDOWS_SHOWN} others", rest)] if rest > 0 else rows


def _data_uri(jpg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpg).decode("ascii")


def _link(name: str) -> str:
    """A relative address: quoted, and never read as a scheme."""
    return "./" + quote(name, safe="/")
