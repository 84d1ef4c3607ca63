"""Which site belongs to which community, as the box or hub file says."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from edgecv.console.intake.site_claim import claim
from edgecv.console.intake.stored_event_check import recheck
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import Community, Site
from edgecv.errors import ConfigError

_log = logging.getLogger("edgecv.console")


def set_communities(database: ConsoleDatabase, communities: Mapping[str, tuple[str, Sequence[str]]]) -> None:
    """Make the communities and their sites known, and take in what was kept aside for a site.

    Rows that an older edgecv stored are checked before, once.

    Args:
        database: the console's.
        communities: title and sites of each community, by name. One that is no longer named stays, with all it has.

    Raises:
        ConfigError: a site belonged to another community: its incidents would stay there.
    """
    with database.session(EVERYTHING, writes=True) as session:
        for name, (title, sites) in communities.items():
            community = session.scalar(select(Community).where(Community.name == name))
            if community is None:
                community = Community(name=name, title=title)
                session.add(community)
            community.title = title
            session.flush()
            for site_name in sites:
                site = session.scalar(select(Site).where(Site.name == site_name))
                if site is None:
                    session.add(Site(name=site_name, community_id=community.key))
                elif site.community_id != community.key:
                    raise ConfigError(
                        f"communities.{name}.sites: '{site_name}' belonged to another community, and so do its "
                        "incidents; give the site another name"
                    )
    recheck(database)
    for _, sites in communities.values():
        for site_name in sites:
            claimed = claim(database, site_name)
            if claimed:
                _log.info("%s: took in %d messages that had come before", site_name, claimed)
