"""Whose tries count together: one address of IPv4, one network of IPv6."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

_CUSTOMER_BITS = 64
"""A provider gives each customer a /64 or more (RFC 6177), and a machine takes as many of its addresses as it likes."""


def source_of(address: str) -> str:
    """The address itself of IPv4, its network of IPv6; text that is no address stays as it is.

    Args:
        address: a client's, as the server or a trusted proxy tells it.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:  # as a socket for both kinds calls a client of IPv4
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, _CUSTOMER_BITS), strict=False))
