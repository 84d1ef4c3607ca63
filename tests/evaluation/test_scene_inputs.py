from __future__ import annotations

from pathlib import Path

from edgecv.errors import InputError
from edgecv.evaluation.parallel import run_jobs
from edgecv.evaluation.scene_inputs import collect


def test_folders_are_searched_and_box_files_are_no_scenes(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("b.MP4", "in/a.avi", "a.box.yaml", "a.calibration.yaml", "s.yaml", "b.yaml", "b.mp4", "notes.txt"):
        (tmp_path / name).touch()
    found = collect([tmp_path])
    assert [p.name for p in found.videos] == ["b.MP4", "b.mp4", "a.avi"]
    assert [p.name for p in found.scenes] == ["s.yaml"]  # b.yaml is rendered: b.mp4 lies beside it
    assert found.problems == ()


def test_what_is_named_twice_is_taken_once_and_what_is_missing_is_told(tmp_path: Path) -> None:
    video = tmp_path / "camera.dav"
    video.touch()
    (tmp_path / "empty").mkdir()
    found = collect([video, video, tmp_path / "gone.mp4", tmp_path / "empty"])
    assert found.videos == (video,)
    assert [p.split(": ", 1) for p in found.problems] == [
        [str(tmp_path / "gone.mp4"), "does not exist; check the path"],
        [str(tmp_path / "empty"), "holds no video and no scene; name a folder that does"],
    ]


def work(job: int) -> int:
    if job == 1:
        raise InputError("job 1: is broken")
    if job == 2:
        raise ZeroDivisionError("two")
    return 10 * job


def test_a_job_that_fails_does_not_stop_the_others() -> None:
    for processes in (1, 2):
        done: list[int] = []
        outcomes = run_jobs(work, [0, 1, 2, 3], processes, done.append)
        assert [o.result for o in outcomes] == [0, None, None, 30]
        assert outcomes[1].problem == "job 1: is broken"
        assert outcomes[2].problem == "2: failed with ZeroDivisionError: two; please report it"
        assert sorted(done) == [0, 1, 2, 3]
