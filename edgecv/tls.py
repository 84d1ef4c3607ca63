"""TLS contexts for brokers, webhooks and identity providers, and what a failed handshake means."""

from __future__ import annotations

import ssl
from pathlib import Path

from edgecv.errors import ConfigError


def system_tls_context() -> ssl.SSLContext:
    """TLS 1.2 or later, with the certificates that the system trusts."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def tls_context(
    box_file: Path,
    at: str,
    ca_file: str | None = None,
    certificate_file: str | None = None,
    key_file: str | None = None,
) -> ssl.SSLContext:
    """TLS 1.2 or later, the other side's certificate and name checked, our own certificate shown where there is one.

    Args:
        box_file: file names are relative to its folder.
        at: the section of the box file they stand in, for the message.
        ca_file: certificates (PEM) to trust instead of the system's.
        certificate_file: the box's own certificate (PEM).
        key_file: its key (PEM), without a passphrase.

    Raises:
        ConfigError: one of the files cannot be used; the message names it.
    """
    context = ssl.create_default_context(cafile=None if ca_file is None else _trusted(box_file, at, ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate_file is None or key_file is None:
        return context
    certificate = _readable(box_file, f"{at}.certificate_file", certificate_file)
    key = _readable(box_file, f"{at}.key_file", key_file)
    try:
        # a passphrase would be asked for at a terminal that a daemon has not got
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"{box_file}: {at}.certificate_file = '{certificate_file}': does not go with key_file = '{key_file}' "
            f"({_reason(error)}); give a PEM certificate and its own PEM key, without a passphrase"
        ) from None
    return context


def _trusted(box_file: Path, at: str, ca_file: str) -> Path:
    path = _readable(box_file, f"{at}.ca_file", ca_file)
    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError as error:
        raise ConfigError(
            f"{box_file}: {at}.ca_file = '{ca_file}': holds no certificates ({_reason(error)}); give them as PEM"
        ) from None
    return path


def _readable(box_file: Path, at: str, file_name: str) -> Path:
    path = box_file.parent / file_name
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise ConfigError(
            f"{box_file}: {at} = '{file_name}': cannot be read ({error.strerror}); put it there, readable for the user "
            "the daemon runs as"
        ) from None


def _reason(error: Exception) -> str:
    return (error.reason or "not PEM") if isinstance(error, ssl.SSLError) else str(error)


def tls_problem(error: ssl.SSLError) -> str:
    """A failed handshake in plain words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"shows a certificate that is not trusted ({error.verify_message}); check ca_file, the name and the clock"
        )
    return alert_problem(error.reason or str(error))


def alert_problem(reason: str) -> str:
    """What the other side's TLS alert means for whoever set the box up."""
    if "REQUIRED" in reason.upper() or "HANDSHAKE_FAILURE" in reason.upper():
        return "wants the box's own certificate; give certificate_file and key_file"
    if any(word in reason.upper() for word in ("UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "REVOKED")):
        return f"does not accept the box's certificate ({reason}); check certificate_file"
    return f"and the box agree on no encryption ({reason}); check the address and the port"
