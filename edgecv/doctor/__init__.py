"""The doctor: a box file goes in, findings in plain words come out, for the person who installs the box.

Each file looks at one thing (clock, disk, retention, machine, secrets, stream, sight, falls, targets) and is a function
of what was measured; :func:`examine` measures and asks them all.
"""

from edgecv.doctor.check_result import Finding, Level
from edgecv.doctor.run_checks import examine

__all__ = ["Finding", "Level", "examine"]
