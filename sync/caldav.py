"""A family's calendar on a CalDAV server (RFC 4791): where it may stand, and our objects in it.

One way: we write, and never read what people keep there. An object is ours by its UID, which
nobody else gives; where it was changed or taken away there, ours wins with our next change of it.
What carries another UID is left alone, whatever it is called.
"""

import re
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from caldav.elements import cdav, dav
from caldav.elements.base import BaseElement
from icalendar import Calendar

from core.addresses import UID_DOMAIN
from sync.dav import Answer, NotCalDav, Server
from sync.errors import Forbidden, NotFound, Refused
from sync.ical import CalendarObject
from sync.plan import Action, Create, Known, Remove, Replace, Wanted

NAME = "BrightPath"
"""What a collection that we make is called; one of this name that is there already is used."""

TRIES = 3
"""How often something is written that others are changing at the same moment."""

WELL_KNOWN = "/.well-known/caldav"
"""Where a host tells its calendar service (RFC 6764)."""

_SERVICES = {
    "icloud.com": "caldav.icloud.com",
    "me.com": "caldav.icloud.com",
    "mac.com": "caldav.icloud.com",
    "fastmail.com": "caldav.fastmail.com",
    "fastmail.fm": "caldav.fastmail.com",
}
"""Hosts of calendars whose people know the other name only, by which they are not found."""

_OURS = re.compile(r"brightpath-[0-9a-f]{32}")

_CALENDAR = "{urn:ietf:params:xml:ns:caldav}calendar"
_HOME = "{urn:ietf:params:xml:ns:caldav}calendar-home-set"
_COMPONENTS = "{urn:ietf:params:xml:ns:caldav}supported-calendar-component-set"
_UID_CONFLICT = "{urn:ietf:params:xml:ns:caldav}no-uid-conflict"
_PRINCIPAL = "{DAV:}current-user-principal"
_PRIVILEGES = "{DAV:}current-user-privilege-set"
_WRITING = frozenset(("{DAV:}all", "{DAV:}write", "{DAV:}write-content"))


def _xml(element: BaseElement, *children: BaseElement) -> BaseElement:
    for child in children:
        element = element + child
    return element


_PROPERTIES = str(
    _xml(
        dav.Propfind(),
        _xml(
            dav.Prop(),
            dav.ResourceType(),
            dav.DisplayName(),
            dav.CurrentUserPrincipal(),
            dav.CurrentUserPrivilegeSet(),
            cdav.CalendarHomeSet(),
            cdav.SupportedCalendarComponentSet(),
        ),
    )
)
_ETAG = str(_xml(dav.Propfind(), _xml(dav.Prop(), dav.GetEtag())))
_EVENTS_ONLY = _xml(cdav.SupportedCalendarComponentSet(), cdav.Comp("VEVENT"))
_MAKE = str(
    _xml(
        cdav.Mkcalendar(),
        _xml(dav.Set(), _xml(dav.Prop(), dav.DisplayName(NAME), _EVENTS_ONLY)),
    )
)


@dataclass(frozen=True, slots=True)
class CalendarCollection:
    """A calendar on the server. `events`: it takes events, not only tasks; `writable`: as far as
    the server says."""

    url: str
    name: str
    events: bool = True
    writable: bool = True


@dataclass(frozen=True, slots=True)
class Home:
    """Where a person's calendars stand, and those that are there."""

    url: str
    calendars: tuple[CalendarCollection, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What an action has left there: our object under this etag (None if the server gives none),
    or (`known` None) nothing."""

    event_id: str
    known: Known | None


def service_address(typed: str) -> str:
    """The address that a person means: a URL, a host, or an e-mail address at the host.

    `NotCalDav` if it is none of these.
    """
    words = typed.strip()
    scheme, separator, rest = words.partition("://")
    if not separator:
        scheme, rest = "https", words
    elif scheme.lower() in ("caldav", "caldavs", "webcal"):
        scheme = "https"
    try:
        parts = urlsplit(f"{scheme.lower()}://{rest}")
        host, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        raise NotCalDav("address") from None
    if not host or any(character.isspace() for character in rest):
        raise NotCalDav("address")
    host = _SERVICES.get(host.removeprefix("www."), host)
    shown = f"[{host}]" if ":" in host else host
    # What stands before the host is left out: who asks is said apart, never in an address.
    netloc = shown if port is None else f"{shown}:{port}"
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))


def new_name() -> str:
    """The last segment of the URL of a collection that we make. It tells that we made it."""
    return f"brightpath-{uuid.uuid4().hex}"


def made_by_us(url: str) -> bool:
    """Whether a collection's URL is one that we gave."""
    return _OURS.fullmatch(urlsplit(url).path.rstrip("/").rpartition("/")[2]) is not None


def discover(server: Server, address: str) -> CalendarCollection | Home:
    """What stands at the address, or where it leads (RFC 6764, 6): the calendar itself, or the
    home of the person's calendars. `NotCalDav` if it leads nowhere; else as `Server.ask`."""
    for url in _candidates(address):
        found = _look(server, url)
        if found is None:
            continue
        (_, own), *_rest = found.resources
        if _is_calendar(own):
            return _collection(found.url, own)
        home = _home(found.url, own) or _home_of_principal(server, found)
        if home is not None:
            return _listed(server, home)
    raise NotCalDav("no home")


def place(found: CalendarCollection | Home, fresh: str) -> tuple[str, bool]:
    """The URL of the collection to write into, and whether it is to be made first: the one that
    was named, else one of our name, else a new one, `fresh` its last segment. `Forbidden` for one
    that may not be written, `NotCalDav` for one without events."""
    if isinstance(found, CalendarCollection):
        if not found.events:
            raise NotCalDav("no events")
        if not found.writable:
            raise Forbidden("read-only")
        return found.url, False
    for calendar in found.calendars:
        if calendar.name.casefold() == NAME.casefold() and calendar.events and calendar.writable:
            return calendar.url, False
    return urljoin(_folder(found.url), f"{fresh}/"), True


def settle(server: Server, address: str) -> str:
    """The URL of the collection to write into, made if need be. Raises as `discover`, `place` and
    `make_collection`."""
    url, new = place(discover(server, address), new_name())
    if new:
        make_collection(server, url)
    return url


def make_collection(server: Server, url: str) -> None:
    """A new collection of our name. `Forbidden` where the server lets nobody make calendars;
    else as `Server.ask`."""
    answer = server.ask("MKCALENDAR", url, _MAKE)
    if answer.status in (403, 405, 501):
        raise Forbidden("no new calendars")
    if answer.status not in (201, 207):
        raise Refused(f"status {answer.status}")


def wanted_objects(
    objects: Iterable[CalendarObject], known: Collection[str], since: date
) -> list[Wanted[CalendarObject]]:
    """Each as a resource, but for what was over before `since` and is not there already (by
    `known`, names of resources): nobody who connects waits for last year's lessons."""
    named = ((_resource_name(each.uid), each) for each in objects)
    return [
        Wanted(name, each.uid, sha256(each.body).hexdigest(), each)
        for name, each in named
        if each.last_day is None or each.last_day >= since or name in known
    ]


def carry_out(server: Server, collection: str, action: Action[CalendarObject]) -> Done:
    """One action, so that it holds however often it is carried out.

    Raises `NotFound` if the collection is gone, `Refused` if this one object cannot be written;
    else as `Server.ask`.
    """
    match action:
        case Create(wanted):
            return _written(server, collection, wanted, None)
        case Replace(wanted, known):
            return _written(server, collection, wanted, known.etag)
        case Remove(known):
            url = urljoin(_folder(collection), known.event_id)
            if not _remove(server, url, known.uid, known.etag):
                # Taken away there, or only moved to another name.
                _remove_twins(server, collection, known.uid)
            return Done(known.event_id, None)


def drop_if_empty(server: Server, collection: str) -> bool:
    """Takes the collection away if nothing is in it; whether it is gone."""
    listed = server.ask("PROPFIND", collection, _ETAG, {"Depth": "1"})
    own = unquote(urlsplit(listed.url).path).rstrip("/")
    if any(path.rstrip("/") != own for path, _ in listed.resources):
        return False
    if listed.status not in (207, 404, 410):
        return False
    return server.ask("DELETE", collection).status in (200, 202, 204, 404, 410)


def _candidates(address: str) -> list[str]:
    here = urlsplit(address).path
    guesses = [urljoin(address, WELL_KNOWN), urljoin(address, "/")]
    return guesses if here in ("", "/") else [address, *guesses]


def _look(server: Server, url: str) -> Answer | None:
    """What the resource itself says; None if this is no WebDAV."""
    try:
        answer = server.ask("PROPFIND", url, _PROPERTIES, {"Depth": "0"})
    except (Forbidden, Refused):
        return None
    return answer if answer.status == 207 and answer.resources else None


def _home(base: str, properties: Mapping[str, Any]) -> str | None:
    home = properties.get(_HOME)
    if isinstance(home, list):
        home = home[0] if home else None
    return urljoin(base, home) if isinstance(home, str) and home else None


def _home_of_principal(server: Server, found: Answer) -> str | None:
    principal = found.resources[0][1].get(_PRINCIPAL)
    if not isinstance(principal, str) or not principal:
        return None
    told = _look(server, urljoin(found.url, principal))
    return None if told is None else _home(told.url, told.resources[0][1])


def _listed(server: Server, home: str) -> Home:
    listed = server.ask("PROPFIND", home, _PROPERTIES, {"Depth": "1"})
    if listed.status != 207:
        raise NotCalDav("no home")
    calendars = tuple(
        _collection(urljoin(listed.url, quote(path, safe="/@")), properties)
        for path, properties in listed.resources
        if _is_calendar(properties)
    )
    return Home(listed.url, calendars)


def _is_calendar(properties: Mapping[str, Any]) -> bool:
    return _CALENDAR in (properties.get("{DAV:}resourcetype") or ())


def _collection(url: str, properties: Mapping[str, Any]) -> CalendarCollection:
    components = properties.get(_COMPONENTS)
    privileges = properties.get(_PRIVILEGES)
    return CalendarCollection(
        url=url,
        name=str(properties.get("{DAV:}displayname") or ""),
        # Both are optional: a server that says nothing takes everything, until it refuses.
        events=not components or "VEVENT" in components,
        writable=not privileges or not _WRITING.isdisjoint(privileges),
    )


def _folder(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


def _resource_name(uid: str) -> str:
    """A name for life, without characters that servers spell in different ways."""
    name = uid.removesuffix(f"@{UID_DOMAIN}")
    if not name.isascii() or not name.replace("-", "").isalnum():
        name = sha256(uid.encode()).hexdigest()
    return f"{name}.ics"


def _written(
    server: Server, collection: str, wanted: Wanted[CalendarObject], etag: str | None
) -> Done:
    """Writes an object over what has this etag (None: over nothing), or over whatever of ours
    is there instead."""
    url = urljoin(_folder(collection), wanted.event_id)
    body = wanted.body.body.decode()
    for _ in range(TRIES):
        condition = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        answer = server.ask(
            "PUT", url, body, {"Content-Type": 'text/calendar; charset="utf-8"', **condition}
        )
        if answer.status in (200, 201, 204):
            # A server that keeps it otherwise than we sent it gives no etag (RFC 4791, 5.3.4).
            now = _strong(answer.etag) or _etag_of(server, url)
            return Done(
                wanted.event_id, Known(wanted.event_id, wanted.uid, wanted.fingerprint, now)
            )
        if _UID_CONFLICT in answer.conditions:
            # An app has moved it to another name.
            _remove_twins(server, collection, wanted.uid)
        elif answer.status not in (404, 409, 410, 412):
            raise Refused(f"status {answer.status}")
        elif answer.status != 412 and _look(server, collection) is None:
            raise NotFound("collection")
        there = _read(server, url)
        if there is not None and there.uid != wanted.uid:
            raise Refused("not ours")
        etag = None if there is None else there.etag
    raise Refused("precondition")


def _remove(server: Server, url: str, uid: str, etag: str | None) -> bool:
    """Takes an object of ours away, whatever it says by now; leaves what is not ours. Whether one
    was there."""
    for _ in range(TRIES):
        if etag is None:
            there = _read(server, url)
            if there is None or there.uid != uid:
                return False
            etag = there.etag
        answer = server.ask("DELETE", url, headers={"If-Match": etag} if etag else {})
        if answer.status in (200, 202, 204):
            return True
        if answer.status in (404, 410):
            return False
        if answer.status != 412:
            raise Refused(f"status {answer.status}")
        etag = None
    raise Refused("precondition")


def _remove_twins(server: Server, collection: str, uid: str) -> None:
    """Takes away what bears our UID under another name than ours."""
    named = _xml(cdav.PropFilter("UID"), cdav.TextMatch(uid))
    events = _xml(cdav.CompFilter("VCALENDAR"), _xml(cdav.CompFilter("VEVENT"), named))
    query = _xml(cdav.CalendarQuery(), _xml(dav.Prop(), dav.GetEtag()), _xml(cdav.Filter(), events))
    found = server.ask("REPORT", collection, str(query), {"Depth": "1"})
    for path, _ in found.resources:
        # The filter finds texts that hold it; reading it first makes sure that it is ours.
        _remove(server, urljoin(found.url, quote(path, safe="/@")), uid, None)


@dataclass(frozen=True, slots=True)
class _There:
    uid: str
    etag: str | None


def _read(server: Server, url: str) -> _There | None:
    """Whose object stands at the URL, and its etag; None if there is none."""
    answer = server.ask("GET", url)
    if answer.status in (404, 410):
        return None
    try:
        uids = {str(event["UID"]) for event in Calendar.from_ical(answer.text).walk("VEVENT")}
    except (ValueError, KeyError):
        uids = set()
    etag = _strong(answer.etag) or _etag_of(server, url)
    return _There(uids.pop() if len(uids) == 1 else "", etag)


def _etag_of(server: Server, url: str) -> str | None:
    answer = server.ask("PROPFIND", url, _ETAG, {"Depth": "0"})
    for _, properties in answer.resources:
        return _strong(properties.get("{DAV:}getetag"))
    return None


def _strong(etag: str | None) -> str | None:
    """An etag as If-Match takes it. A weak one matches nothing (RFC 9110, 13.1.1), but mostly a
    proxy has weakened what the server itself knows as strong."""
    return etag.removeprefix("W/") if etag else None
