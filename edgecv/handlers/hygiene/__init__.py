"""Shop hygiene: in go temperatures, humidity, grease and particles, out come broken limits of food-safety rules."""

from edgecv.handlers.hygiene.handler import HygieneHandler

__all__ = ["HygieneHandler"]
