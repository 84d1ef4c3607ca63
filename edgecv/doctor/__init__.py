"""The doctor: a box file goes in, findings in plain words come out, for the person who installs the box.

Each file looks at one thing (clock, disk, retention, machine, secrets, stream, sight, falls, targets) and is a function
of what was measured; :func:`examine` measures and asks them all.
"""

from edgecv.doctor.examination import examine
from edgecv.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
