"""Who somebody is, and what they may do."""

from edgecv.console.accounts.principal import Viewer
from edgecv.console.accounts.roles import Capability, Role

__all__ = ["Capability", "Role", "Viewer"]
