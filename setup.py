"""The compiled part of edgecv: one C library, loaded with ctypes, so it needs a C compiler but no Python headers."""

import os
import platform
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

_FOLDER = "edgecv/native"
_SOURCES = (
    "kernel", "registration", "tile_row", "quota", "fall", "fit", "wander", "lens",
    "starts", "tracks", "earlier", "clutter",
)  # fmt: skip

if "CC" not in os.environ and not any(shutil.which(name) for name in ("cc", "gcc", "clang")) and find_spec("ziglang"):
    # Zig tunes for the machine it runs on unless told not to; the library chooses its instructions at run time
    cpu = "-mcpu=baseline"
    os.environ["CC"] = f"{sys.executable} -m ziglang cc {cpu}"
    os.environ["LDSHARED"] = f"{sys.executable} -m ziglang cc {cpu} -shared"


class BuildWithModels(build_py):
    """Puts the trained models of the top level into the package: an installed edgecv has no checkout beside it."""

    def run(self) -> None:
        """Copy the package, then the models."""
        super().run()
        if not self.editable_mode:
            folder = Path(self.build_lib) / "edgecv" / "models"
            folder.mkdir(parents=True, exist_ok=True)
            for path in Path("models").iterdir():
                self.copy_file(str(path), str(folder / path.name))


setup(
    cmdclass={"build_py": BuildWithModels},
    ext_modules=[
        Extension(
            f"{_FOLDER.replace('/', '.')}._kernel",
            [f"{_FOLDER}/{name}.c" for name in _SOURCES],
            depends=[
                f"{_FOLDER}/{name}" for name in ("kernel.h", "tracking.h", "motion.h", "flight.h", "tile_row.inc")
            ],
            # Python asks for -fwrapv, with which GCC vectorises half as well
            extra_compile_args=["-O3", "-std=gnu11", "-fno-wrapv", "-ffp-contract=off", "-fno-sanitize=all"],
            libraries=["m"] if platform.system() != "Windows" else [],
            # without a compiler the NumPy kernel does the same, slower
            optional=True,
        )
    ],
)
