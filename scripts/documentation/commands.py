"""Reference of the command line, taken from argparse itself: whatever the parsers declare stands on the page."""

from __future__ import annotations

import argparse
import contextlib
import io
from collections.abc import Iterator, Sequence

from documentation.markdown import cell, sentence
from edgecv.cli import main


class _Asked(BaseException):  # not an error, which the program would print: it carries the parser out of argparse
    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__(parser.prog)
        self.parser = parser


@contextlib.contextmanager
def _help_is_caught() -> Iterator[None]:
    """``--help`` gives up its parser instead of printing it: sub-parsers may be made only when their verb is called."""
    printed = argparse.ArgumentParser.print_help

    def give_up(self: argparse.ArgumentParser, file: object = None) -> None:
        del file
        raise _Asked(self)

    argparse.ArgumentParser.print_help = give_up  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        argparse.ArgumentParser.print_help = printed  # type: ignore[method-assign]


def parser_of(verbs: Sequence[str]) -> argparse.ArgumentParser:
    """The parser that ``edgecv VERB ... --help`` would print."""
    with _help_is_caught(), contextlib.redirect_stdout(io.StringIO()):
        try:
            main([*verbs, "--help"])
        except _Asked as asked:
            return asked.parser
    raise LookupError(f"edgecv {' '.join(verbs)} has no help")


def _below(parser: argparse.ArgumentParser) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {str(one.dest): one.help or "" for one in action._choices_actions}
            found += [(name, helps.get(name, "")) for name in action.choices if name in helps or not helps]
    return found


def command_pages() -> list[str]:
    """Every command, outermost first, each with its usage, its arguments and its options."""
    lines: list[str] = []
    waiting: list[tuple[tuple[str, ...], str]] = [((), "")]
    seen: set[str] = set()
    while waiting:
        verbs, about = waiting.pop(0)
        parser = parser_of(verbs)
        if parser.prog in seen:
            continue
        seen.add(parser.prog)
        lines += _command(parser, about)
        # a verb of two words is one name here and two words on the command line
        waiting = [((*verbs, *name.split()), text) for name, text in _below(parser)] + waiting
    return lines


def _command(parser: argparse.ArgumentParser, about: str) -> list[str]:
    formatter = argparse.HelpFormatter(parser.prog, width=100)
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups)
    lines = [f"## `{parser.prog}`", "", sentence(parser.description or about), ""]
    usage = formatter.format_help().strip().removeprefix("usage: ")
    lines += ["```text", usage.replace("\n" + " " * len("usage: "), "\n"), "```", ""]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            lines += [f"- `{name}`: {text}" for name, text in _below(parser)]
        elif action.option_strings != ["-h", "--help"] and action.help != argparse.SUPPRESS:
            lines.append(_argument(parser, action))
    return [*lines, ""]


def _argument(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    formatter = argparse.HelpFormatter(parser.prog, width=1000, max_help_position=500)
    name = formatter._format_action_invocation(action)
    about = formatter._expand_help(action) if action.help else ""
    if action.required and action.option_strings:
        about += " (required)"
    return f"- `{cell(name)}`: {about}" if about else f"- `{cell(name)}`"
