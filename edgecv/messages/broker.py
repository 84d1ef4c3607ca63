"""What is wrong between the box or the console and an MQTT broker; what follows the broker's name, and the whole."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT, number

CONNECTING = declare("broker.connecting", "connecting to broker %(address)s", address=TEXT)
PROBLEM = declare("broker.problem", "broker %(address)s %(why)s", address=TEXT, why=MESSAGE)
REFUSES_TOPICS = declare(
    "broker.refuses_topics",
    "broker %(address)s refuses the subscription to %(topics)s; check its rules",
    address=TEXT,
    topics=TEXT,
)

# what follows the broker's name
UNREACHABLE = declare("broker.unreachable", "cannot be reached (%(why)s)", why=MESSAGE)
NO_ANSWER = declare("broker.no_answer", "gave no answer within %(time)s s", time=number("g"))
REFUSES = declare("broker.refuses", "refuses the connection (%(why)s)", why=MESSAGE)
REFUSES_LOGIN = declare(
    "broker.refuses_login", "refuses the connection (%(why)s); check user and password", why=MESSAGE
)
REFUSED = declare("broker.refused", "refused the connection (%(why)s)", why=MESSAGE)
HUNG_UP = declare(
    "broker.hung_up",
    "hung up before its welcome; check that it speaks MQTT 5 on this port, and whether it wants mqtts://",
)
WANTS_CERTIFICATE = declare(
    "broker.wants_certificate",
    "hung up before its welcome; if it asks for the box's own certificate, give certificate_file",
)
ANOTHER_BOX = declare(
    "broker.another_box",
    "closed the connection: another box has the same site and target name, and so the same client id",
)
CLOSED = declare("broker.closed", "closed the connection")
CLOSED_FOR = declare("broker.closed_for", "closed the connection (%(why)s)", why=MESSAGE)
NO_REASON = declare("broker.no_reason", "no reason given")
LARGE_PACKET = declare("broker.large_packet", "sent a packet of more than %(count)s bytes", count=COUNT)
QOS_2 = declare("broker.qos_2", "sent a message of QoS 2, which was not asked for")
NOT_MQTT = declare("broker.not_mqtt", "sent what is not MQTT 5 (%(kind)s)", kind=TEXT)
