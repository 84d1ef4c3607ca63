"""A hub: one console for many boxes of several communities, fed by a broker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from edgecv.config.base import Conflict, NonBlankText, Number, Section, TopicName, entries
from edgecv.config.console import ConsoleSection
from edgecv.config.upstream import broker_url


class Community(Section):
    """Those who see the same incidents, and nobody else's."""

    title: NonBlankText = Field(description="the community's name as people call it")
    sites: Annotated[tuple[TopicName, ...], Field(min_length=1)] = Field(
        description="the sites of its boxes; each box file names its site"
    )


class HubBroker(Section):
    """The broker that all boxes push to."""

    url: Annotated[str, AfterValidator(broker_url)] = Field(description="mqtt[s]://HOST[:PORT]")
    user: NonBlankText | None = Field(default=None, description="user name at the broker")
    password_file: NonBlankText | None = Field(default=None, description="a file with its password, or credential:NAME")
    ca_file: NonBlankText | None = Field(
        default=None, description="certificates (PEM) to trust instead of the system's"
    )
    client_id: TopicName = Field(
        default="edgecv-hub", description="under which name the broker keeps what comes while the hub is away"
    )


class EvidenceBox(Section):
    """The boxes of a site, as far as they send evidence."""

    token_file: NonBlankText = Field(
        description="a file with the token its boxes show (upstream.evidence.token_file), or credential:NAME"
    )


class HubFile(Section):
    """What a hub file holds."""

    communities: Annotated[dict[TopicName, Community], Field(min_length=1)] = Field(
        description="the communities, each under its id"
    )
    mqtt: HubBroker = Field(description="the broker that all boxes push to: {url: ...}")
    evidence: dict[TopicName, EvidenceBox] = Field(
        default_factory=dict, description="the sites whose boxes may send evidence: {SITE: {token_file: ...}}"
    )
    directory: NonBlankText = Field(default="/var/lib/edgecv-hub", description="where the hub keeps what boxes send it")
    keep_days: Annotated[Number, Field(gt=0, le=3650)] = Field(
        default=30.0,
        description="how many days evidence is kept, twice that while its case is open; what is on hold is kept longer",
    )
    console: ConsoleSection = Field(default_factory=ConsoleSection, description="the web page")

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """A site belongs to one community; evidence comes from known sites."""
        owner: dict[str, str] = {}
        communities = values.get("communities")
        for name, community in communities.items() if isinstance(communities, Mapping) else ():
            for index, site in enumerate(entries(community, "sites")):
                if isinstance(site, str) and owner.setdefault(site, str(name)) != str(name):
                    at = ("communities", str(name), "sites", index)
                    yield Conflict(at, f"is a site of '{owner[site]}' already; a site belongs to one community")
        evidence = values.get("evidence")
        for site in evidence if isinstance(evidence, Mapping) else ():
            if site not in owner:
                yield Conflict(("evidence", str(site)), "is a site of no community; name it under communities")


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub file that was read.

    Attributes:
        path: the hub file.
        settings: what it says.
    """

    path: Path
    settings: HubFile

    @property
    def state(self) -> Path:
        """Where it keeps its state."""
        return self.path.parent / self.settings.directory
