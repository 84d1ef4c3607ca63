"""The daemon's log: one line an event, as text, JSON or for the journal, and never a secret in it.

Lines of structlog, of the standard ``logging``, of ``warnings`` and of exceptions that nobody caught all go the same
way, to standard error.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from edgecv.config.known_secrets import hide_secrets, hide_secrets_in
from edgecv.config.problems import one_line

LogForm = Literal["auto", "json", "journal", "text"]

_JOURNAL_PRIORITY = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
# lines a request, starts and ends, which our own lines and counts tell
_TALKATIVE = ("httpx", "httpcore", "uvicorn", "uvicorn.access", "uvicorn.error", "asyncio", "alembic")
_OURS = frozenset({"timestamp", "level"})
_BARE = {"levelno": logging.ERROR, "levelname": "ERROR"}


def configure_logging(
    form: LogForm = "auto",
    level: str = "info",
    context: Mapping[str, object] | None = None,
    stream: TextIO | None = None,
) -> None:
    """Send every line of this process to standard error; calling it again replaces what was set before.

    Args:
        form: ``text`` for people, ``json`` with one object a line, ``journal`` with the level in front as
            ``sd-daemon(3)`` has it; ``auto`` is text on a terminal, journal where systemd's journal listens, else json.
        level: ``debug``, ``info``, ``warning`` or ``error``; lines below it are left out.
        context: fields of every line of this process, such as ``camera`` and ``worker``.
        stream: instead of standard error.
    """
    out = sys.stderr if stream is None else stream
    resolved_form = chosen_form(out) if form == "auto" else form
    fields = dict(context or {})

    def with_context(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {**fields, **event}

    handler = _Handler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
            processors=[
                with_context,
                structlog.contextvars.merge_contextvars,
                _add_level_and_logger,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                _hide_secrets,
                *_rendering(resolved_form, colors=out.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    sys.unraisablehook = _log_unraisable


def chosen_form(out: TextIO, environment: Mapping[str, str] | None = None) -> Literal["json", "journal", "text"]:
    """The form that suits whoever reads ``out``; systemd names the journal's end of it in ``JOURNAL_STREAM``."""
    if out.isatty():
        return "text"
    journal = (os.environ if environment is None else environment).get("JOURNAL_STREAM")
    try:
        status = os.fstat(out.fileno())
    except (OSError, ValueError):
        return "json"
    return "journal" if journal == f"{status.st_dev}:{status.st_ino}" else "json"


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines; one that cannot be made is told without its arguments, which may hold anything."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name of logging
        error = sys.exc_info()[1]
        place = f"{record.pathname}:{record.lineno}"
        text = f"a line of the log could not be made ({type(error).__name__}); it is written at {place}"
        try:
            self.stream.write(self.format(logging.makeLogRecord({**_BARE, "name": record.name, "msg": text})) + "\n")
        except (OSError, ValueError):
            return  # there is nobody left to tell


def _add_level_and_logger(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    return {**event, "level": record.levelname.lower(), "logger": record.name}


def _hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["event"] = str(event.get("event", "")).strip()
    fields = {key: value for key, value in event.items() if key not in {*_OURS, "event"}}
    hidden = hide_secrets_in(fields)
    assert isinstance(hidden, dict)
    return {"level": event["level"], "event": hide_secrets(event["event"]), **hidden}


def _rendering(form: str, *, colors: bool) -> list[Processor]:
    if form == "json":
        stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
        return [stamp, _time_first, structlog.processors.JSONRenderer(serializer=_json)]
    if form == "journal":
        return [_on_one_line, _for_journal]
    exceptions = structlog.dev.plain_traceback
    return [
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        _on_one_line,
        structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=exceptions, sort_keys=False, pad_event_to=0),
    ]


def _time_first(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {"timestamp": event.pop("timestamp"), **event}


def _json(event: object, **_settings: object) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)


def _on_one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """What would break a line or steer a terminal is shown as an escape; a traceback keeps its lines."""
    return {key: _visible(value, lines=key in {"exception", "stack"}) for key, value in event.items()}


def _visible(value: object, *, lines: bool) -> object:
    if not isinstance(value, str):
        return value
    return "\n".join(map(one_line, value.split("\n"))) if lines else one_line(value)


def _for_journal(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """``<6>message key=value``, and each line of a traceback likewise; time and process the journal adds itself."""
    priority = f"<{_JOURNAL_PRIORITY.get(event.pop('level'), 6)}>"
    message = event.pop("event", "")
    traces = [str(event.pop(key)) for key in ("exception", "stack") if key in event]
    fields = [f"{key}={_field(value)}" for key, value in event.items()]
    lines = [" ".join([str(message), *fields])]
    lines += [line for trace in traces for line in trace.split("\n")]
    return "\n".join(priority + line for line in lines)


def _field(value: object) -> str:
    text = value if isinstance(value, str) else _json(value)
    plain = text and not any(c.isspace() or c in '"=' for c in text)
    return text if plain or not isinstance(value, str) else _json(text)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("edgecv").critical("stopped by an error nobody caught", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(caught: threading.ExceptHookArgs) -> None:
    if caught.exc_value is None or issubclass(caught.exc_type, SystemExit):
        return
    name = caught.thread.name if caught.thread is not None else "unknown"
    trace = (caught.exc_type, caught.exc_value, caught.exc_traceback)
    logging.getLogger("edgecv").critical(
        "a thread was stopped by an error", exc_info=trace, extra={"thread_name": name}
    )


def _log_unraisable(caught: sys.UnraisableHookArgs) -> None:
    error = caught.exc_value
    if error is not None:
        trace = (caught.exc_type, error, caught.exc_traceback)
        logging.getLogger("edgecv").error("an error where none can be raised", exc_info=trace)
