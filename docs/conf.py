"""How the documentation site is built; ``scripts/docs`` generates the reference pages first, then calls Sphinx."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from edgecv._version import __version__  # noqa: E402

project = "edgecv"
author = "the edgecv authors"
version = release = __version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "documentation.mathml"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "generated"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": False}
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"edgecv {__version__}"
html_math_renderer = "mathml"
html_static_path = ["static"]
html_extra_path = ["generated/site"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False

# Types in signatures refer to Python's and NumPy's documentation, which is not here; the text's links are checked.
nitpick_ignore_regex = [(r"py:.*", r".*")]
suppress_warnings = ["myst.header"]
