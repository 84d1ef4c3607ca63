from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edgecv.evidence.canvas import ascii_of, dashes, spaced, text_mask, unit_of, wrap
from edgecv.evidence.still_picture import origin_label, still_picture
from edgecv.incidents.record import Origin, OriginCandidate, TrackPointRecord

SIZES = [(48, 48), (480, 640), (640, 368), (2160, 3840)]


def wall(height: int, width: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(5)
    return rng.integers(90, 110, (height, width, 3), dtype=np.uint8)


def fall(height: int, width: int, size_px: float = 6.0) -> list[TrackPointRecord]:
    """A thing falling down the middle of the picture."""
    return [
        TrackPointRecord(t=0.05 * n, x=0.5 * width, y=height * (0.25 + 0.6 * (n / 20) ** 2), w=size_px, h=size_px)
        for n in range(21)
    ]


def unknown(track: list[TrackPointRecord]) -> Origin:
    return Origin(pixel=(track[0].x, track[0].y), reason="no calibration")


def changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((before != after).any(axis=2))


@pytest.mark.parametrize("size", SIZES)
def test_every_size_of_picture_is_drawn_on_and_keeps_its_shape(size: tuple[int, int]) -> None:
    frame, track = wall(*size), fall(*size)
    before = frame.copy()
    picture = still_picture(frame, track, None, unknown(track), caption="Something heavy fell")
    assert picture.shape == frame.shape and picture.dtype == np.uint8
    assert np.array_equal(frame, before), "the frame itself is evidence and stays as it was"
    assert changed(frame, picture).any()


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (300, 5), (49, 51)])
def test_a_picture_with_no_room_for_words_or_inset_still_comes_out(size: tuple[int, int]) -> None:
    frame, origin = wall(*size), Origin(pixel=(1e7, -1e7), reason="r " * 200)
    assert still_picture(frame, fall(480, 640), None, origin, caption="c " * 200).shape == frame.shape


@pytest.mark.parametrize("size", SIZES[1:])
def test_the_object_is_never_painted_over(size: tuple[int, int]) -> None:
    frame, step = wall(*size), 40 * unit_of(wall(*size))
    track = [TrackPointRecord(t=n / 25, x=size[1] / 2, y=0.3 * size[0] + step * n, w=6, h=6) for n in range(7)]
    curve = np.array([(p.x, p.y) for p in track])
    drawn = changed(frame, still_picture(frame, track, curve, Origin(), caption="Something heavy fell from floor 14"))
    for point in track:
        x, y = round(point.x), round(point.y)
        assert not drawn[y - 3 : y + 4, x - 3 : x + 4].any(), "its 6 x 6 pixels are as recorded"
        assert drawn[y - 40 : y + 40, x - 40 : x + 40].any(), "and there is a mark around them"


@pytest.mark.parametrize("at", [(0.12, 0.12), (0.88, 0.12), (0.5, 0.5), (0.5, 0.9)])
def test_the_inset_never_hides_the_path(at: tuple[float, float]) -> None:
    frame = wall(480, 640)
    x0, y0 = at[0] * 640, at[1] * 480
    track = [TrackPointRecord(t=n / 30, x=x0 + (320 - x0) * n / 30, y=y0 + 1.5 * n, w=5, h=5) for n in range(31)]
    with_inset = still_picture(frame, track, None, unknown(track))
    mark = with_inset[round(track[-1].y) - 12 : round(track[-1].y) + 12, 308:332]
    yellow = (mark[..., 0] < 60) & (mark[..., 1] > 150) & (mark[..., 2] > 200)
    assert yellow.sum() > 10, "the last sighting's ring is still to be seen"


def test_the_inset_shows_the_origin_four_times_enlarged() -> None:
    frame = np.full((480, 640, 3), 100, np.uint8)
    frame[118:122, 318:322] = (0, 255, 0)  # a green thing in the window, 4 x 4 pixels
    track = [TrackPointRecord(t=n / 30, x=322.0, y=150.0 + n * n / 4, w=4, h=4) for n in range(30)]
    picture = still_picture(frame, track, None, Origin(pixel=(320.0, 120.0)))
    green = (picture[..., 1] > 180) & (picture[..., 0] < 80) & (picture[..., 2] < 80)
    green[100:140, 300:340] = False
    assert green.sum() == pytest.approx(16 * 16, abs=40), "16 x 16 pixels of it, somewhere else in the picture"


def test_a_path_through_every_corner_leaves_the_inset_out() -> None:
    frame = wall(480, 640)
    corners = [(40, 40), (600, 40), (600, 440), (40, 440), (40, 60)]
    track = [TrackPointRecord(t=0.1 * n, x=x, y=y, w=4, h=4) for n, (x, y) in enumerate(corners)]
    path = np.array(corners, np.float64)
    drawn = changed(frame, still_picture(frame, track, path, Origin(pixel=(40.0, 40.0))))
    for rows in (slice(70, 150), slice(330, 410)):
        for columns in (slice(70, 150), slice(490, 570)):
            assert drawn[rows, columns].mean() < 0.25, "beside the path the corner is as recorded"


def test_floor_and_window_of_the_origin_are_tinted() -> None:
    frame, track = wall(480, 640), fall(480, 640)
    origin = Origin(floor=14, window="07", pixel=(320.0, 115.0))
    feet = [((150.0, 140.0), (500.0, 140.0), "14"), ((150.0, 100.0), (500.0, 100.0), "15")]
    outline = np.array([(300.0, 135.0), (340.0, 135.0), (340.0, 105.0), (300.0, 105.0)])
    drawn = changed(frame, still_picture(frame, track, None, origin, floor_lines=feet, window_outline=outline))
    assert drawn[120:130, 200:260].all(), "the floor's band"
    assert not drawn[150:160, 200:260].any(), "not the floor below"


def test_an_origin_outside_the_picture_is_pointed_at_from_its_edge() -> None:
    frame, track = wall(480, 640), fall(480, 640)
    drawn = changed(frame, still_picture(frame, track, None, Origin(floor=20, pixel=(320.0, -80.0))))
    assert drawn[:20, 300:340].any()


def test_no_sightings_and_no_origin_leave_the_frame_as_it_was() -> None:
    frame = wall(480, 640)
    assert np.array_equal(still_picture(frame, [], None, Origin()), frame)


def test_the_label_names_floor_window_and_probability() -> None:
    origin = Origin(floor=14, window="07", candidates=(OriginCandidate(floor=14, window="07", p=0.91),))
    assert origin_label(origin) == "floor 14, window 07, p 0.91"


def test_the_label_of_a_bare_floor_sums_its_windows() -> None:
    windows = tuple(OriginCandidate(floor=3, window=name, p=0.25) for name in ("01", "02", "03"))
    assert origin_label(Origin(floor=3, candidates=windows)) == "floor 3, p 0.75"


def test_a_window_that_ascii_cannot_spell_is_counted_from_the_left() -> None:
    assert origin_label(Origin(floor=3, window="东", window_index=6)) == "floor 3, window no. 7"


def test_an_unknown_floor_says_why() -> None:
    assert origin_label(Origin(reason="no calibration")) == "origin pixel; floor unknown: no calibration"


def test_names_are_written_with_the_letters_every_font_has() -> None:
    assert ascii_of("Café 北") == "Cafe ?"


def test_long_captions_are_broken_and_then_cut() -> None:
    assert wrap("one two three", 7, 2) == ["one two", "three"]
    (cut,) = wrap("one two three", 7, 1)
    assert cut.startswith("one") and cut.endswith("..") and len(cut) <= 7
    assert all(len(line) <= 10 for line in wrap("x" * 50 + " y", 10, 3))


@pytest.mark.parametrize("height_px", [11, 16, 45])
def test_letters_have_the_height_asked_for(height_px: int) -> None:
    assert text_mask(["H"], height_px).shape[0] == pytest.approx(height_px, abs=max(2, 0.2 * height_px))


def test_dashes_cover_their_share_of_the_line() -> None:
    cut = list(dashes(np.array([(0.0, 0.0), (100.0, 0.0)]), 6.0, 4.0))
    assert sum(b[0] - a[0] for a, b in cut) == pytest.approx(60.0)


def test_crowded_sightings_are_thinned_but_the_first_stays() -> None:
    centres = np.stack([np.zeros(100), np.arange(100.0)], axis=1)
    kept = spaced(centres, 10.0)
    assert kept[0].tolist() == [0.0, 0.0]
    assert np.diff(kept[:, 1]).min() >= 10.0


def test_the_sighting_in_the_frame_itself_has_a_ring_of_its_own() -> None:
    frame = wall(480, 640)
    track = [TrackPointRecord(t=n / 25, x=320, y=100 + 7.0 * n, w=6, h=6) for n in range(40)]
    for shown in (13, 14, 15):
        drawn = changed(frame, still_picture(frame, track, None, Origin(), frame_s=track[shown].t))
        y = round(track[shown].y)
        assert not drawn[y - 3 : y + 4, 317:324].any()


def test_a_caption_beside_a_path_from_edge_to_edge_goes_into_a_corner() -> None:
    frame = wall(480, 640)
    track = [TrackPointRecord(t=n / 25, x=320, y=4 + 40.0 * n, w=6, h=6) for n in range(12)]
    plain = still_picture(frame, track, None, Origin())
    captioned = still_picture(frame, track, None, Origin(), caption="Something heavy fell from floor 14, window 07")
    written = changed(plain, captioned)
    assert written.any()
    assert not written[:, 305:335].any(), "not over the path"
