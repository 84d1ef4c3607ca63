"""How well origins and weights are known, on towers with known truth."""

import edgecv  # noqa: F401  before NumPy: it takes one thread for matrices
