"""Every entrance takes the same few hundred damaged inputs on every machine; the fuzzer itself notices what it must."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path
from typing import ClassVar

import pytest
from fuzzer.campaign import fuzz
from fuzzer.entrance import Case, Entrance, expect
from fuzzer.entrances import ENTRANCES
from fuzzer.minimisation import minimised
from fuzzer.pages import markup_in
from fuzzer.worker import Worker

SEED = 20


@pytest.mark.parametrize("name", sorted(ENTRANCES))
def test_no_damaged_input_makes_an_entrance_fail(name: str, tmp_path: Path) -> None:
    kind = ENTRANCES[name]
    outcome = fuzz(kind, SEED, tmp_path, inputs=kind.smoke)
    assert outcome.tried == kind.smoke
    assert not outcome.failures, [file.read_text()[:3000] for _, file in outcome.failures]


class Broken(Entrance):
    """Does with each word what it says."""

    name: ClassVar[str] = "broken"

    def open(self, folder: Path) -> None:
        assert not list(folder.iterdir())
        self._spoilt = False
        self._held: list[bytes] = []

    def make(self, rng: random.Random) -> Case:
        return {"noise": [rng.random()], "text": f"aaa {rng.choice(WORDS)} bbb"}

    def attempt(self, case: Case) -> None:
        text = case.get("text", "")
        if "raises" in text:
            raise ZeroDivisionError
        if "dies" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if "computes" in text:
            began = time.process_time()
            while time.process_time() < began + 5.2:
                pass
        if "grows" in text:
            self._held.append(os.urandom(1) * 500_000_000)
        if "spoils" in text:
            self._spoilt = True

    def good(self) -> None:
        expect(not self._spoilt, "it is spoilt")


WORDS = ("harmless", "raises", "dies", "computes", "grows", "spoils")


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("raises", "ZeroDivisionError"),
        ("dies", "the process died with signal 9"),
        ("computes", "took more than 5 s of CPU time"),
        ("grows", "grew the process by more than 400 MB"),
        ("spoils", "afterwards a good input fails: it is spoilt"),
    ],
)
def test_an_input_that_fails_is_told_and_costs_only_itself(word: str, what: str) -> None:
    with Worker(Broken, SEED) as worker:
        failure = worker.attempt({"text": word})
        assert failure is not None
        assert failure.what == what
        assert worker.attempt({"text": "harmless"}) is None


def test_the_same_seed_tries_the_same_inputs_whatever_came_before() -> None:
    with Worker(Broken, SEED) as one, Worker(Broken, SEED) as other:
        first = [one.make(index) for index in range(5)]
        one.attempt({"text": "dies"})
        assert [one.make(index) for index in range(5)] == first
        assert other.make(4) == first[4]
        with Worker(Broken, SEED + 1) as another:
            assert another.make(4) != first[4]


def test_an_input_that_fails_is_kept_as_small_as_it_still_fails(tmp_path: Path) -> None:
    outcome = fuzz(Broken, SEED, tmp_path, inputs=12, tell=lambda _: None)
    whats = {failure.what for failure, _ in outcome.failures}
    assert "ZeroDivisionError" in whats
    (file,) = (file for failure, file in outcome.failures if failure.what == "ZeroDivisionError")
    kept = json.loads(file.read_text())["input"]
    assert "noise" not in kept
    assert kept["text"] == "raises"


def test_a_smaller_input_fails_in_the_same_way() -> None:
    small = minimised({"a": list(range(100)), "b": {"c": "x" * 50 + "!"}}, lambda case: "!" in str(case), 200)
    assert small == {"b": {"c": "!"}}


@pytest.mark.parametrize(
    "page",
    [
        "<p><fuzz-mark></p>",
        '<p title="" fuzz-mark="1">',
        '<div hx-post="/users" hx-vals=\'{"fuzz-mark":1}\'>',
        '<a href=" javascript:alert(1)">',
    ],
)
def test_markup_that_was_sent_is_seen_in_a_page(page: str) -> None:
    assert markup_in(page) is not None


def test_text_that_was_sent_is_no_markup() -> None:
    page = '<p title="&quot; fuzz-mark=">&lt;fuzz-mark&gt;</p><!-- <fuzz-mark> --><script>"<fuzz-mark>"</script>'
    assert markup_in(page) is None
