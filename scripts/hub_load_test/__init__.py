"""A hub at scale: see scripts/hub_load."""
