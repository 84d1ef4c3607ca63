"""The console: in come CloudEvents of one box or of many, out go pages on which people see, judge, send and close.

Where things go, from left to right; each folder imports only those before it:

- ``settings`` holds every number that was chosen.
- ``storage``: ``schema`` is the one place for tables, ``database`` opens sessions, and ``scope`` decides what a session
  may see. Code never filters by community: it opens ``database.session(scope)`` and asks for what it wants. A new table
  that belongs to a community derives from ``CommunityOwned`` and is guarded from then on. ``projection`` turns a record
  into the columns that lists and statistics ask for.
- ``accounts``: who somebody is (users, passwords, sessions, OIDC) and what a role may do (``roles``: ask for a
  capability, never for a role).
- ``cases``: what is done about an incident. ``machine`` knows which change is allowed, ``changes`` carries it out with
  its line in the log, ``listing`` finds incidents by filters, page by page; reminders, labels, statistics go here.
- ``evidence``: where files lie (``shelf``), and that whoever opens one is written down (``access``); blurring goes
  here.
- ``cameras``: the box's own cameras (a hub has none): ``desk`` reads and changes the box file, ``pictures`` asks the
  daemon for pictures of now, ``calibrating`` solves what was marked on a page, ``preview`` tells what another threshold
  would have made of the last hour; ``watch`` sums up what devices said of themselves.
- ``intake``: ``events`` reads a CloudEvent, ``receive`` stores it once, ``box_feed`` and ``broker_feed`` bring them.
- ``web``: ``guard`` stands before everything: no login, no answer; no token, no change. ``pages`` has one file a page
  (handlers short: read the request, call a room to the left, render), ``api`` is the JSON under ``/api/v1``,
  ``live`` tells open pages what is new. Templates, style and scripts beside them; no inline script or style anywhere.
- ``server`` puts it together and serves it; ``child`` is the same under ``edgecv run``.

One process serves a console: feeds and pages share ``web.live.Live``. Texts are English in the code and Chinese in
``locale``; ``scripts/translations`` collects them, and a test fails where one is missing.
"""
