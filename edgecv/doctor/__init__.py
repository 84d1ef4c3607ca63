"""The doctor: a box file goes in, findings in plain words come out, for the person who installs the box.

Each file looks at one thing (clock, disk, retention, machine, secrets, stream, sight, falls, devices,
targets) and is a function of what was measured; :func:`run_checks` measures and asks them all.
"""

from edgecv.doctor.check_result import CheckResult, Level
from edgecv.doctor.run_checks import run_checks

__all__ = ["CheckResult", "Level", "run_checks"]
