"""The generated part of the documentation: reference pages of the program, link checks, the tutorial's pictures."""
