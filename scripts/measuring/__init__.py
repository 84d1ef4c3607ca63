"""How well origins and weights are known, on towers with known truth."""
