"""A family's objects in a collection of a real server, and what others do to them there."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from davservers import LOGIN, Running, radicale

from bot.texts import translator
from sync.caldav import (
    CalendarCollection,
    Home,
    carry_out,
    discover,
    drop_if_empty,
    made_by_us,
    make_collection,
    new_name,
    place,
    service_address,
    wanted_objects,
)
from sync.dav import Login, NotAllowed, NotCalDav, Server
from sync.errors import AccessRevoked, Forbidden, NotFound, Refused, Unavailable
from sync.ical import CalendarObject, FeedContent, FeedEvent, calendar_objects
from sync.plan import Create, Known, Remove, Replace, Wanted

MONDAY = date(2026, 11, 30)
CHANGED = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
ENGLISH = translator("en")

FOREIGN = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Somebody//Else//EN\r\nBEGIN:VEVENT\r\n"
    "UID:{uid}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261201T160000Z\r\nSUMMARY:{summary}\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def lesson(uid: str, start: int = 540, name: str = "Mathematics") -> Wanted[CalendarObject]:
    event = FeedEvent(
        f"{uid}@brightpath", 0, CHANGED, MONDAY, start, start + 30, name, "Noah", "Sarah"
    )
    feed = FeedContent("Kim", "America/New_York", "en", CHANGED, events=(event,))
    (wanted,) = wanted_objects(calendar_objects(feed, ENGLISH, today=MONDAY), (), MONDAY)
    return wanted


@pytest.fixture
def server(running: Running) -> Iterator[Server]:
    with running.open() as opened:
        yield opened


@pytest.fixture
def collection(running: Running, server: Server) -> str:
    """A new one, ours alone."""
    url = f"{running.home}{new_name()}/"
    make_collection(server, url)
    return url


def created(server: Server, collection: str, wanted: Wanted[CalendarObject]) -> Known:
    done = carry_out(server, collection, Create(wanted))
    assert done.known is not None
    assert done.event_id == done.known.event_id == wanted.event_id
    return done.known


def test_an_address_leads_home(running: Running, server: Server) -> None:
    for address in (running.address, f"{running.address}/nowhere/", running.home):
        found = discover(server, address)
        assert isinstance(found, Home)
        assert found.url == running.home


def test_one_of_our_name_is_used_and_else_a_new_one_made(running: Running, server: Server) -> None:
    home = discover(server, running.address)
    assert isinstance(home, Home)
    url, new = place(replace(home, calendars=()), new_name())
    assert new
    assert url.startswith(running.home)
    assert made_by_us(url)
    make_collection(server, url)
    again, new = place(discover(server, running.address), new_name())
    assert not new
    assert made_by_us(again)
    assert discover(server, url) == CalendarCollection(url, "BrightPath")
    assert place(discover(server, url), new_name()) == (url, False)


def test_a_calendar_that_may_only_be_read_is_not_taken(tmp_path: Path) -> None:
    with radicale(tmp_path) as running, running.open() as server:
        found = discover(server, f"{running.home}closed/")
        assert isinstance(found, CalendarCollection)
        with pytest.raises(Forbidden):
            place(found, new_name())
        with pytest.raises(Forbidden):
            carry_out(server, found.url, Create(lesson("a")))


def test_a_wrong_password(running: Running) -> None:
    with running.open(Login(LOGIN.user, "guessed")) as server, pytest.raises(AccessRevoked):
        discover(server, running.address)


def test_an_object_is_written_changed_and_taken_away(
    running: Running, server: Server, collection: str
) -> None:
    known = created(server, collection, lesson("a"))
    assert running.names(collection) == {"a.ics"}
    done = carry_out(server, collection, Replace(lesson("a", 600), known))
    assert done.known is not None
    assert done.known.etag not in (None, known.etag)
    assert "T100000" in running.bodies(collection)["a.ics"]
    assert carry_out(server, collection, Remove(done.known)).known is None
    assert running.names(collection) == set()


def test_every_action_may_be_carried_out_twice(
    running: Running, server: Server, collection: str
) -> None:
    known = created(server, collection, lesson("a"))
    assert created(server, collection, lesson("a")).fingerprint == known.fingerprint
    moved = Replace(lesson("a", 600), known)
    assert carry_out(server, collection, moved) == carry_out(server, collection, moved)
    assert running.names(collection) == {"a.ics"}
    for _ in range(2):
        assert carry_out(server, collection, Remove(known)).known is None
    assert running.names(collection) == set()


def test_what_a_person_does_to_ours_gives_way_to_our_next_change(
    running: Running, server: Server, collection: str
) -> None:
    known = created(server, collection, lesson("a"))
    edited = running.bodies(collection)["a.ics"].replace("Mathematics", "Sleeping in")
    running.put(f"{collection}a.ics", edited)
    carry_out(server, collection, Replace(lesson("a", 600), known))
    assert "Sleeping in" not in running.bodies(collection)["a.ics"]
    running.delete(f"{collection}a.ics")
    back = carry_out(server, collection, Replace(lesson("a", 660), known))
    assert "T110000" in running.bodies(collection)["a.ics"]
    running.put(f"{collection}a.ics", edited)
    assert back.known is not None
    carry_out(server, collection, Remove(back.known))
    assert running.names(collection) == set()


def test_an_app_that_gives_ours_another_name_makes_no_twin(
    running: Running, server: Server, collection: str
) -> None:
    known = created(server, collection, lesson("a"))
    body = running.bodies(collection)["a.ics"]
    running.delete(f"{collection}a.ics")
    running.put(f"{collection}moved-here.ics", body)
    carry_out(server, collection, Replace(lesson("a", 600), known))
    assert running.names(collection) == {"a.ics"}


def test_what_is_not_ours_stays(running: Running, server: Server, collection: str) -> None:
    theirs = FOREIGN.format(uid="dentist-7", summary="Dentist")
    running.put(f"{collection}dentist.ics", theirs)
    running.put(f"{collection}a.ics", theirs.replace("dentist-7", "vet-8"))
    before = running.bodies(collection)
    with pytest.raises(Refused):
        carry_out(server, collection, Create(lesson("a")))
    known = Known("a.ics", "a@brightpath", "0", '"forgotten"')
    with pytest.raises(Refused):
        carry_out(server, collection, Replace(lesson("a"), known))
    carry_out(server, collection, Remove(known))
    assert running.bodies(collection) == before
    assert not drop_if_empty(server, collection)
    assert running.bodies(collection) == before


def test_a_collection_goes_when_nothing_is_left(
    running: Running, server: Server, collection: str
) -> None:
    known = created(server, collection, lesson("a"))
    assert not drop_if_empty(server, collection)
    carry_out(server, collection, Remove(known))
    assert drop_if_empty(server, collection)
    assert drop_if_empty(server, collection)
    for action in (Create(lesson("a")), Replace(lesson("a"), known)):
        with pytest.raises(NotFound):
            carry_out(server, collection, action)
    assert carry_out(server, collection, Remove(known)).known is None


def test_names_of_resources_are_plain() -> None:
    names = {lesson(uid).event_id for uid in ("0f3a", "shared-0f3a", "é", "a/b", "a b", "a.b", "")}
    assert {"0f3a.ics", "shared-0f3a.ics"} < names
    assert len(names) == 7
    assert all(name.removesuffix(".ics").replace("-", "").isalnum() for name in names)
    assert all(name.isascii() for name in names)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://cloud.example/remote.php/dav/", "https://cloud.example/remote.php/dav/"),
        ("cloud.example", "https://cloud.example"),
        (" Cloud.Example:8443/dav ", "https://cloud.example:8443/dav"),
        ("caldavs://cloud.example/dav", "https://cloud.example/dav"),
        ("sarah@icloud.com", "https://caldav.icloud.com"),
        ("www.fastmail.com", "https://caldav.fastmail.com"),
        ("https://sarah:secret@cloud.example/", "https://cloud.example/"),
        ("http://cloud.example/", "http://cloud.example/"),
    ],
)
def test_addresses_as_people_type_them(typed: str, address: str) -> None:
    assert service_address(typed) == address


@pytest.mark.parametrize("typed", ["", "my calendar", "https://", "https://[::1", "a:b:c"])
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(NotCalDav):
        service_address(typed)


def test_a_server_that_vanishes(tmp_path: Path) -> None:
    with radicale(tmp_path) as running, running.open() as server:
        url = f"{running.home}{new_name()}/"
        make_collection(server, url)
        running.vanish()
        with pytest.raises(Unavailable):
            carry_out(server, url, Create(lesson("a")))


def test_an_address_that_is_not_https_is_not_asked(running: Running, server: Server) -> None:
    with pytest.raises(NotAllowed):
        discover(server, running.address.replace("https", "http"))
