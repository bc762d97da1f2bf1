"""Reading the few ASN.1 structures that no library reads for SM2: keys and the public key of a certificate."""

from __future__ import annotations

from dataclasses import dataclass

SEQUENCE, INTEGER, BITS, OCTETS, OID = 0x30, 0x02, 0x03, 0x04, 0x06
_LONG = 0x80


class DerError(ValueError):
    """The bytes are not the structure that was asked for."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag byte and its content."""

    tag: int
    content: bytes

    def children(self) -> list[Element]:
        """Read the content as elements."""
        return elements(self.content)

    def must(self, tag: int) -> bytes:
        """Return the content of an element that has to have this tag."""
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#04x} where {tag:#04x} was expected")
        return self.content

    def integer(self) -> int:
        """Return a non-negative INTEGER."""
        content = self.must(INTEGER)
        if not content or content[0] & _LONG:
            raise DerError("an INTEGER is empty or negative")
        return int.from_bytes(content, "big")

    def oid(self) -> str:
        """Return an OBJECT IDENTIFIER in dotted form."""
        content = self.must(OID)
        if not content:
            raise DerError("an OBJECT IDENTIFIER is empty")
        arcs, value = [min(content[0] // 40, 2)], 0
        arcs.append(content[0] - 40 * arcs[0])
        for byte in content[1:]:
            value = value << 7 | byte & 0x7F
            if not byte & _LONG:
                arcs.append(value)
                value = 0
        return ".".join(str(arc) for arc in arcs)

    def bits(self) -> bytes:
        """Return a BIT STRING of whole bytes."""
        content = self.must(BITS)
        if not content or content[0]:
            raise DerError("a BIT STRING is not of whole bytes")
        return content[1:]


def elements(octets: bytes) -> list[Element]:
    """Read elements that follow each other; trailing bytes are an error."""
    found, at = [], 0
    while at < len(octets):
        element, at = _one(octets, at)
        found.append(element)
    return found


def single(octets: bytes) -> Element:
    """Read exactly one element."""
    found = elements(octets)
    if len(found) != 1:
        raise DerError(f"{len(found)} elements where one was expected")
    return found[0]


def _one(octets: bytes, at: int) -> tuple[Element, int]:
    if at + 2 > len(octets):
        raise DerError("cut short")
    tag, length = octets[at], octets[at + 1]
    at += 2
    if length & _LONG:
        count = length & 0x7F
        if not 1 <= count <= 4 or at + count > len(octets):
            raise DerError("a length that is too long")
        length = int.from_bytes(octets[at : at + count], "big")
        at += count
    if at + length > len(octets):
        raise DerError("cut short")
    return Element(tag, octets[at : at + length]), at + length
