"""What is wrong between the box or the console and an MQTT broker."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT

CONNECTING = declare("broker.connecting", "connecting to broker %(address)s", address=TEXT)
PROBLEM = declare("broker.problem", "broker %(address)s %(why)s", address=TEXT, why=MESSAGE)
UNREACHABLE = declare("broker.unreachable", "broker %(address)s cannot be reached (%(why)s)", address=TEXT, why=MESSAGE)
REFUSES = declare("broker.refuses", "broker %(address)s refuses the connection (%(why)s)", address=TEXT, why=MESSAGE)
REFUSES_LOGIN = declare(
    "broker.refuses_login",
    "broker %(address)s refuses the connection (%(why)s); check user and password",
    address=TEXT,
    why=MESSAGE,
)
REFUSED = declare("broker.refused", "broker %(address)s refused the connection (%(why)s)", address=TEXT, why=MESSAGE)
REFUSES_TOPICS = declare(
    "broker.refuses_topics",
    "broker %(address)s refuses the subscription to %(topics)s; check its rules",
    address=TEXT,
    topics=TEXT,
)
CLOSED_FOR = declare(
    "broker.closed_for", "broker %(address)s closed the connection (%(why)s)", address=TEXT, why=MESSAGE
)
CLOSED = declare("broker.closed", "closed the connection")
LARGE_PACKET = declare("broker.large_packet", "sent a packet of more than %(count)s bytes", count=COUNT)
QOS_2 = declare("broker.qos_2", "sent a message of QoS 2, which was not asked for")
NOT_MQTT = declare("broker.not_mqtt", "sent what is not MQTT 5 (%(kind)s)", kind=TEXT)
