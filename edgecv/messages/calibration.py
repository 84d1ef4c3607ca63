"""Why a calibration, or a picture for one, is refused."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT, number

NO_CAMERA = declare(
    "calibration.no_camera",
    "calibration: no camera position explains the points; check that they are on the facade",
)
POINTS_OFF = declare(
    "calibration.points_off",
    "calibration: the points are off by %(error)s px (at most %(most)s); "
    "point %(point)s at pixel (%(x)s, %(y)s) is off by %(worst)s px: click it again",
    error=number(".1f"),
    most=number("g"),
    point=COUNT,
    x=number("g"),
    y=number("g"),
    worst=number(".1f"),
)
BENT_LENS = declare(
    "calibration.bent_lens",
    "calibration: a straight lens leaves the points off by %(error)s px, and they fit one that bends the picture, as "
    "wide lenses do: mark %(needed)s points or more instead of %(count)s, out to the edges of the picture, so that it "
    "can be solved, or write its distortion into the calibration file",
    error=number(".1f"),
    count=COUNT,
    needed=COUNT,
)
WIDE_LENS = declare(
    "calibration.wide_lens",
    "calibration: by %(count)s points the lens would be %(angle)s degrees wide, and so wide a lens bends the picture: "
    "mark %(needed)s points or more, out to the edges of the picture, or write focal_px and its distortion into the "
    "calibration file",
    angle=number(".0f"),
    count=COUNT,
    needed=COUNT,
)
FISHEYE = declare(
    "calibration.fisheye",
    "calibration: the lens bends the picture as neither OpenCV's polynomial nor its fisheye model follows (a straight "
    "lens leaves the points off by %(error)s px): several points are clicked wrongly, or the camera joins or dewarps "
    "pictures: mark points again, or switch its panorama off",
    error=number(".1f"),
)
EDGE_ON = declare(
    "calibration.edge_on",
    "calibration: the camera sees the facade edge-on, at %(angle)s degrees; "
    "heights cannot be told apart from so flat: move the camera away from the wall, or check the points",
    angle=number(".0f"),
)
FOLDED = declare(
    "calibration.folded",
    "calibration: distortion = [%(numbers)s] folds the picture: %(share)s of its pixels have no ray of their own; "
    "check the numbers and their signs, OpenCV's [k1, k2, p1, p2, k3] at this picture size, or leave them out",
    numbers=TEXT,
    share=TEXT,
)
FEW_POINTS = declare(
    "calibration.few_points", "calibration: %(count)s points; at least 4 on the facade are needed", count=COUNT
)
FACADE_LINE = declare(
    "calibration.facade_line",
    "calibration: the points lie in a line on the facade; add points to the side of it",
)
PICTURE_LINE = declare(
    "calibration.picture_line",
    "calibration: the points lie in a line in the picture; add points to the side of it",
)
THREE_IN_LINE = declare(
    "calibration.three_in_line", "calibration: three of the four points lie in a line; move one of them"
)
FOUR_NEEDED = declare("calibration.four_needed", "four points or more are needed, better eight and wide apart")
ROWS_BEYOND = declare(
    "calibration.rows_beyond",
    "calibrate: the picture shows %(rows)s rows of windows; "
    "with the lowest on floor %(lowest)s they reach floor %(floor)s, but the facade has %(floors)s floors: "
    "correct --lowest-floor or the box's floors",
    rows=COUNT,
    lowest=COUNT,
    floor=COUNT,
    floors=COUNT,
)
NO_GRID = declare(
    "calibration.no_grid",
    "calibrate: the windows that were found do not lie on a regular grid; "
    "check floor heights in the box, or mark points by hand: edgecv calibrate points",
)
FEW_WINDOWS = declare(
    "calibration.few_windows",
    "calibrate: floors repeat in the picture, but too few windows stand out on them; "
    "mark points by hand instead: edgecv calibrate points",
)
NO_FLOORS = declare(
    "calibration.no_floors",
    "calibrate: no floors were found that repeat in the picture; mark points by hand instead: edgecv calibrate points",
)
NO_UPRIGHTS = declare(
    "calibration.no_uprights",
    "calibrate: no upright edges of a building were found in the picture; "
    "mark points by hand instead: edgecv calibrate points",
)
NO_LEVELS = declare(
    "calibration.no_levels",
    "calibrate: no level edges of a building were found in the picture; "
    "mark points by hand instead: edgecv calibrate points",
)
OF_POINT = declare("calibration.of_point", "point %(point)s: %(why)s", point=COUNT, why=MESSAGE)
NO_WINDOW = declare(
    "calibration.no_window",
    "window = %(window)s: the facade has no such window; known are %(known)s",
    window=TEXT,
    known=TEXT,
)
NO_FLOOR = declare(
    "calibration.no_floor",
    "%(key)s = %(floor)s: the facade has no such floor; its %(count)s floors are %(first)s to %(last)s",
    key=TEXT,
    floor=TEXT,
    count=COUNT,
    first=TEXT,
    last=TEXT,
)
SEARCHING = declare("calibration.searching", "another picture is being searched; try again in a few seconds")
BAD_WINDOWS = declare("calibration.bad_windows", "windows: each has a name, left and right")
WINDOWS = declare("calibration.windows", "windows: %(why)s", why=MESSAGE)

# masks
MANY_MASKS = declare("mask.many", "masks: a list of at most %(most)s", most=COUNT)
BAD_MASK = declare("mask.bad", "mask %(number)s: has a reason and a polygon of [x, y]", number=COUNT)
NO_REASON = declare(
    "mask.no_reason",
    "mask %(number)s: say why this part is not looked at, for whoever audits the box later",
    number=COUNT,
)

# pictures
LARGE_PICTURE = declare(
    "picture.large",
    "%(file)s: has %(size)s pixels; "
    "%(side)s a side and %(count)s million together are the most that is read: make it smaller",
    file=TEXT,
    size=TEXT,
    side=COUNT,
    count=number("g"),
)
NO_PICTURE = declare("picture.none", "%(file)s: is neither a JPEG nor a PNG that can be read", file=TEXT)
DAMAGED_PICTURE = declare("picture.damaged", "%(file)s: is damaged and cannot be read as a picture", file=TEXT)
