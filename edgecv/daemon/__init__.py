"""The daemon: a box file comes in; out come sealed records and evidence, messages upstream, health and metrics.

:class:`~edgecv.daemon.supervisor.Supervisor` keeps one process a camera (``camera_worker``), one a device
(``device_worker``), one that draws and seals evidence (``evidence_worker``), one that delivers messages
(``delivery_worker``) and the console's. A camera's worker connects (``camera_connection``), gives findings to its
``recorder`` and reconnects; heartbeats (``worker_messages``) become ``health``, ``metrics`` and published states.
"""
