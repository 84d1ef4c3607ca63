"""The daemon's log: where it goes, what a line holds, and what never stands in one."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from edgecv.config.known_secrets import HIDDEN, forget_secrets, register_secret
from edgecv.daemon.logs import LogForm, chosen_form, configure_logging


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Each test with its own secrets; the logging of this process is put back."""
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook, sys.unraisablehook)
    yield
    root.handlers, root.level = handlers, level
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)
    structlog.reset_defaults()


def written(form: LogForm, **settings: Any) -> io.StringIO:
    out = io.StringIO()
    configure_logging(form, stream=out, **settings)
    return out


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_json_is_one_object_a_line_with_time_level_and_context() -> None:
    out = written("json", context={"camera": "north-1", "worker": 4242})
    structlog.get_logger("edgecv.capture").warning("no picture", silent_s=10.5, size=(1920, 1080))
    (line,) = lines(out)
    assert line["timestamp"].endswith("Z")
    assert (line["level"], line["event"], line["logger"]) == ("warning", "no picture", "edgecv.capture")
    assert (line["camera"], line["worker"], line["silent_s"], line["size"]) == ("north-1", 4242, 10.5, [1920, 1080])


def test_the_context_of_one_task_stands_beside_that_of_the_process() -> None:
    out = written("json", context={"worker": 1})
    with structlog.contextvars.bound_contextvars(camera="east-1"):
        structlog.get_logger().info("opened")
        logging.getLogger("av").warning("from the standard library")
    structlog.get_logger().info("after")
    assert [line.get("camera") for line in lines(out)] == ["east-1", "east-1", None]


def test_threads_keep_the_context_of_their_process() -> None:
    out = written("json", context={"camera": "north-1"})
    thread = threading.Thread(target=lambda: structlog.get_logger().info("from a thread"))
    thread.start()
    thread.join()
    assert lines(out)[0]["camera"] == "north-1"


def test_the_journal_gets_its_level_in_front_and_fields_behind() -> None:
    out = written("journal", level="debug")
    log = structlog.get_logger("edgecv")
    log.debug("a")
    log.info("b", n=3)
    log.warning("c", why="no route to host")
    log.error("d")
    log.critical("e")
    assert out.getvalue().splitlines() == [
        "<7>a logger=edgecv",
        "<6>b n=3 logger=edgecv",
        '<4>c why="no route to host" logger=edgecv',
        "<3>d logger=edgecv",
        "<2>e logger=edgecv",
    ]


def test_every_line_of_a_traceback_has_its_level_for_the_journal() -> None:
    out = written("journal")

    def fail() -> None:
        raise ValueError("first\n<0>second")

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("failed")
    found = out.getvalue().splitlines()
    assert len(found) > 3
    assert all(line.startswith("<3>") for line in found)


@pytest.mark.parametrize("form", ["text", "journal"])
def test_a_message_cannot_forge_a_line_nor_steer_a_terminal(form: LogForm) -> None:
    out = written(form)
    logging.getLogger("camera").warning("hello\n<0>forged \x1b[2J", extra={"field": "x\ny"})
    assert len(out.getvalue().splitlines()) == 1
    assert "\x1b[2J" not in out.getvalue()


def test_lines_below_the_level_are_left_out_also_those_of_libraries() -> None:
    out = written("json", level="warning")
    structlog.get_logger().info("ours")
    logging.getLogger("paho").info("theirs")
    structlog.get_logger().warning("kept")
    assert [line["event"] for line in lines(out)] == ["kept"]


def test_warnings_of_python_go_to_the_log() -> None:
    out = written("json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("this is old", DeprecationWarning, stacklevel=1)
    (line,) = lines(out)
    assert (line["level"], line["logger"]) == ("warning", "py.warnings")
    assert "this is old" in line["event"]


def test_a_line_that_cannot_be_made_is_told_without_what_it_held() -> None:
    out = written("json")
    logging.getLogger("edgecv").warning("%d cameras", "hunter22")
    (line,) = lines(out)
    assert "could not be made (TypeError)" in line["event"]
    assert "hunter22" not in out.getvalue()


def test_addresses_lose_their_user_and_password_in_any_field() -> None:
    out = written("json")
    address = "rtsp://admin:hunter22@192.0.2.10/stream1"
    structlog.get_logger().info(f"opening {address}", source=address, deep={"list": [address]})
    logging.getLogger("httpx").warning("GET %s", address)
    assert "hunter22" not in out.getvalue()
    assert "admin" not in out.getvalue()
    assert out.getvalue().count("rtsp://***@192.0.2.10/stream1") == 4


def test_a_number_that_is_a_secret_is_hidden_too() -> None:
    out = written("json")
    register_secret("20252025")
    structlog.get_logger().info("pin", pin=20252025, other=7, far=float("inf"))
    (line,) = lines(out)
    assert (line["pin"], line["other"], line["far"]) == (HIDDEN, 7, "inf")


def test_a_very_short_secret_leaves_the_words_that_hold_its_letters() -> None:
    out = written("json")
    register_secret("a")
    structlog.get_logger().info("camera said a", password="a")
    (line,) = lines(out)
    assert (line["event"], line["password"]) == (f"camera said {HIDDEN}", HIDDEN)


def test_a_blank_secret_hides_nothing() -> None:
    out = written("json")
    for blank in ("", "  ", "\n", "***"):
        register_secret(blank)
    structlog.get_logger().info("one two *** three")
    assert lines(out)[0]["event"] == "one two *** three"


@pytest.mark.parametrize("form", ["json", "journal", "text"])
@given(secret=st.text(min_size=4, max_size=20).filter(lambda s: len(s.strip()) >= 4), glue=st.text(max_size=5))
@example(secret='pa"ss\\wörd', glue="")
@example(secret="p@ss word%", glue="/")
@example(secret="abab", glue="ab")
@example(secret="0000", glue="")
def test_a_registered_secret_is_in_no_line(form: LogForm, secret: str, glue: str) -> None:
    class Held:
        def __repr__(self) -> str:
            return f"Held({secret!r})"

    def lines_about(text: str) -> str:
        out = written(form)
        log = structlog.get_logger("edgecv")
        log.info(f"login {glue}{text}{glue}", password=text, deep={"a": [text, {text: 1}]}, raw=text.encode("utf-8"))
        logging.getLogger("lib").warning("header %s", text, extra={"held": Held() if text == secret else text})
        try:
            dict[str, str]()[text]
        except KeyError:
            log.exception("failed")
        # digits of the time may be those of any secret
        return re.sub(r"\d{2}:\d{2}:\d{2}(\.\d+Z)?", "", out.getvalue())

    try:
        secret.encode()
    except UnicodeEncodeError:
        return
    forget_secrets()
    # what stands in every line by its nature tells nobody anything
    ordinary = lines_about("\u2603")
    if secret.strip() in ordinary or secret.strip() in glue:
        return
    forget_secrets()
    register_secret(secret)
    told = lines_about(secret)
    for shown in {secret.strip(), json.dumps(secret.strip())[1:-1], repr(secret.strip())[1:-1]}:
        assert shown not in told or shown in ordinary
    assert HIDDEN in told


SCRIPT = """
import sys, threading
from edgecv.config.known_secrets import register_secret
from edgecv.daemon.logs import configure_logging
configure_logging("auto", context={"camera": "north-1"})
register_secret("hunter22")
def fail():
    raise RuntimeError("refused: hunter22 at rtsp://u:p@host/")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


def test_an_error_nobody_caught_is_logged_without_the_secret() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["level"] for line in found] == ["critical", "critical"]
    assert all("RuntimeError: refused: *** at rtsp://***@host/" in line["exception"] for line in found)
    assert "hunter22" not in done.stderr
    assert done.returncode == 1


def test_the_form_follows_who_reads(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as out:
        found = os.fstat(out.fileno())
        assert chosen_form(out, {}) == "json"
        assert chosen_form(out, {"JOURNAL_STREAM": "1:2"}) == "json"
        assert chosen_form(out, {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}) == "journal"
    controller, terminal = os.openpty()
    with os.fdopen(terminal, "w") as out:
        assert chosen_form(out, {}) == "text"
    os.close(controller)
    assert chosen_form(io.StringIO(), {}) == "json"
