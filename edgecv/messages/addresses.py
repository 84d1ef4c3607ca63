"""What is wrong with a camera's address, and what to write."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import TEXT

SLASHES = declare(
    "address.slashes",
    "it is no address; write a colon and two slashes after the scheme: %(scheme)s://HOST/PATH",
    scheme=TEXT,
)
NO_SCHEME = declare("address.no_scheme", "it is neither a file nor an address; write rtsp:// in front of it")
UNKNOWN_SCHEME = declare(
    "address.unknown_scheme",
    "cameras are opened by rtsp, rtsps, http or https, not by '%(scheme)s'; write one of these, and switch it on in "
    "the camera",
    scheme=TEXT,
)
NO_HOST = declare("address.no_host", "it names no host; write %(scheme)s://HOST/PATH", scheme=TEXT)
BLANK_IN_HOST = declare("address.blank_in_host", "there is a blank in its host; leave it out")
WIDE_SIGNS = declare(
    "address.wide_signs", "there are full-width signs in its host; write : . / and @ with the keyboard in English"
)
IPV6 = declare("address.ipv6", "a host of IPv6 stands in brackets; write %(scheme)s://[fd00::5]/PATH", scheme=TEXT)
PORT = declare(
    "address.port",
    "its port is no number from 1 to 65535; where a password holds /, ?, # or @, give user and password under 'login'",
)
