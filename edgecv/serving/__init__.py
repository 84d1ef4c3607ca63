"""HTTP servers whose clients cannot hold them up: the console's, the daemon's and the handlers' hooks.

- ``limits`` holds every number that was chosen.
- ``listener`` bounds connections, from their first packet on; ``protocol`` bounds how long a connection may take to
  send a request and to read its answer; ``server`` serves an application in a thread with both.
- ``forwarded`` believes the proxies that are named, and nobody else, about who a client is.
- ``source`` says whose tries count together.
- ``own_hosts`` refuses what a browser sends on behalf of another site.
- ``throttled_log`` writes one line a minute of what strangers can cause.
"""

from edgecv.serving.limits import Limits
from edgecv.serving.server import WebServer

__all__ = ["Limits", "WebServer"]
