"""The CEB messages: field tables, building, parsing, structural check."""

from .build import build, to_bytes, write
from .check import Remedy, StructureFinding, check
from .document import MessageData, MessageError, make_guid, number, read_stamp, stamp
from .parse import parse, root_of
from .reader import Reader
from .tables import MESSAGES, NAMESPACE

__all__ = [
    "MESSAGES",
    "NAMESPACE",
    "MessageData",
    "MessageError",
    "Reader",
    "Remedy",
    "StructureFinding",
    "build",
    "check",
    "make_guid",
    "number",
    "parse",
    "read_stamp",
    "root_of",
    "stamp",
    "to_bytes",
    "write",
]
