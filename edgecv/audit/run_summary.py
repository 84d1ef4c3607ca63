"""The summary of one run for programs: ``run.json`` beside ``incidents.jsonl``."""

from __future__ import annotations

import json

from edgecv._version import __version__
from edgecv.audit.coverage_text import coverage_sentence
from edgecv.audit.run_report import Report, VideoSection
from edgecv.visibility.coverage import Coverage, Loss

RUN_SUMMARY = "run.json"
_FORM = 1


def run_summary(report: Report, problems: list[str]) -> str:
    """Write the summary as JSON; the same run gives the same bytes.

    Args:
        report: what was read and what came out.
        problems: one line for each video that could not be read, or not to its end.
    """
    summary = {
        "form": _FORM,
        "software": {"version": __version__},
        "incidents": len(report.incidents),
        "candidates": len(report.candidates),
        "problems": problems,
        "coverage": _coverage(report.coverage),
        "videos": [_video(video) for video in report.videos],
    }
    return json.dumps(summary, ensure_ascii=False, indent=1) + "\n"


def _video(video: VideoSection) -> dict[str, object]:
    return {
        "source": video.path,
        "sha256": video.sha256,
        "codec": video.codec,
        "size_px": [video.width, video.height],
        "fps": video.fps,
        "duration_s": round(video.duration_s, 3),
        "repeated_frames": video.repeated_frames,
        "decode_errors": video.decode_errors,
        "ended_early": video.ended_early,
        "tracks": video.tracks,
        "falls": video.falls,
        "paths_left_out": video.left_out,
        "coverage": _coverage(video.coverage),
    }


def _coverage(coverage: Coverage) -> dict[str, object]:
    return {
        "judged_share": round(coverage.share, 4),
        "judged_s": round(coverage.judged_s, 3),
        "duration_s": round(coverage.duration_s, 3),
        "judged_frames": coverage.judged_frames,
        "frames": coverage.frames,
        "lost": [_loss(loss) for loss in coverage.losses],
        "impaired": [_loss(loss) for loss in coverage.impaired],
        "masked_share": round(coverage.masked_share, 4),
        "text": coverage_sentence(coverage),
    }


def _loss(loss: Loss) -> dict[str, object]:
    return {"cause": loss.cause, "seconds": loss.seconds, "frames": loss.frames}
