"""edgecv sees objects thrown from tall buildings and says where they came from and how heavy they are."""

import os

# one thread a camera, before NumPy is loaded: matrices of a hundred rows cost BLAS threads three times what they bring
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

from edgecv._version import __version__  # noqa: E402

__all__ = ["__version__"]
