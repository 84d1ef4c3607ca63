"""The sentences of records, devices and checks in the reader's language.

A box writes English. Its sentences come from few templates; those stand here as gettext knows them, are recognised
again, and what they say is put into the translation. A sentence that is not known stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from edgecv.console.web.texts import N_, Text

SENTENCES = (
    # edgecv.trajectory.impact: hazard
    N_("can kill (79 J or more: a hazardous fragment by DESR 6055.09)"),
    N_("can injure severely (34 J or more: beyond category 3 of 14 CFR 107.130)"),
    N_("can injure (15 J or more: beyond category 2 of 14 CFR 107.120)"),
    N_("hardly injures by its blow (below 15 J: category 2 of 14 CFR 107.120), but may cut or burn"),
    N_("that it can kill is not excluded"),
    # edgecv.trajectory.origin, edgecv.incidents.build: why no floor, or no window, is named
    N_("no calibration: the floor cannot be known from pixels alone"),
    N_("the camera has no facade: floors and windows are not known"),
    N_("the path, carried back, does not meet the facade"),
    N_(
        "the path is explained badly (reduced chi-squared %(chi2)s, at most %(most)s): no floor is named",
    ),
    N_("no window holds half of the probability"),
    N_("it came from the roof, or from above it"),
    N_("the path, carried back, misses every floor"),
    N_("it came from above the picture: floor %(floor)s or higher"),
    N_("floor %(floor)s or the roof"),
    N_("floor %(floor)s or higher"),
    N_("no floor holds half of the probability"),
    N_("no floor holds half of the probability, floors %(first)s to %(last)s are likely"),
    N_("no floor holds half of the probability, floor %(floor)s is likeliest"),
    N_("the object was first seen at the picture's upper edge: it came from above"),
    N_("the path is too short or too slow for drag to show: no class holds 0.6"),
    N_(
        "size, density and drag of everyday things that fall as fast and look as large",
    ),
    N_("air of 1.2 kg/m3"),
    # edgecv.trajectory.things
    N_("cigarette end"),
    N_("paper"),
    N_("plastic bag"),
    N_("empty bottle, can or cup"),
    N_("clothing"),
    N_("shoe"),
    N_("box of food"),
    N_("bag of rubbish"),
    N_("fruit"),
    N_("egg"),
    N_("battery"),
    N_("full bottle or can"),
    N_("piece of glass"),
    N_("stone or piece of masonry"),
    N_("brick"),
    N_("flower pot"),
    N_("metal part or tool"),
    N_("something else"),
    # edgecv.daemon: how devices are
    N_("all is well"),
    N_("starting"),
    N_("watching"),
    N_("the recorded file is over"),
    N_("no longer in the box file"),
    N_("%(source)s: gives no answer"),
    N_("%(source)s: sent nothing for %(time)s s"),
    N_("%(source)s: the camera ended the stream"),
    N_("%(source)s: broke off (%(why)s)"),
    N_("%(source)s: sends no video that can be decoded"),
    N_("check the stream's path"),
    N_("the disk takes no records (%(why)s)"),
    N_("they are kept in memory"),
    N_("the disk is full (%(free)s MB free): evidence may be cut down, records are kept"),
    # edgecv.watch.words
    N_("the picture shows another scene than before"),
    N_("look where the camera points and what is before it"),
    N_("most of the picture has lost its detail"),
    N_("the lens is covered, in dense fog, or its lamp failed"),
    N_("the picture is blurred"),
    N_("check the focus and clean the glass"),
    N_("no new picture has come"),
    N_("the camera repeats the last one, restart it"),
    N_("the picture is dark and shows nothing"),
    N_("check the infrared lamp"),
    N_("the camera has turned since its reference picture"),
    N_("point it back or calibrate it again"),
    N_("point it back or calibrate it again (by %(shift)s)"),
    N_("the picture shows the usual scene again"),
    N_("the picture shows its detail again"),
    N_("the picture is sharp again"),
    N_("new pictures come again"),
    N_("the picture shows something again"),
    N_("the camera points where it did at its reference picture"),
    # edgecv.incidents.verify and manifest, without the folder's path
    N_("%(file)s: has been changed"),
    N_("%(file)s: is missing"),
    N_("%(file)s: was not there when the evidence was written"),
    N_("%(file)s: is not a manifest"),
    N_("%(file)s: was signed with key %(key)s, not with %(known)s, the one given"),
    N_("%(file)s: is not the signature of %(other)s by key %(key)s"),
    N_("%(file)s: names a clip that is not the one in the folder"),
    N_("no key was given, so nobody knows who sealed it"),
    N_("is not sealed: no box has signed it, and anybody could have written it"),
    N_("the evidence was deleted on %(time)s: %(why)s"),
    N_("older than %(days)s days"),
    N_("the disk was %(share)s full"),
    N_("the replayed clip shows no incident at the record's time"),
    N_("recorded by edgecv %(version)s, replayed by %(other)s"),
    N_("the replay took too long and was ended"),
    N_("the replay failed: the files are damaged, or need more memory than it may have"),
    N_("the replay failed; the log has more"),
    N_("the replay cannot be started; the log has more"),
    # edgecv.handlers: alarms and what devices say of themselves
    N_("%(name)s has sent nothing for %(time)s min"),
    N_("%(name)s is heard again"),
    N_("the clock of %(name)s is %(time)s s ahead"),
    N_("the clock of %(name)s is %(time)s s behind"),
    N_("its times are corrected"),
    N_("%(name)s was moved"),
    N_("%(name)s was moved in the planned work of %(by)s"),
    N_("%(name)s was left open after the planned work of %(by)s"),
    N_("%(name)s is in its place again"),
    N_("%(name)s was stolen: %(why)s"),
    N_("open, then silent"),
    N_("carried away"),
    N_("%(name)s was struck"),
    N_("%(name)s has a broken loop"),
    N_("%(name)s has a sensor that fails"),
    N_("%(name)s: %(value)s cm of water"),
    N_("%(name)s: %(value)s %% of the explosive limit"),
    N_("%(name)s: %(value)s %% of the battery left"),
    N_("%(name)s: %(value)s V of the battery"),
    N_("maintenance of %(name)s has ended"),
    N_("%(by)s works on %(name)s"),
    N_("%(name)s: its sensor says %(value)s, which cannot be"),
    N_("%(name)s: %(value)s °C, %(rule)s (%(why)s)"),
    N_("%(name)s: %(value)s %% humidity, %(rule)s (%(why)s)"),
    N_("%(name)s: %(value)s %% grease, %(rule)s (%(why)s)"),
    N_("%(name)s: %(value)s µg/m³ of particles, %(rule)s (%(why)s)"),
    N_("%(name)s: %(rule)s is %(value)s (%(why)s)"),
    N_("above %(value)s for %(time)s min"),
    N_("above %(value)s for %(time)s s"),
    N_("above %(value)s"),
    N_("below %(value)s for %(time)s min"),
    N_("below %(value)s for %(time)s s"),
    N_("below %(value)s"),
    N_("%(name)s: something small ran over the floor, seen %(count)s times"),
    N_("%(name)s: something small ran over the floor in closed hours"),
    # edgecv.geometry.solve, edgecv.calibration and the console's own: why a calibration is refused
    N_("calibration: no camera position explains the points"),
    N_("check that they are on the facade"),
    N_("calibration: the points are off by %(error)s px (at most %(most)s)"),
    N_("point %(point)s at pixel (%(x)s, %(y)s) is off by %(error)s px: click it again"),
    N_("calibration: the camera sees the facade edge-on, at %(angle)s degrees"),
    N_("heights cannot be told apart from so flat: move the camera away from the wall, or check the points"),
    N_("calibration: %(count)s points"),
    N_("at least 4 on the facade are needed"),
    N_("calibration: the points lie in a line on the facade"),
    N_("calibration: the points lie in a line in the picture"),
    N_("add points to the side of it"),
    N_("calibration: three of the four points lie in a line"),
    N_("move one of them"),
    N_("four points or more are needed, better eight and wide apart"),
    N_("calibrate: the picture shows %(rows)s rows of windows"),
    N_(
        "with the lowest on floor %(lowest)s they reach floor %(floor)s, but the facade has %(floors)s floors: "
        "correct --lowest-floor or the box's floors"
    ),
    N_("calibrate: the windows that were found do not lie on a regular grid"),
    N_("check floor heights in the box, or mark points by hand: edgecv calibrate points"),
    N_("calibrate: floors repeat in the picture, but too few windows stand out on them"),
    N_("mark points by hand instead: edgecv calibrate points"),
    N_("calibrate: no floors were found that repeat in the picture"),
    N_("calibrate: no upright edges of a building were found in the picture"),
    N_("calibrate: no level edges of a building were found in the picture"),
    N_("point %(point)s: window = %(window)s: the facade has no such window"),
    N_("known are %(known)s"),
    N_("point %(point)s: floor = %(floor)s: the facade has no such floor"),
    N_("lowest floor = %(floor)s: the facade has no such floor"),
    N_("its %(count)s floors are %(first)s to %(last)s"),
    N_("another picture is being searched"),
    N_("try again in a few seconds"),
    N_("windows: each has a name, left and right"),
    N_("windows: %(why)s"),
    N_("masks: a list of at most %(most)s"),
    N_("mask %(number)s: has a reason and a polygon of [x, y]"),
    N_("mask %(number)s: say why this part is not looked at, for whoever audits the box later"),
    # edgecv.console's own
    N_("clip and pictures"),
    N_("blurred page"),
    N_("untouched page"),
    N_("%(file)s: the daemon has not made it yet"),
    # edgecv.untrusted and the console's own: why a record cannot be shown
    N_("it does not have the form of an incident"),
    N_("it is not an object"),
    N_("it is not JSON that can be read"),
    N_("it nests too deep"),
    N_("it nests more than %(count)s deep"),
    N_("it has more than %(count)s values"),
    N_("an integer is beyond %(most)s"),
    N_("a number is not finite"),
    N_("a text has more than %(count)s characters"),
    N_("a text holds a NUL character"),
    N_("a text holds half a surrogate pair"),
    # edgecv.incidents.database
    N_("%(file)s: was written by an older edgecv (schema %(found)s, needed is %(needed)s)"),
    N_("start 'edgecv run' once, which brings it up to date"),
)
PLOT_TEXTS = (
    N_("height above the ground (m)"),
    N_("height above the last sighting (m, rough)"),
    N_("nothing to plot"),
    N_("time (s)"),
    N_("seen"),
    N_("fitted fall"),
    N_("gravity alone"),
    N_("90 % band"),
    N_("%s over time"),
    N_("%d sightings from %s s on, with the fitted fall"),
    N_(" and, dashed, a fall under gravity alone"),
)
"""What :mod:`edgecv.incidents.plot` writes, and the axes given to it."""
_PLOT = {str(text): text for text in PLOT_TEXTS}
_HOLE = re.compile(r"%\(\w+\)s")
SHOWN_CHARS = 1000
"""Of one text of a record: three times the longest that a box writes."""
_HOLE_CHARS = 200


def told(text: object, translate: Callable[[Text], str]) -> str:
    """A text of a record in another language, sentence by sentence; of a long one the beginning.

    The work grows with the length of the text and not faster.

    Args:
        text: English, as a box wrote it; sentences are parted by semicolons.
        translate: gettext of the language.
    """
    if not isinstance(text, str):
        return ""
    shown = text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
    parts = [_one(part, translate) for part in shown.split("; ")]
    chinese = any(ord(c) > 0x2E80 for c in "".join(parts))
    return ("；" if chinese else "; ").join(parts)


def plot_words(text: str, translate: Callable[[Text], str]) -> str:
    """A text of the plot in another language; one that is not known stays as it is."""
    return translate(_PLOT[text]) if text in _PLOT else text


def _one(sentence: str, translate: Callable[[Text], str]) -> str:
    plain = _plain().get(sentence)
    if plain is not None:
        return translate(plain)
    for template in _templates():
        values = template.read(sentence)
        if values is not None:
            filled = {name: _one(value, translate) if name == "why" else value for name, value in values.items()}
            return translate(template.text) % filled
    return sentence


@dataclass(frozen=True, slots=True)
class _Template:
    """A sentence with holes: ``fixed`` stands before, between and after the holes called ``names``."""

    text: Text
    fixed: tuple[str, ...]
    names: tuple[str, ...]

    def read(self, sentence: str) -> dict[str, str] | None:
        """What stands in the holes, 1 to 200 characters each; None where it is another sentence.

        Each fixed part is taken where it first occurs: with holes that hold anything, no later place can do better, so
        nothing is tried twice.
        """
        first, *between, last = self.fixed
        at, end = len(first), len(sentence) - len(last)
        if not sentence.startswith(first) or not sentence.endswith(last):
            return None
        values = []
        for part in between:
            found = sentence.find(part, at + 1, end)
            if found < 0:
                return None
            values.append(sentence[at:found])
            at = found + len(part)
        values.append(sentence[at : max(at, end)])
        if not all(1 <= len(value) <= _HOLE_CHARS for value in values):
            return None
        return dict(zip(self.names, values, strict=True))


@cache
def _plain() -> dict[str, Text]:
    return {str(sentence): sentence for sentence in SENTENCES if not _HOLE.search(sentence)}


@cache
def _templates() -> tuple[_Template, ...]:
    """The longest fixed text first: the more is known of a sentence, the surer it is that one."""
    made = []
    for text in SENTENCES:
        names = tuple(hole[2:-2] for hole in _HOLE.findall(text))
        if names:
            made.append(_Template(text, tuple(_HOLE.split(text.replace("%%", "%"))), names))
    made.sort(key=lambda template: -sum(map(len, template.fixed)))
    return tuple(made)
