"""What thousands of covers cost: the measurement."""
