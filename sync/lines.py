"""Content lines of RFC 5545: values as text, and lines folded into octets (3.1, 3.3)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

OCTETS = 75
"""What a line holds at most, its end not counted."""

_TEXT = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def text(value: str) -> str:
    """A value of the type TEXT. It holds no control character but newlines."""
    return value.translate(_TEXT)


def utc(moment: datetime) -> str:
    """An aware moment as DATE-TIME with UTC time."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def local(name: str, wall: datetime, zone: ZoneInfo) -> str:
    """The line of a property that holds a DATE-TIME on the zone's clock."""
    if zone.key == "UTC":
        # TZID must not be applied to UTC times.
        return f"{name}:{wall:%Y%m%dT%H%M%SZ}"
    return f"{name};TZID={zone.key}:{wall:%Y%m%dT%H%M%S}"


def written(lines: Iterable[str]) -> bytes:
    """The lines as octets, long ones folded, never inside a character."""
    return b"".join(_folded(line) for line in lines)


def _folded(line: str) -> bytes:
    octets = line.encode()
    if len(octets) <= OCTETS:
        return octets + b"\r\n"
    parts, start = [], 0
    room = OCTETS
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0xC0 == 0x80:  # amid a character of several octets
            end -= 1
        parts.append(octets[start:end])
        start = end
        # The space that begins a further line is one of its octets.
        room = OCTETS - 1
    parts.append(octets[start:])
    return b"\r\n ".join(parts) + b"\r\n"
