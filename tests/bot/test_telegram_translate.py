from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from bot.conversations.cards import STALE_TAP, Located, Opened, Tapped, Typed
from bot.incoming import Command, Incoming
from bot.translate import (
    Callback,
    decode_callback,
    encode_callback,
    translate,
    without_exact_place,
)

SARAH = {"id": 11, "is_bot": False, "first_name": "Sarah", "language_code": "es-MX"}
US = {"id": 99, "is_bot": True, "first_name": "BrightPath", "username": "brightpath_bot"}
HOME = {"id": -5, "type": "group", "title": "Home"}
PRIVATE = {"id": 11, "type": "private", "first_name": "Sarah"}
STICKER = {
    "file_id": "s",
    "file_unique_id": "s",
    "type": "regular",
    "width": 1,
    "height": 1,
    "is_animated": False,
    "is_video": False,
    "emoji": "👍",
}
PLACE = {"latitude": 40.712776, "longitude": -74.005974}
VENUE = {"location": PLACE, "title": "Home", "address": "1 Elm Street"}
VOICE = {"file_id": "v", "file_unique_id": "v", "duration": 1}


@pytest.fixture(autouse=True)
def durations_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


def message(chat: dict[str, Any] = PRIVATE, **fields: Any) -> dict[str, Any]:
    return {"message_id": 7, "date": 1, "chat": chat, "from": SARAH, **fields}


def heard(username: str | None = "brightpath_bot", **update: Any) -> Incoming | None:
    return translate(Update.de_json({"update_id": 4, **update}, None), username)


def test_a_text_comes_with_who_and_where() -> None:
    assert heard(message=message(text=" Emma 9, Noah 6\n")) == Incoming(
        channel="telegram",
        external_id="11",
        user_external_id="11",
        private=True,
        event=Typed("Emma 9, Noah 6"),
        key="telegram:4",
        language="es-MX",
        profile_name="Sarah",
        external_message_id="7",
    )


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("/start", Opened()),
        ("/START@BrightPath_Bot", Opened()),
        ("/start abc-DEF_1", Command("start", "abc-DEF_1")),
        ("/link", Command("link")),
        ("/link  K7 ", Command("link", "K7")),
        ("/pause\ntomorrow", Command("pause", "tomorrow")),
        ("/ half past nine", Typed("/ half past nine")),
        ("4/5", Typed("4/5")),
    ],
)
def test_commands(text: str, event: object) -> None:
    incoming = heard(message=message(text=text))
    assert incoming is not None
    assert incoming.event == event


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({"sticker": STICKER}, Typed("👍")),
        ({"voice": VOICE}, Typed("")),
        ({"voice": VOICE, "caption": "Latin 2x"}, Typed("Latin 2x")),
        ({"text": "\0a\0"}, Typed("a")),
        ({"text": "x" * 5000}, Typed("x" * 4096)),
        ({"location": PLACE}, Located(40.712776, -74.005974)),
        ({"location": PLACE, "venue": VENUE}, Located(40.712776, -74.005974)),
    ],
)
def test_everything_sent_in_private_gets_an_event(fields: dict[str, Any], event: object) -> None:
    incoming = heard(message=message(**fields))
    assert incoming is not None
    assert incoming.event == event


@pytest.mark.parametrize(
    "update",
    [
        {"edited_message": message(text="x")},
        {"channel_post": message(text="x")},
        {"message": message(text="x", sender_chat=HOME)},
        {"message": message(HOME, text="/today", sender_chat=HOME)},
        {
            "message": message(
                text="x", forward_origin={"type": "hidden_user", "date": 1, "sender_user_name": "N"}
            )
        },
        {"message": message(text="x") | {"from": US}},
        {"message": message(HOME, new_chat_members=[US])},
        {"message": message(HOME, text="chatter")},
        {"message": message(HOME, text="done", reply_to_message=message(HOME, text="hello"))},
        {"message": message(HOME, text="/today@another_bot")},
        {"message": message(HOME, voice=VOICE)},
        {"message": message(HOME, location=PLACE)},
        {"edited_message": message(location=PLACE)},
    ],
)
def test_what_is_not_for_us_is_ignored(update: dict[str, Any]) -> None:
    assert heard(**update) is None


def test_in_a_group_commands_and_replies_to_us_count() -> None:
    ours = message(HOME, text="Morning") | {"from": US}
    reply = heard(message=message(HOME, text="done", reply_to_message=ours))
    command = heard(message=message(HOME, text="/today@brightpath_bot"))
    assert reply is not None
    assert command is not None
    assert (reply.event, reply.private) == (Typed("done"), False)
    assert (reply.external_id, reply.user_external_id) == ("-5", "11")
    assert command.event == Command("today")
    other = message(HOME, text="Hi") | {"from": US | {"username": "another_bot"}}
    assert heard(message=message(HOME, text="done", reply_to_message=other)) is None


def test_a_place_waits_without_telling_the_home() -> None:
    update = {"update_id": 4, "message": message(location=PLACE, venue=VENUE)}
    kept = without_exact_place(update)
    assert kept == {
        "update_id": 4,
        "message": message(location={"latitude": 40.71, "longitude": -74.01}),
    }
    incoming = heard(message=kept["message"])
    assert incoming is not None
    assert incoming.event == Located(40.71, -74.01)
    words = {"update_id": 4, "message": message(text="Sarah")}
    assert without_exact_place(words) == words


def test_the_event_of_a_place_does_not_show_it() -> None:
    incoming = heard(message=message(location=PLACE))
    assert "40.7" not in repr(incoming)


def tap(data: str, chat: dict[str, Any] = PRIVATE) -> dict[str, Any]:
    shown = message(chat, text="Pick") | {"from": US}
    return {"id": "55", "from": SARAH, "message": shown, "chat_instance": "1", "data": data}


def test_a_tap_tells_the_row_the_step_and_the_option() -> None:
    incoming = heard(callback_query=tap(encode_callback(1234, 9, "yes"), HOME))
    assert incoming is not None
    assert incoming.event == Tapped(step=9, option="yes")
    assert (incoming.message_id, incoming.external_message_id) == (1234, "7")
    assert (incoming.external_id, incoming.user_external_id) == ("-5", "11")
    assert (incoming.callback_id, incoming.private) == ("55", False)


@pytest.mark.parametrize(
    "data", ["", "yes", "1.2", "1.2.", "1.2.YES", "1.2.a.b", "-1.2.a", "٣.1.a"]
)
def test_a_tap_we_did_not_draw_is_told_as_unreadable(data: str) -> None:
    incoming = heard(callback_query=tap(data))
    assert incoming is not None
    assert (incoming.event, incoming.message_id) == (STALE_TAP, None)
    assert incoming.callback_id == "55"


numbers = st.integers(0, 2**31 - 1)
options = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=24)


@given(numbers, numbers, options)
def test_callback_data_survives_and_fits(message_id: int, step: int, option: str) -> None:
    data = encode_callback(message_id, step, option)
    assert 1 <= len(data.encode()) <= 64
    assert decode_callback(data) == Callback(message_id, step, option)


@given(st.text(max_size=80))
def test_foreign_callback_data_never_breaks(data: str) -> None:
    callback = decode_callback(data)
    assert callback is None or callback.message_id < 2**31


@pytest.mark.parametrize(
    ("message_id", "step", "option"),
    [(-1, 0, "a"), (0, -1, "a"), (2**31, 0, "a"), (1, 1, ""), (1, 1, "A"), (1, 1, "a" * 25)],
)
def test_callback_data_refuses_what_it_could_not_read(
    message_id: int, step: int, option: str
) -> None:
    with pytest.raises(ValueError, match="no callback data"):
        encode_callback(message_id, step, option)
