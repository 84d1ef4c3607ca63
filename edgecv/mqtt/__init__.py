"""Connections to MQTT 5 brokers: the only room that imports paho.

In come a broker's address, credentials and packets to publish or topics to subscribe to; out go packet numbers with the
broker's answers (``Publisher``) and messages that stay unacknowledged until their taker has stored them
(``Subscriber``). A connection is driven by the thread that owns it, with QoS 1 throughout. ``BoundedClient`` limits
what a broker may send; ``BrokerConnectionError`` says in plain words why a connection failed and what to check.
"""

from paho.mqtt.reasoncodes import ReasonCode

from edgecv.mqtt.connection import BrokerConnectionError, ConnectOptions, Credentials
from edgecv.mqtt.credentials import BrokerSettings, read_credentials
from edgecv.mqtt.publication import Publication
from edgecv.mqtt.publisher import Publisher
from edgecv.mqtt.subscriber import Received, ReceiveLimits, Subscriber
from edgecv.mqtt.topics import device_topic, topic_matches

__all__ = [
    "BrokerConnectionError",
    "BrokerSettings",
    "ConnectOptions",
    "Credentials",
    "Publication",
    "Publisher",
    "ReasonCode",
    "ReceiveLimits",
    "Received",
    "Subscriber",
    "device_topic",
    "read_credentials",
    "topic_matches",
]
