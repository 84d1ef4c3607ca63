"""Delivery to every target: one thread each, and none waits for another."""

from __future__ import annotations

import time
from pathlib import Path

from edgecv.config.upstream import EVIDENCE, Upstream
from edgecv.upstream.broker_link import BrokerLink
from edgecv.upstream.evidence_upload import EvidenceLink
from edgecv.upstream.link_protocol import Link
from edgecv.upstream.target_sender import TargetSender, TargetStatus
from edgecv.upstream.webhook import WebhookLink


def target_names(upstream: Upstream) -> list[str]:
    """The names of all places in the outbox: every target's, and the evidence upload's where there is one."""
    names = [target.name for target in upstream.all_targets()]
    return names if upstream.evidence is None else [*names, EVIDENCE]


def _position(upstream: Upstream, name: str) -> int:
    return [target.name for target in upstream.targets].index(name)


class DeliveryService:
    """Delivers the outbox to every target, each at its own pace.

    Args:
        database_path: the box's database.
        site: the box file's site.
        upstream: the targets.
        box_file: the box file, whose folder file names are relative to.
        evidence_root: the folder that holds one folder of evidence an incident.
    """

    def __init__(self, database_path: Path, site: str, upstream: Upstream, box_file: Path, evidence_root: Path) -> None:
        links: dict[str, Link] = {}
        for target in upstream.all_targets():
            is_short_form = target not in upstream.targets
            at = "upstream.mqtt" if is_short_form else f"upstream.targets[{_position(upstream, target.name)}]"
            if target.url.startswith("mqtt"):
                links[target.name] = BrokerLink(target, site, box_file, at)
            else:
                links[target.name] = WebhookLink(target, box_file, at)
        if upstream.evidence is not None:
            links[EVIDENCE] = EvidenceLink(upstream.evidence, site, box_file, evidence_root)
        self._senders = {name: TargetSender(name, database_path, link) for name, link in links.items()}

    def start(self) -> None:
        """Start delivering; returns at once."""
        for sender in self._senders.values():
            sender.start()

    def stop(self, drain_s: float) -> bool:
        """Send what is waiting for at most so many seconds, then disconnect cleanly; whether every thread has ended.

        A target that cannot be reached now is tried once more. What is left stays in the outbox.
        """
        until_s = time.monotonic() + drain_s
        for sender in self._senders.values():
            sender.stop_by(until_s)
        ended = [sender.join() for sender in self._senders.values()]
        return all(ended)

    def status(self) -> dict[str, TargetStatus]:
        """The state of each target, by name."""
        return {name: sender.status for name, sender in self._senders.items()}
