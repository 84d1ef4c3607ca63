"""edgecv sees objects thrown from tall buildings and says where they came from and how heavy they are."""

from edgecv._version import __version__

__all__ = ["__version__"]
