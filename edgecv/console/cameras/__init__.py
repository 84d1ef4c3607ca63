"""The box's own cameras: pictures of now, calibration, masks. Only on a box: a hub has no box file and no pictures."""
