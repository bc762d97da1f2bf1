"""Ways to the port and back: a port, a pair of folders, an HTTP gateway."""

from .folder import DropFolder
from .http import HttpGateway
from .port import Incoming, Transport

__all__ = ["DropFolder", "HttpGateway", "Incoming", "Transport"]
