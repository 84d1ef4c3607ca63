"""Describes the compiled extension to cffi; ``setup.py`` runs this file, and nothing imports it.

``interface.h`` is read by cffi and by the C compiler, so Python has every structure and prototype from there. Where
Python's headers are, cffi generates an extension module, in which the C compiler checks that both read the same
(``_kernel_ffi``). Boxes whose Python came without headers get the same code as a plain shared library and the same
declarations as a Python module (``_kernel_abi``).
"""

from __future__ import annotations

import os
import platform
import sysconfig
from pathlib import Path
from typing import Any

from cffi import FFI

_FOLDER = Path("edgecv/native")
HAS_PYTHON_HEADERS = (
    Path(sysconfig.get_config_h_filename()).with_name("Python.h").exists()
    and "EDGECV_WITHOUT_PYTHON_HEADERS" not in os.environ
)
SOURCES = sorted(str(path) for path in _FOLDER.glob("*.c") if not path.name.startswith("_"))
COMPILER: dict[str, Any] = {
    "depends": sorted(str(path) for pattern in ("*.h", "*.inc") for path in _FOLDER.glob(pattern)),
    "include_dirs": [str(_FOLDER)],
    # Python asks for -fwrapv, with which GCC vectorises half as well; nobody asks for the errno of a square root
    "extra_compile_args": ["-O3", "-std=gnu11", "-fno-wrapv", "-ffp-contract=off", "-fno-math-errno"],
    "libraries": ["m"] if platform.system() != "Windows" else [],
    # without a compiler the NumPy code does the same, slower
    "optional": True,
}
if os.environ.get("EDGECV_SANITIZE"):  # scripts/sanitize
    _checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    COMPILER["extra_compile_args"] += ["-O1", "-g", "-fno-omit-frame-pointer", *_checks]
    COMPILER["extra_link_args"] = _checks
else:
    COMPILER["extra_compile_args"].append("-fno-sanitize=all")  # Zig's compiler adds checks of its own

FFI_BUILDER = FFI()
FFI_BUILDER.cdef((_FOLDER / "interface.h").read_text(encoding="utf-8"))
if HAS_PYTHON_HEADERS:
    FFI_BUILDER.set_source("edgecv.native._kernel_ffi", '#include "native.h"', sources=SOURCES, **COMPILER)
else:
    FFI_BUILDER.set_source("edgecv.native._kernel_abi", None)
