"""``python -m edgecv`` is the same program as ``edgecv``."""

from edgecv.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
