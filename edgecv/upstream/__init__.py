"""Incidents on their way out: in come ``Incident`` records, out go CloudEvents, acknowledged by an MQTT 5 broker."""

from edgecv.config.broker import BrokerAddress, parse_broker_url
from edgecv.upstream.cloudevents import incident_event
from edgecv.upstream.mqtt import BrokerError, PushResult, publish_incidents

__all__ = ["BrokerAddress", "BrokerError", "PushResult", "incident_event", "parse_broker_url", "publish_incidents"]
