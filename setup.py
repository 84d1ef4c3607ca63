"""The compiled part of edgecv: ``edgecv/native/build_kernel.py`` describes it."""

import os
import runpy
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

_DESCRIPTION = "edgecv/native/build_kernel.py"

if "CC" not in os.environ and not any(shutil.which(name) for name in ("cc", "gcc", "clang")) and find_spec("ziglang"):
    # Zig tunes for the machine it runs on unless told not to; the extension chooses its instructions at run time
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


_kernel = runpy.run_path(_DESCRIPTION)
_library = Extension("edgecv.native._kernel_library", _kernel["SOURCES"], **_kernel["COMPILER"])

setup(
    cmdclass={"build_py": BuildWithModels},
    cffi_modules=[f"{_DESCRIPTION}:FFI_BUILDER"],
    ext_modules=[] if _kernel["HAS_PYTHON_HEADERS"] else [_library],
)
