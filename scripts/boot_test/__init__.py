"""A box from its installation to its end, under a real systemd."""
