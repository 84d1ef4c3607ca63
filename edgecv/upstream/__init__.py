"""Incidents on their way out: messages wait in the outbox until every target has confirmed them.

In come ``Incident`` records as CloudEvents in the box's database, out they go to MQTT 5 brokers, webhooks and the place
that collects evidence: ``DeliveryService`` for the daemon, ``publish_incidents`` for a replay that pushes and ends.
"""

from edgecv.config.broker import BrokerAddress, parse_broker_url
from edgecv.incidents.cloudevents import incident_event
from edgecv.upstream.delivery_service import DeliveryService, target_names
from edgecv.upstream.replay_publisher import BrokerError, PushResult, publish_incidents
from edgecv.upstream.target_sender import TargetStatus

__all__ = [
    "BrokerAddress",
    "BrokerError",
    "DeliveryService",
    "PushResult",
    "TargetStatus",
    "incident_event",
    "parse_broker_url",
    "publish_incidents",
    "target_names",
]
