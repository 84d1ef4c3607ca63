"""How much of a recording could be judged, in plain English."""

from __future__ import annotations

from edgecv.incidents.summary_text import number
from edgecv.visibility.coverage import Coverage, Loss

POOR_SHARE = 0.8
"""Below this share of the time the reader is told before anything else: one fall in five would have gone unseen."""
_MOST_CAUSES = 3
_SHORTEST_TOLD_S = 0.1

_IN_FRAMES = {
    "learning": "the background was being learnt in {frames}",
    "shake": "the camera moved in {frames}",
    "light": "the light changed in {frames}",
    "covered": "the picture was covered in {frames}",
    "night": "the picture was too dark in {frames}",
    "moved": "the camera pointed elsewhere in {frames}",
    "frozen": "one picture was repeated for {seconds} s",
    "gap": "pictures are missing for {seconds} s",
    "not_read": "the last {seconds} s could not be read",
}
_IMPAIRED = {
    "rain": "rain, snow or leaves filled the picture",
    "web": "something close to the lens moved",
    "defocus": "the picture was blurred",
}


def coverage_sentence(coverage: Coverage, subject: str = "this recording") -> str:
    """One sentence: ``"6 % of this recording could be judged: the camera moved in 82 of 87 frames"``."""
    amount = f"{_share(coverage)} of {subject}"
    causes = [_cause(loss, coverage.frames) for loss in coverage.losses if _is_worth_a_word(loss, coverage)]
    reasons = "; ".join(causes[:_MOST_CAUSES])
    return f"{amount} could be judged" + (f": {reasons}" if reasons else "")


def impairment_sentences(coverage: Coverage, decode_errors: int = 0, left_out: int = 0) -> list[str]:
    """What else lessens the result, a sentence each: weather, masks, damage, more paths than could be judged."""
    sentences = [
        f"In {number(loss.seconds)} s of it {_IMPAIRED[loss.cause]}: small things may have gone unseen."
        for loss in coverage.impaired
    ]
    if coverage.masked_share >= 0.005:
        sentences.append(f"Masks exclude {100 * coverage.masked_share:.0f} % of the picture.")
    if left_out:
        paths = "1 path" if left_out == 1 else f"{left_out} paths"
        sentences.append(f"{paths} less unusual than others at that time had no verdict: too many came.")
    if decode_errors:
        sentences.append(f"{_counted(decode_errors)} could not be decoded.")
    return sentences


def is_poor(coverage: Coverage) -> bool:
    """Whether so little could be judged that the reader must know before anything else."""
    return coverage.share < POOR_SHARE


def _share(coverage: Coverage) -> str:
    share = coverage.share
    if coverage.judged_frames == 0 or share <= 0.0:
        return "Nothing"
    if not coverage.losses:
        return "All"
    return "Less than 1 %" if share < 0.01 else f"{min(99.0, 100.0 * share):.0f} %"


def _is_worth_a_word(loss: Loss, coverage: Coverage) -> bool:
    return loss.seconds >= _SHORTEST_TOLD_S or loss.frames * 100 >= coverage.frames


def _cause(loss: Loss, frames: int) -> str:
    return _IN_FRAMES[loss.cause].format(frames=f"{loss.frames} of {frames} frames", seconds=number(loss.seconds))


def _counted(errors: int) -> str:
    return "1 frame or packet" if errors == 1 else f"{errors} frames or packets"
