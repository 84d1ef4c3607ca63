"""Making a calibration: from marked points, from the window grid of a still, from a ball that is dropped."""
