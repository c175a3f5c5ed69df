"""Addresses as they are pasted, accounts as they are typed, and what a chat may show of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversations.answers import Misread
from bot.conversations.answers.addresses import (
    Login,
    calendar_address,
    holds_address,
    host_of,
    read_login,
    read_user,
    without_addresses,
)

GOOGLE = "https://calendar.google.com/calendar/ical/sarah%40example.com/private-5f2c/basic.ics"
OUTLOOK = "https://outlook.office365.com/owa/calendar/a1b2@example.com/c3d4/calendar.ics"
APPLE = "webcal://p52-caldav.icloud.com/published/2/MTIzNDU2"
NEXTCLOUD = "https://cloud.example.com/remote.php/dav/public-calendars/x8Yz?export"


@pytest.mark.parametrize("address", [GOOGLE, OUTLOOK, APPLE, NEXTCLOUD])
@pytest.mark.parametrize("around", ["{}", "my work calendar: {}", "<{}>.", "{}\n", "look ({})"])
def test_a_calendar_is_recognised_without_being_asked_for(address: str, around: str) -> None:
    assert calendar_address(around.format(address), asked=False) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("WEBCAL://club.example.com/x", "webcal://club.example.com/x"),
        ("calendar.google.com/calendar/ical/x/basic.ics", None),
        ("https://sarah:secret@club.example.com/swim.ics", None),
    ],
)
def test_an_address_gets_its_scheme(text: str, address: str | None) -> None:
    expected = address or (text if "://" in text else f"https://{text}")
    assert calendar_address(text, asked=False) == expected


@pytest.mark.parametrize(
    "text", ["https://museum.example.com/tickets", "done math", "Soccer Mon Wed 4-5pm", "", "9/10"]
)
def test_other_words_are_no_calendar_unless_one_was_asked_for(text: str) -> None:
    assert calendar_address(text, asked=False) is None
    asked = calendar_address(text, asked=True)
    if text.startswith("https"):
        assert asked == text
    else:
        assert isinstance(asked, Misread)


def test_what_would_travel_unencrypted_is_not_taken() -> None:
    found = calendar_address("http://club.example.com/swim.ics", asked=False)
    assert isinstance(found, Misread)
    assert found.phrase.key == "calendars.busy.http"
    server = read_login("http://cloud.example.com sarah secret")
    assert isinstance(server, Misread)
    assert server.phrase.key == "calendars.dav.http"


def test_an_address_without_end_is_none() -> None:
    assert calendar_address(f"https://x.example.com/{'a' * 3000}.ics", asked=False) is None


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("caldav.icloud.com", Login("https://caldav.icloud.com")),
        (
            "caldav.icloud.com sarah@icloud.com",
            Login("https://caldav.icloud.com", "sarah@icloud.com"),
        ),
        (
            " https://cloud.example.com:8443/remote.php/dav\nsarah\nabcd efgh  ijkl ",
            Login("https://cloud.example.com:8443/remote.php/dav", "sarah", "abcd efgh  ijkl"),
        ),
    ],
)
def test_an_account_is_told_at_once_or_bit_by_bit(text: str, login: Login) -> None:
    assert read_login(text) == login


@pytest.mark.parametrize("text", ["", "sarah@icloud.com abcd", "sarah", "ftp://x.example.com y z"])
def test_an_account_begins_with_its_server(text: str) -> None:
    found = read_login(text)
    assert isinstance(found, Misread)
    assert found.phrase.key == "calendars.dav.misread"


def test_a_user_may_come_with_the_password() -> None:
    assert read_user(" sarah ") == ("sarah", None)
    assert read_user("sarah abcd efgh ") == ("sarah", "abcd efgh")
    assert read_user("  ") == (None, None)


def test_only_the_host_is_shown() -> None:
    shown = without_addresses(f"look: {GOOGLE} and {APPLE}")
    assert shown == "look: calendar.google.com/… and p52-caldav.icloud.com/…"
    assert without_addresses("https://sarah:secret@x.example.com/a.ics") == "x.example.com/…"
    assert without_addresses("x.example.com/secret/a.ics") == "x.example.com/…"
    assert without_addresses("done math at 10.05, see you") == "done math at 10.05, see you"
    assert host_of(APPLE) == "p52-caldav.icloud.com"


def test_words_that_hold_no_address_are_meant_for_somebody_else() -> None:
    for text in (GOOGLE, "cloud.example.com sarah", "sarah@icloud.com", "localhost:80"):
        assert holds_address(text)
    for text in ("done math", "all done.", "what now?", "my work calendar", "…"):
        assert not holds_address(text)


@settings(max_examples=200)
@given(st.text(), st.sampled_from([GOOGLE, OUTLOOK, APPLE, NEXTCLOUD]), st.text())
def test_nothing_behind_a_host_survives_in_any_text(before: str, address: str, after: str) -> None:
    secret = address.rpartition("/")[0].partition("://")[2].partition("/")[2]
    text = f"{before} {address} {after}"
    assert secret not in without_addresses(text)
    found = calendar_address(text, asked=True)
    assert found is not None


@settings(max_examples=200)
@given(st.text())
def test_any_text_is_read_or_answered(text: str) -> None:
    assert isinstance(calendar_address(text, asked=True), str | Misread)
    assert isinstance(read_login(text), Login | Misread)
    without_addresses(text)
