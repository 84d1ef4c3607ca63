"""Fuzzing of every entrance of edgecv."""
