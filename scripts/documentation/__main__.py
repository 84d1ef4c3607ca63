"""``python -m documentation pages | links | pictures``: what ``scripts/docs`` calls."""

from __future__ import annotations

import argparse
import sys


def main(arguments: list[str] | None = None) -> int:
    """Do one part; 1 where a link is broken."""
    parser = argparse.ArgumentParser(prog="documentation", description=__doc__)
    parser.add_argument("part", choices=("pages", "links", "pictures"))
    part = parser.parse_args(arguments).part
    if part == "pages":
        from documentation.pages import write_pages  # noqa: PLC0415

        write_pages()
    elif part == "pictures":
        from documentation.pictures import make_pictures  # noqa: PLC0415

        make_pictures()
    else:
        from documentation.links import broken_links, checked_files  # noqa: PLC0415

        problems = broken_links(checked_files())
        for problem in problems:
            print(problem, file=sys.stderr)
        return 1 if problems else 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
