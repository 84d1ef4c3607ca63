"""The soak test: many cameras, for long."""
