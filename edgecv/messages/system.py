"""What the operating system, FFmpeg and MQTT say most often when something cannot be had, in their own words."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import TEXT

NO_ANSWER = declare("system.no_answer", "no answer")
UNEXPECTED = declare("system.unexpected", "unexpected %(kind)s; the log has more", kind=TEXT)
REASONS = (
    declare("system.connection_refused", "Connection refused"),
    declare("system.connection_reset", "Connection reset by peer"),
    declare("system.timed_out", "Connection timed out"),
    declare("system.no_route", "No route to host"),
    declare("system.network_unreachable", "Network is unreachable"),
    declare("system.broken_pipe", "Broken pipe"),
    declare("system.name_unknown", "Name or service not known"),
    declare("system.name_not_resolved", "Temporary failure in name resolution"),
    declare("system.no_address", "No address associated with hostname"),
    declare("system.no_file", "No such file or directory"),
    declare("system.no_device", "No such device"),
    declare("system.busy", "Device or resource busy"),
    declare("system.no_permission", "Permission denied"),
    declare("system.not_permitted", "Operation not permitted"),
    declare("system.no_space", "No space left on device"),
    declare("system.input_output", "Input/output error"),
    declare("system.read_only", "Read-only file system"),
    declare("system.quota", "Disk quota exceeded"),
    declare("system.end_of_file", "End of file"),
    declare("system.invalid_data", "Invalid data found when processing input"),
    declare("system.invalid_argument", "Invalid argument"),
    declare("system.bad_request", "Server returned 400 Bad Request"),
    declare("system.not_found", "Server returned 404 Not Found"),
    declare("system.client_error", "Server returned 4XX Client Error, but not one of 40{0,1,3,4}"),
    declare("system.server_error", "Server returned 5XX Server Error reply"),
    declare("system.protocol_unknown", "Protocol not found"),
    declare("system.decoder_unknown", "Decoder not found"),
    declare("system.disk_full", "the disk is full"),
    declare("system.database_full", "database or disk is full"),
    declare("system.database_locked", "database is locked"),
    declare("system.disk_failed", "disk I/O error"),
    declare("system.database_malformed", "database disk image is malformed"),
    declare("system.no_database", "file is not a database"),
    declare("system.read_only_database", "attempt to write a readonly database"),
    declare("mqtt.not_authorized", "Not authorized"),
    declare("mqtt.bad_login", "Bad user name or password"),
    declare("mqtt.server_unavailable", "Server unavailable"),
    declare("mqtt.server_busy", "Server busy"),
    declare("mqtt.shutting_down", "Server shutting down"),
    declare("mqtt.taken_over", "Session taken over"),
    declare("mqtt.keepalive", "Keep alive timeout"),
    declare("mqtt.protocol_error", "Protocol error"),
    declare("mqtt.unspecified", "Unspecified error"),
    declare("mqtt.normal", "Normal disconnection"),
)
"""They come as text; the console recognises them."""
