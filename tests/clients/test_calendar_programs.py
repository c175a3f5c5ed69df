"""Our feeds in real calendar programs that subscribe to them, before and after weeks are planned
anew."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from readers import (
    ByUid,
    Subscriber,
    Window,
    by_ical_js,
    by_icalendar,
    why_not_ical_js,
    within,
)
from rules import check, read, versions
from subscribers import LATER, NOW, ZONES, Household, live_on, settle_in
from truth import Occurrence, Rows, Truth, rows_of, truth
from whole_program import Clock, Program

from app.embedded import EmbeddedServer
from app.serve import Role
from app.services import libpq_url

READERS = ("family", "child0", "child1", "adult0", "adult1")
every_zone = pytest.mark.parametrize("zone", ZONES)
before_and_after = pytest.mark.parametrize("moment", ["before", "after"])
FEBRUARY_ENDS = date(2027, 2, 28), date(2027, 3, 1)

# The first test waits for all programs.
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Feed:
    """One feed at one time: what it has to show, what was answered to somebody with the copy of
    before (if any), and then again with this one, which is also kept as a file."""

    truth: Truth
    answer: httpx.Response
    again: httpx.Response
    file: Path

    @property
    def shown(self) -> Counter[Occurrence]:
        """Every occurrence, once."""
        return Counter(each for occurrences in self.truth.values() for each in occurrences)


@dataclass(frozen=True)
class Moment:
    """All feeds at one time, by zone and reader, and what somebody has who subscribes to those of
    the families: how many files, and what is shown in some windows."""

    feeds: Mapping[str, Mapping[str, Feed]]
    windows: Mapping[str, Sequence[Window]]
    files: Mapping[str, int]
    shown: Mapping[str, Counter[Occurrence]]


@dataclass(frozen=True)
class Subscribed:
    """Before and after the weeks were planned anew."""

    before: Moment
    after: Moment

    def at(self, moment: str) -> Moment:
        return self.before if moment == "before" else self.after


@pytest.fixture(scope="module")
def subscribed(
    postgres: EmbeddedServer,
    migrated_database: str,
    wipe: Callable[[], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Subscribed:
    wipe()
    url = postgres.url_of(migrated_database)
    folder = tmp_path_factory.mktemp("clients")
    clock = Clock(NOW)
    with (
        Program(url, folder, clock, roles=frozenset({Role.WEB})) as program,
        httpx.Client(base_url=program.base) as client,
    ):
        homes = {key: program.call(settle_in(program.services, key)) for key in ZONES}
        subscriber = Subscriber(
            folder,
            {
                _plain(key): program.base + home.readers["family"].path
                for key, home in homes.items()
            },
        )

        def moment(name: str, former: Moment | None) -> Moment:
            subscriber.sync()
            feeds = {
                key: _fetched(
                    client,
                    home,
                    rows_of(libpq_url(url), home),
                    folder / name / str(home.id),
                    former.feeds[key] if former else {},
                )
                for key, home in homes.items()
            }
            windows = {key: _watched(home, replanned=bool(former)) for key, home in homes.items()}
            shown = subscriber.look({_plain(key): where for key, where in windows.items()})
            return Moment(feeds, windows, subscriber.files(), shown)

        before = moment("before", None)
        clock.now = LATER
        for home in homes.values():
            program.call(live_on(program.services, home))
        return Subscribed(before, moment("after", before))


def _plain(key: str) -> str:
    """A zone's name where a slash cannot stand."""
    return key.replace("/", "_")


def _watched(home: Household, *, replanned: bool) -> list[Window]:
    """The days about each change of the clock, and of the weeks that were planned anew the last
    with the two days after; khal takes its time over every occurrence."""
    changes = [(monday + timedelta(days=5), monday + timedelta(days=8)) for monday in home.mondays]
    if replanned:
        last = home.mondays[-1]
        return [*changes[:-1], (last, last + timedelta(days=9)), FEBRUARY_ENDS]
    return changes


def _fetched(
    client: httpx.Client, home: Household, rows: Rows, folder: Path, former: Mapping[str, Feed]
) -> dict[str, Feed]:
    folder.mkdir(parents=True)
    feeds = {}
    for name, reader in home.readers.items():
        known = former[name].answer.headers["ETag"] if name in former else '"nothing"'
        answer = client.get(reader.path, headers={"If-None-Match": known})
        again = client.get(reader.path, headers={"If-None-Match": answer.headers["ETag"]})
        feeds[name] = Feed(truth(rows, reader), answer, again, folder / name)
        feeds[name].file.write_bytes(answer.content)
    return feeds


@pytest.fixture(scope="module")
def in_ical_js(subscribed: Subscribed) -> Mapping[Path, ByUid]:
    if why := why_not_ical_js():
        pytest.skip(why)
    files = [
        feed.file
        for moment in (subscribed.before, subscribed.after)
        for feeds in moment.feeds.values()
        for feed in feeds.values()
    ]
    return dict(zip(files, by_ical_js(files), strict=True))


def assert_shows(found: Counter[Occurrence], expected: Counter[Occurrence]) -> None:
    """Every occurrence once and no other."""
    assert sorted((expected - found).elements()) == []
    assert sorted((found - expected).elements()) == []


def assert_shows_by_uid(found: ByUid, feed: Feed) -> None:
    """Every occurrence once and no other, those of one thing under one UID of its own."""
    assert_shows(sum(found.values(), Counter()), feed.shown)
    assert Counter(map(frozenset, found.values())) == Counter(feed.truth.values())


@every_zone
@before_and_after
def test_khal_after_vdirsyncer(subscribed: Subscribed, zone: str, moment: str) -> None:
    at = subscribed.at(moment)
    family = at.feeds[zone]["family"]
    expected = sum((within(family.shown, each) for each in at.windows[zone]), Counter[Occurrence]())
    assert_shows(at.shown[_plain(zone)], expected)
    # Over all days: a file for each event, none left of what was moved or dropped.
    assert at.files[_plain(zone)] == len(versions(read(family.answer.content)))


@every_zone
@before_and_after
def test_ical_js(
    subscribed: Subscribed, in_ical_js: Mapping[Path, ByUid], zone: str, moment: str
) -> None:
    for feed in subscribed.at(moment).feeds[zone].values():
        assert_shows_by_uid(in_ical_js[feed.file], feed)


@every_zone
@before_and_after
def test_icalendar(subscribed: Subscribed, zone: str, moment: str) -> None:
    for feed in subscribed.at(moment).feeds[zone].values():
        assert_shows_by_uid(by_icalendar(feed.answer.content), feed)


@every_zone
@before_and_after
def test_the_rules_of_the_standard(subscribed: Subscribed, zone: str, moment: str) -> None:
    for feed in subscribed.at(moment).feeds[zone].values():
        check(feed.answer.content)


@every_zone
def test_who_has_it_is_not_sent_it_again(subscribed: Subscribed, zone: str) -> None:
    for moment in (subscribed.before, subscribed.after):
        for feed in moment.feeds[zone].values():
            assert feed.answer.status_code == 200
            assert (feed.again.status_code, feed.again.content) == (304, b"")


@every_zone
def test_what_changed_says_so_and_nothing_else_does(subscribed: Subscribed, zone: str) -> None:
    for reader in READERS:
        before, after = (
            versions(read(subscribed.at(moment).feeds[zone][reader].answer.content))
            for moment in ("before", "after")
        )
        kept = before.keys() & after.keys()
        changed = {uid for uid in kept if before[uid].told != after[uid].told}
        assert changed
        assert kept - changed
        for uid in changed:
            assert before[uid].sequence < after[uid].sequence, after[uid]
            assert before[uid].modified < after[uid].modified
            assert before[uid].stamp < after[uid].stamp
        for uid in kept - changed:
            assert before[uid] == after[uid]


@every_zone
def test_what_moves_stays_itself(subscribed: Subscribed, zone: str) -> None:
    for reader in READERS:
        before, after = (
            subscribed.at(moment).feeds[zone][reader] for moment in ("before", "after")
        )
        uids = [_uids(feed) for feed in (before, after)]
        kept = before.truth.keys() & after.truth.keys()
        moved = {thing for thing in kept if before.truth[thing] != after.truth[thing]}
        assert len(moved) >= 4
        assert {thing: uids[0][thing] for thing in kept} == {
            thing: uids[1][thing] for thing in kept
        }


def _uids(feed: Feed) -> dict[object, str]:
    """The UID under which the calendar shows each thing."""
    found = {frozenset(shown): uid for uid, shown in by_icalendar(feed.answer.content).items()}
    return {thing: found[occurrences] for thing, occurrences in feed.truth.items()}


@every_zone
def test_the_families_have_what_is_hard(subscribed: Subscribed, zone: str) -> None:
    """Else the tests above would prove little."""
    for moment in (subscribed.before, subscribed.after):
        family = moment.feeds[zone]["family"]
        shown = family.shown
        assert len(shown) > 750
        assert len(shown) == sum(shown.values())
        lengths = {each.end - each.start for each in shown if "Night shift" in each.title}
        assert len(lengths) > 1 or zone == "Asia/Kathmandu"
