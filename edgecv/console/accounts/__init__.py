"""Who somebody is, and what they may do."""

from edgecv.console.accounts.roles import Capability, Role
from edgecv.console.accounts.viewer import Viewer

__all__ = ["Capability", "Role", "Viewer"]
