"""Numbers of the console that were chosen, each with its reason."""

from __future__ import annotations

from edgecv.untrusted import MAX_JSON_BYTES

SESSION_IDLE_S = 8 * 3600.0
"""A login ends when it was not used for a shift."""
SESSION_LONGEST_S = 7 * 86400.0
"""A worker's phone asks for the password once a week."""
SEEN_EVERY_S = 60.0
"""The use of a session is noted once a minute, lest every picture cost a write."""

LOGIN_WINDOW_S = 900.0
LOGIN_FAILURES_PER_NAME = 5
"""In a window, from one address; at 20 guesses an hour even a weak password outlives its owner's patience."""
LOGIN_SLOW_AFTER = 10
"""Failures of a name in a window, from all addresses together, after which each more makes a try of it wait..."""
LOGIN_SLOW_STEP_S = 0.5
LOGIN_SLOWEST_S = 15.0
"""...so much longer, up to this: guessing from everywhere is slowed, and its owner still gets in."""
LOGIN_FAILURES_PER_ADDRESS = 20
"""A whole office may come from one address, and mistype."""

OIDC_TIMEOUT_S = 10.0
"""A provider that is silent for longer is not there; somebody waits before an empty page."""
OIDC_AWAY_S = 10.0
"""A provider that did not answer is not asked again for so long: whoever clicks would wait, and all wait in threads."""
OIDC_BEGUN_S = 600.0
"""How long somebody may take to log in at the provider: to find the phone with the second factor, not to have lunch."""
OIDC_METADATA_S = 3600.0
"""What a provider says of itself is read anew so often; a new key is noticed at once."""
OIDC_LEEWAY_S = 60
"""How far the clocks of provider and console may be apart, seconds."""

PASSWORD_CHARS = 10
"""Shortest password; NIST SP 800-63B asks for 8 and, without a second factor, for more."""
PASSWORD_LONGEST = 256
"""Longer ones cost hashing time that anybody could ask for."""

HASHES_AT_ONCE = 2
"""Argon2 takes 64 MiB and all cores for 0.1 s: two at once are enough for whole offices, and leave cameras the rest."""
HASHES_WAITING = 16
"""...and so many wait, for some seconds; who comes then is asked to try again."""
HASH_RETRY_S = 5

FORM_BYTES = 256 * 1024
"""Largest form or JSON body; notes are short, and everything larger is a file and comes by another way."""

OPEN_FORM_BYTES = 8 * 1024
"""Largest form of those who have not logged in: a name and a password."""
FORM_FIELDS = 200
"""Fields of a form or query; the largest page has about thirty."""
FIELD_CHARS = 10_000
"""Longest field of a form or query: five times the longest note, and what a provider of logins sends back."""
PATH_CHARS = 1000
"""Longest path; an incident's id and a file's name have 100 each."""

UPLOADS_AT_ONCE = 4
"""Of one site; a box sends one file after the other, and a site has few boxes."""
UNFINISHED_INCIDENTS = 64
"""Of one site; a box finishes one before it begins the next."""
UNFINISHED_BYTES = 8 * 1024**3
"""Of one site, together."""
UNFINISHED_YOUNG_S = 3600.0
"""What was added to in the last hour is not dropped to make room for others."""
UNFINISHED_S = 7 * 86400.0
"""A box that was cut off goes on when it is there again; after a week it is not the same upload any more."""
KEPT_FREE_BYTES = 2 * 1024**3
KEPT_FREE_SHARE = 0.03
"""Uploads leave so much of the disk free, whichever is less: the database lies there, too."""
EVIDENCE_FILES = 64
"""Files of one incident; a box writes about ten."""
TOKEN_CHARS = 32
"""Shortest token of a box: 128 bits in hex, beyond all guessing."""

PAGE_ROWS = 30
"""Incidents a page: more than a screen, less than a phone minds."""
API_ROWS = 200

LIVE_CHECK_S = 5.0
"""How long a stream may outlive the login it was opened with; a look at the session costs a millisecond."""
LIVE_STREAMS = 32
"""Of one user at a time: each open page holds one, and each takes one of the connections that everybody shares."""
LIVE_LATER_S = 60
"""After so long a page that was one too many asks again, seconds."""
LIVE_PING_S = 15.0
"""Between comments on a quiet stream: proxies close what is silent for 30 to 60 s."""

BOX_POLL_S = 0.5
"""How often a console on a box looks whether its database has something new."""
BATCH = 200
"""Events in one transaction: a commit costs 5-10 ms on a box's disk, whatever is in it."""
BROKER_INFLIGHT = 200
"""Messages the broker hands over before it waits for us."""
BROKER_WAITING_BYTES = 64 * 1024 * 1024
"""Of payloads that wait to be stored; what is more waits in the network. An event is a few KB."""
BROKER_PACKET_BYTES = MAX_JSON_BYTES + 128 * 1024
"""Longest packet asked of the broker: a message as long as it may be, with its topic and properties."""
BROKER_SESSION_S = 14 * 86400
"""How long the broker keeps what comes while the hub is away."""
RETRY_S = 2.0
UNCLAIMED_BYTES = 64 * 1024
"""Of a message that cannot be understood, so much is kept: enough to see what it is."""
UNCLAIMED_ROWS = 1000
"""Messages that are kept aside, for each site and kind of message: years of alarms of a box whose site is not added
yet; a flood of one kind displaces no other."""
CLAIM_BATCH = 50
"""Messages kept aside that are taken in at once, of up to 1 MB each."""
DEVICES_PER_SITE = 1000
"""Devices of a site whose states are kept: the devices page shows them all."""
AHEAD_S = 86400.0
"""A box's clock without a battery may be a day ahead. One that is further ahead of the console's own is wrong: what it
says happened when it came, and what began later is not counted."""

STATISTICS_YEARS = 20
"""Counted at a time: as long as a building's cameras live, and a table that can still be read."""
FLOOR_BAND = 5
"""Floors that are counted together: few enough bands to see where throws come from, enough cases in each."""
TREND_MONTHS = 12
"""Whole months from which a trend is told: in fewer, summer's open windows look like one."""
TREND_CASES = 10

STILL_FRESH_S = 5.0
"""A live picture older than this is not shown as one of now."""
STILL_WAIT_S = 6.0
"""How long whoever calibrates waits for a picture: the next key frame of a slow camera comes within it."""
STILL_KEPT_S = 3600.0
"""A clear picture is kept in memory for a calibration's time, on the disk for a second."""
DUE_S = {"new": 4 * 3600.0, "confirmed": 86400.0, "assigned": 3 * 86400.0, "investigated": 3 * 86400.0}
"""How long a case may stand in a state before somebody is reminded: judge it within the shift, send somebody within
a day; a visit and its report take days, for people are not at home. The states that are not here are the end."""
OVERDUE_COUNTED = 99
"""Overdue cases are counted so far: beyond it the number tells nobody anything, and counting costs."""
CHORES_EVERY_S = 30.0
"""Between rounds of reminders and tidying."""
REMINDERS_AT_ONCE = 50

OPENING_S = 900.0
"""So long a reason stands for looking at untouched evidence: a clip is watched a few times, then one asks anew."""
NOTE_CHARS = 2000
"""Longest note or reason."""

PICTURE_QUALITY = 88
PICTURES_WAITING = 8
"""Requests that may wait for a picture to be made; each holds one of the console's 40 threads."""
PICTURES_FAILED = 1000
"""Pictures that could not be made are remembered, so many, lest each look at a page costs a try."""
CHECKS_AT_ONCE = 2
"""Comparing evidence with its hashes reads a clip of up to 1 GiB: two cores of work, and the other pages go on."""
CHECKS_WAITING = 64
"""...and so many requests wait for their turn; they take no thread, only a connection."""
REPLAYS_WAITING = 20
"""Replays that may wait; at some minutes each that is a morning."""
