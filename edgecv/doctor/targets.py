"""Receivers of incidents: do they answer, and are the certificates in order? Nothing that is secret is sent."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from edgecv.config import Box
from edgecv.config.secrets import read_bounded
from edgecv.doctor.check_result import CheckResult, ok, problem, warning
from edgecv.errors import ConfigError
from edgecv.tls import tls_context, tls_problem

ANSWER_S = 5.0
SOON = timedelta(days=30)
_MOST_PEM_BYTES = 2 * 2**20
"""All that a system trusts are 220 KB."""
_PORTS = {"mqtt": 1883, "mqtts": 8883, "http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Receiver:
    """One place that the box sends to.

    Attributes:
        where: ``upstream NAME``.
        at: its section in the box file.
        url: its address.
        ca_file: certificates to trust, as the box file names them.
        certificate_file: the box's own certificate.
        key_file: its key.
    """

    where: str
    at: str
    url: str
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None

    @property
    def host(self) -> str:
        """Whom to connect to."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port, also where the address leaves it out."""
        parts = urlsplit(self.url)
        return parts.port or _PORTS[parts.scheme]

    @property
    def tls(self) -> bool:
        """Whether it is spoken to encrypted."""
        return urlsplit(self.url).scheme in {"mqtts", "https"}


def receivers_of(box: Box) -> list[Receiver]:
    """Every receiver that the box file names."""
    upstream = box.settings.upstream
    if upstream is None:
        return []
    receivers = [] if upstream.mqtt is None else [Receiver("upstream mqtt", "upstream.mqtt", upstream.mqtt)]
    for index, target in enumerate(upstream.targets):
        at = f"upstream.targets[{index}]"
        files = (target.ca_file, target.certificate_file, target.key_file)
        receivers.append(Receiver(f"upstream {target.name}", at, target.url, *files))
    if upstream.evidence is not None:
        to = upstream.evidence
        receivers.append(Receiver("upstream evidence", "upstream.evidence", to.url, to.ca_file))
    return receivers


def upstream_findings(box: Box) -> list[CheckResult]:
    """Judge every receiver; they are asked at the same time."""
    receivers = receivers_of(box)
    if not receivers:
        return [ok("upstream", "incidents are sent nowhere: the box file has no upstream")]
    with ThreadPoolExecutor(max_workers=min(8, len(receivers))) as asking:
        return [
            finding
            for findings in asking.map(lambda receiver: receiver_findings(box.path, receiver), receivers)
            for finding in findings
        ]


def receiver_findings(box_file: Path, receiver: Receiver, now: datetime | None = None) -> list[CheckResult]:
    """Judge one receiver: its certificates first, then whether it answers."""
    moment = datetime.now(UTC) if now is None else now
    findings = list(_certificates(box_file, receiver, moment))
    try:
        # both files together: whether the key belongs to the certificate
        tls_context(box_file, receiver.at, receiver.ca_file, receiver.certificate_file, receiver.key_file)
        trust = tls_context(box_file, receiver.at, receiver.ca_file)
    except ConfigError as error:
        cause, _, advice = str(error).removeprefix(f"{box_file}: ").partition("; ")
        return [*findings, problem(receiver.where, cause, advice)]
    return [*findings, _answer(receiver, trust)]


def _answer(receiver: Receiver, trust: ssl.SSLContext) -> CheckResult:
    """Connect and, where it is encrypted, check the other side's certificate; then hang up."""
    place = f"{receiver.host}:{receiver.port}"
    try:
        with socket.create_connection((receiver.host, receiver.port), ANSWER_S) as connection:
            if not receiver.tls:
                return ok(receiver.where, f"{place} answers")
            connection.settimeout(ANSWER_S)
            # without our certificate: whether it is wanted is for the daemon to find out
            with trust.wrap_socket(connection, server_hostname=receiver.host):
                return ok(receiver.where, f"{place} answers and shows a certificate that is trusted")
    except OSError as error:
        return _no_answer(receiver, place, error)


def _no_answer(receiver: Receiver, place: str, error: OSError) -> CheckResult:
    if isinstance(error, ssl.SSLError):
        cause, _, advice = tls_problem(error).partition("; ")
        judged = problem if isinstance(error, ssl.SSLCertVerificationError) else warning
        return judged(receiver.where, f"{place} {cause}", advice or "see the daemon's log for what comes of it")
    if isinstance(error, socket.gaierror):
        advice = "check the address, and the box's name server (resolvectl status)"
        return problem(receiver.where, f"the name {receiver.host} is not known", advice)
    if isinstance(error, TimeoutError):
        advice = "check the address and the port, and whether a firewall is between"
        return problem(receiver.where, f"{place} does not answer within {ANSWER_S:g} s", advice)
    reason = error.strerror or "it hung up"
    advice = "check that the receiver runs, its address and its port; incidents are kept until it answers"
    return problem(receiver.where, f"{place} cannot be connected to ({reason})", advice)


def _certificates(box_file: Path, receiver: Receiver, now: datetime) -> Iterator[CheckResult]:
    named = {"ca_file": receiver.ca_file, "certificate_file": receiver.certificate_file}
    for key, file in named.items():
        if file is None:
            continue
        try:
            certificates = x509.load_pem_x509_certificates(read_bounded(box_file.parent / file, _MOST_PEM_BYTES))
        except (OSError, ValueError):
            continue  # told by the context that uses it
        # a bundle may hold expired ones among many that are not
        latest = max(certificates, key=lambda certificate: certificate.not_valid_after_utc)
        yield from _validity(receiver.where, f"{receiver.at}.{key} = {file}", latest, now)


def _validity(where: str, file: str, certificate: x509.Certificate, now: datetime) -> Iterator[CheckResult]:
    ends, begins = certificate.not_valid_after_utc, certificate.not_valid_before_utc
    if ends < now:
        yield problem(where, f"{file} expired on {ends:%Y-%m-%d}", "put a new certificate there")
    elif ends - now < SOON:
        yield warning(where, f"{file} expires on {ends:%Y-%m-%d}", "put a new certificate there before")
    elif begins > now:
        yield problem(where, f"{file} is not valid before {begins:%Y-%m-%d}", "check the box's clock")
