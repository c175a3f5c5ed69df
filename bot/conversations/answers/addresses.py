"""Addresses of calendars as they are typed or pasted, and words as a chat may show them."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.grammar.words import Misread
from core.phrase import say

LONGEST_ADDRESS = 2000

_ADDRESS = re.compile(
    r"(?:webcal|https?)://[^\s<>\"“”«»]+"
    # Without its scheme, as some browsers show it.
    r"|[\w-]+(?:\.[\w-]+)+(?::\d+)?/[^\s<>\"“”«»]*\.ics\b[^\s<>\"“”«»]*",
    re.IGNORECASE,
)
_STOPS = ".,;:!?)]}'"
_CALENDAR = re.compile(r"\.ics\b|/ical/|calendar", re.IGNORECASE)
_SERVER = re.compile(r"(?:https?://)?[^\s/@:]+\.[^\s/@:]+(?::\d+)?(?:/\S*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Login:
    """What was told of an account on a calendar server; None where it is still to be asked."""

    server: str
    user: str | None = None
    password: str | None = None


def calendar_address(text: str, *, asked: bool) -> str | Misread | None:
    """The address of a calendar in a text, with its scheme (webcal or https).

    Unless it was `asked` for, only what looks like a calendar's counts, so that other links stay
    what they are; None where there is none.
    """
    for found in _ADDRESS.finditer(text):
        address = _with_scheme(found[0].rstrip(_STOPS))
        scheme, _, rest = address.partition("://")
        if not _host(address) or len(address) > LONGEST_ADDRESS:
            continue
        if scheme.lower() != "webcal" and not asked and not _CALENDAR.search(rest):
            continue
        if scheme.lower() == "http":
            return Misread(say("calendars.busy.http"))
        return f"{scheme.lower()}://{rest}"
    return Misread(say("calendars.busy.misread")) if asked else None


def read_login(text: str) -> Login | Misread:
    """The server, then the user, then the password, as far as they are told: "caldav.icloud.com
    sarah@icloud.com abcd-efgh". What follows the user is the password, blanks included."""
    server, *rest = text.split(maxsplit=1) or [""]
    if _SERVER.fullmatch(server) is None or len(server) > LONGEST_ADDRESS:
        return Misread(say("calendars.dav.misread"))
    if server.lower().startswith("http://"):
        return Misread(say("calendars.dav.http"))
    server = _with_scheme(server)
    if not _host(server):
        return Misread(say("calendars.dav.misread"))
    user, password = read_user(rest[0]) if rest else (None, None)
    return Login(server, user, password)


def read_user(text: str) -> tuple[str | None, str | None]:
    """The user, and the password where it stands behind; None for what is not there."""
    user, *password = text.split(maxsplit=1) or [""]
    return user or None, password[0].strip() if password else None


def host_of(address: str) -> str:
    """The host of an address that was read here: what can be shown of it."""
    return _host(address)


def holds_address(text: str) -> bool:
    """Whether a text holds what may be meant as an address, sound or not."""
    return re.search(r"[^\s.][./:@][^\s.]", text) is not None


def without_addresses(text: str) -> str:
    """A text in which only the host of an address can be read: what follows may open something."""
    return _ADDRESS.sub(lambda found: f"{_host(_with_scheme(found[0]))}/…", text)


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"https://{address}"


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""
