"""What a camera's worker says of the stream, and what the supervisor says of the worker."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT, number

STARTING = declare("camera.starting", "starting")
CONNECTING = declare("camera.connecting", "connecting to %(source)s", source=TEXT)
WATCHING = declare("camera.watching", "%(size)s %(codec)s", size=TEXT, codec=TEXT)
STOPPING = declare("camera.stopping", "stopping")
FINISHING = declare("camera.finishing", "finishing evidence")
FILE_OVER = declare("camera.file_over", "the recorded file is over")
REMOVED = declare("camera.removed", "no longer in the box file")

# the stream cannot be opened, or has broken off
NO_ANSWER = declare("camera.no_answer", "%(source)s: gives no answer", source=TEXT)
NOT_OPENED = declare(
    "camera.not_opened",
    "%(source)s: cannot be opened (%(why)s); check its power, cable and address",
    source=TEXT,
    why=MESSAGE,
)
ADDRESS_WRONG = declare("camera.address_wrong", "%(source)s: cannot be opened: %(why)s", source=TEXT, why=MESSAGE)
NO_FILE = declare("camera.no_file", "%(source)s: cannot be opened: there is no such file; check its name", source=TEXT)
FILE_NOT_OPENED = declare(
    "camera.file_not_opened",
    "%(source)s: cannot be opened (%(why)s); check that it is a video and may be read",
    source=TEXT,
    why=MESSAGE,
)
NOTHING_LISTENS = declare(
    "camera.nothing_listens",
    "%(source)s: cannot be opened (%(why)s): nothing listens at port %(port)s; check the port, and whether the camera "
    "has this protocol switched on",
    source=TEXT,
    why=MESSAGE,
    port=COUNT,
)
UNKNOWN_NAME = declare(
    "camera.unknown_name",
    "%(source)s: cannot be opened: the name %(host)s is not known; check its spelling, or write the camera's number",
    source=TEXT,
    host=TEXT,
)
WEB_SERVER = declare(
    "camera.web_server",
    "%(source)s: cannot be opened: a web server answers at port %(port)s, no camera's stream; write the port of RTSP, "
    "which is 554 in most cameras",
    source=TEXT,
    port=COUNT,
)
OTHER_PROTOCOL = declare(
    "camera.other_protocol",
    "%(source)s: cannot be opened: %(protocol)s answers at port %(port)s; write %(scheme)s:// in front of it",
    source=TEXT,
    port=COUNT,
    protocol=TEXT,
    scheme=TEXT,
)
OTHER_TRANSPORT = declare(
    "camera.other_transport",
    "%(source)s: cannot be opened: the camera does not send in this way; set 'transport' to the other of tcp and udp",
    source=TEXT,
)
NO_SUCH_STREAM = declare(
    "camera.no_such_stream",
    "%(source)s: cannot be opened (%(why)s): the camera has no such stream; check the path behind the host",
    source=TEXT,
    why=MESSAGE,
)
BUSY = declare(
    "camera.busy",
    "%(source)s: cannot be opened (%(why)s): the camera takes no further viewer now; close other viewers, or restart "
    "the camera",
    source=TEXT,
    why=MESSAGE,
)
UNKNOWN_DIGEST = declare(
    "camera.unknown_digest",
    "%(source)s: asks for a login by %(algorithm)s, which cannot be answered; set the camera to Digest with SHA-256 or "
    "MD5",
    source=TEXT,
    algorithm=TEXT,
)
ASKS_FOR_LOGIN = declare(
    "camera.asks_for_login",
    "%(source)s: asks for user and password; give them under the camera's 'login' in the box file",
    source=TEXT,
)
REFUSES_LOGIN = declare(
    "camera.refuses_login",
    "%(source)s: refuses user and password; check the camera's login in the box file",
    source=TEXT,
)
SILENT = declare("camera.silent", "%(source)s: sent nothing for %(time)s s", source=TEXT, time=number("g"))
BROKE_OFF = declare("camera.broke_off", "%(source)s: broke off (%(why)s)", source=TEXT, why=MESSAGE)
ENDED = declare("camera.ended", "%(source)s: the camera ended the stream", source=TEXT)
CONNECTION_ENDED = declare("camera.connection_ended", "the connection ended")
NO_VIDEO = declare(
    "camera.no_video", "%(source)s: sends no video that can be decoded; check the stream's path", source=TEXT
)
NO_PICTURE = declare(
    "camera.no_picture",
    "%(source)s: sends no picture that can be decoded; check the stream's path and codec",
    source=TEXT,
)
NOT_COMPRESSED = declare(
    "camera.not_compressed",
    "%(source)s: its raw pictures of %(size)s cannot be compressed (%(why)s); "
    "ask for an even width and height with 'capture' in the box file",
    source=TEXT,
    size=TEXT,
    why=MESSAGE,
)
CLOCK_JUMPED = declare(
    "camera.clock_jumped", "%(source)s: its clock jumped by %(time)s s", source=TEXT, time=number(".2f")
)
FAILED = declare("camera.failed", "%(source)s: %(kind)s: %(why)s", source=TEXT, kind=TEXT, why=TEXT)
SIZE_CHANGED = declare(
    "camera.size_changed",
    "%(source)s: the picture changed from %(before)s to %(after)s",
    source=TEXT,
    before=TEXT,
    after=TEXT,
)
CODEC_CHANGED = declare(
    "camera.codec_changed",
    "%(source)s: its packets can no longer be decoded; the codec may have changed",
    source=TEXT,
)
TOO_LARGE = declare(
    "camera.too_large",
    "%(source)s: its pictures of %(size)s are too large to analyse; set the camera to %(most)s at most",
    source=TEXT,
    size=TEXT,
    most=TEXT,
)

# it works, but not as it should
DECODED_IN_SOFTWARE = declare(
    "camera.decoded_in_software",
    "%(hardware)s cannot decode %(codec)s here (%(why)s); decoding in software",
    hardware=TEXT,
    codec=TEXT,
    why=MESSAGE,
)
CALIBRATED_AT_OTHER_SIZE = declare(
    "camera.calibrated_at_other_size",
    "the picture is %(size)s but the calibration was made at %(calibrated)s: no floor is told; "
    "set the camera back or calibrate again",
    size=TEXT,
    calibrated=TEXT,
)
RECORDING_INCOMPLETE = declare(
    "camera.recording_incomplete", "the disk is too slow for the recording; a part of it is missing"
)
RECORDING_STOPPED = declare("camera.recording_stopped", "the recording stopped (%(why)s)", why=MESSAGE)
CLOCK_STEPS = declare(
    "camera.clock_steps",
    "the camera's clock was set while it sent; times go on without the step: "
    "let the camera synchronise its clock by NTP all the time, not once a day",
)
STAMPS_AT_OTHER_RATE = declare(
    "camera.stamps_at_other_rate",
    "the camera's time stamps run %(rate)s times as fast as its pictures come; they are not used, "
    "and pictures are timed by their arrival: set the camera's frame rate to one that it keeps",
    rate=number(".2f"),
)
NO_STAMPS = declare(
    "camera.no_stamps",
    "the stream carries no time stamps; pictures are timed by their arrival: RTSP tells times exactly",
)
DISK_TAKES_NO_RECORDS = declare(
    "camera.disk_takes_no_records", "the disk takes no records (%(why)s); they are kept in memory", why=MESSAGE
)

# the worker ended
WORKER_ENDED = declare("worker.ended", "its worker ended %(why)s", why=MESSAGE)
BY_SIGNAL = declare("worker.by_signal", "by signal %(signal)s", signal=TEXT)
WITH_EXIT_CODE = declare("worker.with_exit_code", "with exit code %(exit_code)s", exit_code=COUNT)
NO_SIGN_OF_LIFE = declare("worker.no_sign_of_life", "gave no sign of life for %(time)s s", time=number(".0f"))
TOO_MUCH_MEMORY = declare("worker.too_much_memory", "used more than %(most)s MB of memory", most=COUNT)
ENDS_REPEATEDLY = declare(
    "worker.ends_repeatedly",
    "the worker ends again and again: %(why)s; it is tried once a minute",
    why=MESSAGE,
)
EVIDENCE_ENDS = declare("box.evidence_ends", "the evidence process ends again and again: %(why)s", why=MESSAGE)
COURIER_ENDS = declare("box.courier_ends", "the courier ends again and again: %(why)s", why=MESSAGE)
CONSOLE_ENDS = declare("box.console_ends", "the console ends again and again: %(why)s", why=MESSAGE)
