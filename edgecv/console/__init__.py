"""The console: CloudEvents of one box or of many come in; pages on which people judge, assign and close cases go out.

Rooms, from left to right; each imports only those before it:

- ``settings`` holds every chosen number.
- ``storage``: ``schema`` is the one place for tables, ``database`` opens sessions, ``scope`` decides what a session
  may see. Code never filters by community: it opens ``database.session(scope)`` and queries. A new table that belongs
  to a community derives from ``CommunityOwned`` and is guarded from then on. ``record_columns`` turns a record into
  the columns that lists and statistics query.
- ``accounts``: users, passwords, sessions and OIDC; ``roles`` says what a role may do (check a capability, never a
  role).
- ``cases``: the work on an incident. ``state_machine`` says which change is allowed, ``changes`` carries it out with
  its line in the log, ``listing`` pages through incidents by filters; reminders, labels and statistics.
- ``evidence``: where files lie (``evidence_paths``), who opened them (``access``), blurring, verification in a
  sandbox.
- ``cameras``: the box's own cameras (a hub has none): ``box_file_editor`` reads and changes the box file,
  ``pictures`` asks the daemon for live pictures, ``calibration_service`` solves marked points, ``threshold_preview``
  says what another threshold would have made of the last hour, ``visibility_history`` sums up the devices' own
  reports.
- ``intake``: ``events`` reads a CloudEvent, ``event_ingest`` stores it once, ``box_feed`` and ``broker_feed`` bring
  them.
- ``web``: every request passes ``auth_middleware``: without a login no answer, without a CSRF token no change.
  ``pages`` has one file a page (read the request, call a room to the left, render), ``api`` is the JSON under
  ``/api/v1``, ``server_sent_events`` notifies open pages. No inline script or style anywhere.
- ``server`` assembles and serves the console; ``console_process`` runs it as a child of ``edgecv run``.

One process serves a console: feeds and pages share ``web.server_sent_events.EventBroadcaster``. Texts are English in
the code and Chinese in ``locale``; ``scripts/translations`` collects them, and a test fails where one is missing.
"""
