"""``python -m edgecv`` is the same program as ``edgecv``."""

if __name__ == "__main__":  # the daemon's children import this module as well, and need none of the verbs
    from edgecv.cli import main

    raise SystemExit(main())
