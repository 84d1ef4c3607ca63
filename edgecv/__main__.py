"""``python -m edgecv`` and the command ``edgecv`` are the same program.

The daemon's children import this module as well, and need none of the verbs: they are imported only when called.
"""


def main() -> int:
    """Run the command line; its exit code."""
    from edgecv.cli import main as run  # noqa: PLC0415

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
