"""The cards of /calendars, as they are read and tapped."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.conversations.answers import LABEL
from bot.conversations.calendars import (
    ALARMS,
    EVERYBODY,
    App,
    Asked,
    Calendars,
    Followed,
    Person,
    Reach,
    Wanted,
    Written,
    app_card,
    apps_card,
    asked_by,
    calendars_card,
    connecting_card,
    disconnect_card,
    google_card,
    is_calendar_option,
    is_meant,
    name_card,
    outside_card,
    password_card,
    person_named,
    ring_card,
    send_card,
    user_card,
    whose_card,
)
from bot.conversations.cards import Card
from bot.texts import LANGUAGES, translator
from bot.views import View, render
from core.outside import Problem
from core.phrase import say
from core.week import wall

LARGEST = 2**31 - 1
NOW = wall(datetime(2026, 12, 1, 10, 0, tzinfo=UTC), ZoneInfo("UTC"))
ADDRESS = "https://brightpath.example/feeds/secret.ics"
FAMILY = Person(EVERYBODY)
SARAH, EMMA = Person("a1", "Sarah"), Person(f"c{LARGEST}", "Emma Charlotte Marguerite")
PEOPLE = (FAMILY, SARAH, EMMA)
GOOGLE_ACCOUNT = Written(LARGEST, True, say("calendars.app.g"), "Maximiliano")
NEXTCLOUD = Written(7, False, say("verbatim", text="cloud.example.com"), waits=True)
WORK = Followed(LARGEST, "Sarah's long work calendar", SARAH, NOW.replace(hour=9))
CLUB = Followed(8, "Club", EMMA, trouble=Problem.GONE)
CONNECT = "https://brightpath.example/google/connect?state=7K2M"


def english(card: Card) -> View:
    return render(card, translator("en"))


def every_card() -> Iterator[Card]:
    yield calendars_card(Calendars())
    yield calendars_card(Calendars(10, True, (WORK, CLUB), (GOOGLE_ACCOUNT, NEXTCLOUD)))
    yield apps_card(back=True)
    yield apps_card(back=False)
    for app in App:
        yield app_card(app, EMMA, PEOPLE, ADDRESS, "loopback")
    for minutes in ALARMS:
        yield ring_card(minutes)
    yield google_card((), CONNECT, "public")
    yield google_card((GOOGLE_ACCOUNT,), None, "public")
    yield disconnect_card(GOOGLE_ACCOUNT)
    yield disconnect_card(NEXTCLOUD)
    yield outside_card((WORK, CLUB, Followed(9, "New", FAMILY)), now=NOW)
    yield whose_card(LARGEST, PEOPLE, "calendar.example.com")
    yield name_card(LARGEST, say("calendars.name_work"))
    yield send_card((NEXTCLOUD,))
    yield user_card(LARGEST, "cloud.example.com")
    yield password_card(LARGEST, "cloud.example.com")
    yield connecting_card("cloud.example.com")


@pytest.mark.parametrize("card", list(every_card()))
def test_buttons_fit_and_are_ours(card: Card) -> None:
    for language in LANGUAGES:
        view = render(card, translator(language))
        buttons = [button for row in view.rows for button in row]
        assert len({button.id for button in buttons}) == len(buttons)
        for button in buttons:
            assert len(button.id) <= 24
            assert is_calendar_option(button.id)
            assert len(button.label) <= LABEL, button.label
        assert all(len(row) <= 3 for row in view.rows)


@pytest.mark.parametrize("option", ["forget-yes", "d12", "cal", "calendar", "join-come", "undo12"])
def test_buttons_of_other_cards_are_not_ours(option: str) -> None:
    assert not is_calendar_option(option)


def options(card: Card) -> list[str]:
    return [option.id for row in card.rows for option in row]


def test_a_card_says_what_it_asks_to_be_typed() -> None:
    asking = [
        (outside_card((WORK,), now=NOW), Asked("address")),
        (whose_card(3, PEOPLE, "x.example.com"), Asked("whose", 3)),
        (name_card(3, say("calendars.name_work")), Asked("name", 3)),
        (send_card(()), Asked("server")),
        (user_card(3, "x.example.com"), Asked("user", 3)),
        (password_card(LARGEST, "x.example.com"), Asked("pass", LARGEST)),
    ]
    for card, asked in asking:
        assert asked_by(options(card)) == asked
        assert card.hint is not None
    for card in every_card():
        assert (asked_by(options(card)) is None) == (card.hint is None)


@pytest.mark.parametrize(
    ("wanted", "text", "latest", "meant"),
    [
        ("address", "done math", True, False),
        ("address", "calendar.example.com", False, True),
        ("server", "sarah abcd-efgh", True, True),
        ("server", "done math", False, False),
        ("server", "cloud.example.com sarah abcd", False, True),
        ("pass", "abcd-efgh", False, True),
        ("name", "Swim club", False, True),
    ],
)
def test_words_are_meant_for_a_card_or_for_the_day(
    wanted: Wanted, text: str, latest: bool, meant: bool
) -> None:
    assert is_meant(Asked(wanted, 3), text, latest=latest) == meant


@pytest.mark.parametrize("app", App)
@pytest.mark.parametrize("reach", ["public", "private", "loopback"])
def test_an_app_gets_an_address_that_it_can_use(app: App, reach: Reach) -> None:
    view = english(app_card(app, FAMILY, PEOPLE, ADDRESS, reach))
    links = [link.url for link in view.links]
    assert ADDRESS in links
    assert view.secret
    by_phone = app in (App.APPLE, App.OTHER)
    assert (view.qr == ADDRESS.replace("https", "webcal")) == by_phone
    assert (view.qr in links) == by_phone
    assert any("same day" in line for line in view.lines)
    from_elsewhere = app in (App.GOOGLE, App.OUTLOOK) and reach != "public"
    assert any("cannot reach" in line for line in view.lines) == from_elsewhere


def test_each_app_says_honestly_how_late_it_is() -> None:
    said = {
        app: " ".join(english(app_card(app, FAMILY, PEOPLE, ADDRESS, "public")).lines)
        for app in App
    }
    assert "8 to 24 hours" in said[App.GOOGLE]
    assert "5 minutes to once a week" in said[App.APPLE]
    assert "every 3 hours" in said[App.OUTLOOK]
    assert "every 30 minutes" in said[App.THUNDERBIRD]


def test_the_chosen_week_is_ticked_and_nobody_chooses_among_one() -> None:
    card = app_card(App.APPLE, SARAH, PEOPLE, ADDRESS, "public")
    chosen = [option.id for row in card.rows for option in row if option.chosen]
    assert chosen == ["cal-see-a-a1"]
    assert english(card).title == "Apple · Sarah"
    alone = app_card(App.APPLE, SARAH, (SARAH,), ADDRESS, "public")
    assert options(alone) == ["cal-see"]


def test_the_first_card_tells_what_is_connected() -> None:
    assert len(english(calendars_card(Calendars())).lines) == 1
    view = english(calendars_card(Calendars(10, True, (WORK, CLUB), (NEXTCLOUD,))))
    assert view.lines == (
        "cloud.example.com: it does not let us in any more. Connect it once more, and it catches"
        " up.",
        "Planned around: Sarah's long work calendar and Club",
        "Lessons ring 10 minutes before they begin.",
    )
    assert view.offers("cal-google")
    assert not english(calendars_card(Calendars())).offers("cal-google")


def test_the_calendars_that_are_read_tell_of_their_last_look() -> None:
    lines = english(outside_card((WORK, CLUB, Followed(9, "New", FAMILY)), now=NOW)).lines
    assert lines[0] == "Sarah's long work calendar (Sarah): last look 9 AM today"
    assert lines[1] == (
        "Club (Emma Charlotte Marguerite): we cannot read it just now. There is no calendar at its"
        " address any more."
    )
    assert lines[2] == "New (Everyone): we are having a first look."


def test_google_is_connected_by_a_link_that_is_secret() -> None:
    card = google_card((), CONNECT, "loopback")
    assert card.secret
    assert [link.url for link in card.links] == [CONNECT]
    assert any("only on the computer" in line for line in english(card).lines)
    connected = google_card((GOOGLE_ACCOUNT,), None, "public")
    assert not connected.links
    assert f"cal-off-{LARGEST}" in options(connected)


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Sarah", SARAH),
        (" sarah. ", SARAH),
        ("emma  charlotte marguerite", EMMA),
        ("Everyone!", FAMILY),
        ("toda la familia", FAMILY),
        ("Nana", None),
        ("", None),
    ],
)
def test_a_typed_name_says_whose_time_it_is(text: str, person: Person | None) -> None:
    assert person_named(text, PEOPLE) == person
