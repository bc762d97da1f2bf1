"""Ways to the port and back: a port, a pair of folders, an HTTP gateway, a message broker."""

from .amqp import AmqpAddress, AmqpBroker
from .folder import DropFolder
from .http import HttpGateway
from .port import Incoming, Transport, file_name

__all__ = ["AmqpAddress", "AmqpBroker", "DropFolder", "HttpGateway", "Incoming", "Transport", "file_name"]
