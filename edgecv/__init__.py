"""edgecv sees objects thrown from tall buildings and says where they came from and how heavy they are."""

import os

# One thread a camera, set before NumPy and OpenCV are loaded: on matrices of a hundred rows and pictures of this size
# their threads cost more than they bring.
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_threads, "1")

from edgecv._version import __version__  # noqa: E402

__all__ = ["__version__"]
