"""Who looks at a page: made by the guard from the cookie, handed to every handler."""

from __future__ import annotations

from dataclasses import dataclass

from edgecv.console.accounts.roles import Capability, Role, capabilities
from edgecv.console.storage import Scope


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is logged in, in the community they look at.

    Attributes:
        user: their key.
        name: their login name.
        full_name: as people call them; the login name where none is given.
        role: in this community.
        community: its key.
        community_title: its name as people call it.
        csrf: the token that every change must show.
    """

    user: int
    name: str
    full_name: str
    role: Role
    community: int
    community_title: str
    csrf: str

    def may(self, capability: Capability) -> bool:
        """Whether they may do that."""
        return capability in capabilities(self.role)

    @property
    def scope(self) -> Scope:
        """What they may see."""
        return Scope(self.community, None if self.may(Capability.SEE_ALL) else self.user)
