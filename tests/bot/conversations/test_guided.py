"""Commitments that are made and changed part by part."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from transcript import DEFAULT_RUN, TODAY, Chat

from bot.conversations.flow import Flow
from bot.conversations.session import from_session, to_session
from bot.texts import translator

AWAY = DEFAULT_RUN[:5]
TWO_ADULTS = (*DEFAULT_RUN[:4], "Sarah and Tom")
FAMILY = DEFAULT_RUN[:8]
EMMAS = DEFAULT_RUN[:9]
NOW = datetime.combine(TODAY, datetime.min.time(), tzinfo=UTC)


def told(chat: Chat, language: str = "en") -> list[str]:
    return [translator(language)(line) for line in chat.card.lines]


def entries(chat: Chat, place: str = "commitments.temp_child_1") -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = chat.state.answers[place]
    return entries


def test_by_taps_alone(chat: Chat) -> None:
    chat.say(*EMMAS, "@usual-1")
    assert (chat.title, chat.card.title.args["name"]) == ("guide.ask_often", "Sports")
    chat.say("@often-weekly", "@d-0", "@d-2", "@d-4", "@d-4")
    assert chat.title == "guide.ask_days"
    assert chat.card.option("d-2").chosen
    assert not chat.card.option("d-4").chosen
    chat.say("@accept")
    assert chat.title == "guide.ask_times"
    assert told(chat) == ["Sports · Mon and Wed"]
    chat.say("@at-960-1020")
    assert chat.title == "commitments.along"
    chat.say("@yes-1")
    assert chat.title == "commitments.ask"
    assert told(chat)[1:] == ["Sports · Mon and Wed · 4 PM–5 PM · with a grown-up"]
    chat.say("@continue")
    assert entries(chat) == [
        {
            "name": "Sports",
            "frequency": "weekly",
            "daysOfWeek": ["Monday", "Wednesday"],
            "startTime": "16:00",
            "endTime": "17:00",
            "needsAdult": True,
        }
    ]


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("Soccer", "guide.ask_often"),
        ("Soccer every week", "guide.ask_days"),
        ("Soccer once", "guide.ask_date"),
        ("Soccer just once", "guide.ask_date"),
        ("Fútbol lun a las once", "guide.ask_end"),
        ("Soccer monthly", "guide.ask_month"),
        ("Soccer Mon Wed", "guide.ask_times"),
        ("Soccer Mon at 4", "guide.ask_end"),
        ("Soccer 4-5pm", "guide.ask_often"),
        ("Soccer Mon 4-5pm", "commitments.along"),
        ("Mon 4-5pm", "guide.ask_name"),
        ("Fútbol una sola vez", "guide.ask_date"),
    ],
)
def test_what_a_line_lacks_is_asked(chat: Chat, typed: str, asked: str) -> None:
    chat.say(*EMMAS, typed)
    assert (chat.title, chat.notice) == (asked, None)


@pytest.mark.parametrize(
    "answers",
    [
        ("Soccer", "Mon Wed 4-5pm", "no"),
        ("Soccer", "each week", "Mon, Wed", "four to five", "no"),
        ("Soccer", "every week", "Wednesday and Monday", "4", "an hour", "no"),
        ("Soccer 4-5pm", "Mon Wed", "drop-off"),
        ("Soccer Mon Wed at 4", "until 5", "@no-1"),
        ("Soccer Mon Wed at 4", "5", "@no-1"),
        ("Mon Wed 4-5pm", "Soccer", "No"),
        ("Soccer Tue", "Soccer Mon Wed 4-5pm", "on her own"),
        ("Soccer Tue 16-17", "@no-1", "@open-1", "Mon Wed"),
        ("Soccer Tue 16-17", "@no-1", "@open-1", "@change-often", "@often-weekly", "lun y mié"),
        ("Soccer Mon Wed 5-6", "@no-1", "@open-1", "@change-times", "@at-960-1020"),
        ("Soccer daily 4-5", "@no-1", "@open-1", "@change-often", "Mon Wed"),
        ("Soccer Mon Wed 4-5", "@yes-1", "@open-1", "@change-who", "@no-1"),
        ("Soccer Mon Wed 4-5, Piano Tue", "@no-1", "@remove-2"),
        ("Soccer Mon Wed 4-5, Piano", "no", "@remove-2"),
    ],
)
def test_every_way_leads_to_the_same_entry(chat: Chat, answers: tuple[str, ...]) -> None:
    chat.say(*EMMAS, *answers)
    assert chat.title == "commitments.ask"
    chat.say("@continue")
    (soccer,) = entries(chat)
    assert soccer == {
        "name": "Soccer",
        "frequency": "weekly",
        "daysOfWeek": ["Monday", "Wednesday"],
        "startTime": "16:00",
        "endTime": "17:00",
        "needsAdult": False,
    }


def test_once_and_by_the_month(chat: Chat) -> None:
    chat.say(*FAMILY, "Dentist", "@often-once")
    assert [o.id for o in chat.card.rows[0]] == ["on-20261125", "on-20261126", "on-20261127"]
    chat.say("@on-20261127", "10-11", "@all-1")
    chat.say("Book club monthly", "@m-31", "18-19", "just me")
    chat.say("Vet", "just once", "Nov 30 and Dec 7", "9-10", "all of us", "@continue")
    dentist, club, vet, again = entries(chat, "familyCommitments")
    assert (dentist["frequency"], dentist["date"]) == ("one-time", "2026-11-27")
    assert (club["frequency"], club["date"], club["adult"]) == ("monthly", "2026-12-31", "")
    assert [vet["date"], again["date"]] == ["2026-11-30", "2026-12-07"]


def test_with_one_adult_it_is_that_one(chat: Chat) -> None:
    chat.say(*AWAY, "Tue Thu 10-11:30")
    assert chat.title == "away.ask"
    chat.say("@continue")
    assert entries(chat, "away")[0]["adult"] == ""


def test_with_several_adults_it_is_asked_who_is_away(chat: Chat) -> None:
    chat.say(*TWO_ADULTS, "Tue Thu 10-11:30")
    assert chat.title == "away.who"
    chat.say("Tom", "Tom Mon-Fri 9-17, I work Sat 9-12", "Sarah and Tom Sun 9-10", "@continue")
    found = [(entry["adult"], entry["startTime"]) for entry in entries(chat, "away")]
    assert found == [
        ("Tom", "10:00"),
        ("Tom", "09:00"),
        ("", "09:00"),
        ("", "09:00"),
        ("Tom", "09:00"),
    ]


def test_several_in_one_line_are_asked_about_one_after_the_other(chat: Chat) -> None:
    chat.say(*EMMAS, "Soccer Mon Wed 4-5pm, Piano Tue and Swim Fri 9-10")
    assert (chat.title, chat.card.title.args["name"]) == ("commitments.along", "Soccer")
    chat.say("yes")
    assert (chat.title, chat.card.title.args["name"]) == ("guide.ask_times", "Piano")
    chat.say("3 to half past", "3-3:30", "no", "no", "@continue")
    assert [(e["name"], e["endTime"]) for e in entries(chat)] == [
        ("Soccer", "17:00"),
        ("Piano", "15:30"),
        ("Swim", "10:00"),
    ]


def test_the_good_ones_are_kept_and_the_unclear_one_is_asked_back(chat: Chat) -> None:
    chat.say(*EMMAS, "Piano Tue 3-4 drop-off, Soccer Mon 4-5 and 6")
    assert chat.notice == "commitment.one_at_a_time"
    assert told(chat)[1:] == ["Piano · Tue · 3 PM–4 PM"]


def test_a_new_line_while_one_is_open_is_added(chat: Chat) -> None:
    chat.say(*EMMAS, "Soccer", "Piano Tue 3-4 drop-off")
    assert chat.title == "guide.ask_often"
    assert told(chat) == ["Soccer", "Piano · Tue · 3 PM–4 PM"]


def test_leaving_out_drops_the_half_made_one_only(chat: Chat) -> None:
    chat.say(*EMMAS, "Piano Tue 3-4 drop-off", "Soccer Mon", "@remove-2")
    assert (chat.title, told(chat)[1:]) == ("commitments.ask", ["Piano · Tue · 3 PM–4 PM"])


def test_leaving_an_entry_as_it_is_changes_nothing(chat: Chat) -> None:
    chat.say(*EMMAS, "Piano Tue 3-4 drop-off", "Piano Fri 3-4 drop-off")
    before = told(chat)
    labels = [translator("en")(o.label) for o in chat.card.rows[2]]
    assert labels == ["Change Piano 1", "Change Piano 2"]
    chat.say("@open-2")
    assert chat.title == "guide.ask_change"
    chat.say("@change-times", "@accept")
    assert (told(chat), chat.notice) == (before, None)


def test_a_changed_entry_is_said_to_be_changed(chat: Chat) -> None:
    chat.say(*EMMAS, "Piano Tue 3-4 drop-off", "@open-1", "Fri 4-5")
    assert chat.notice == "commitment.changed"
    assert told(chat)[1:] == ["Piano · Fri · 4 PM–5 PM"]
    chat.say("@open-1", "@change-times", "@at-900-960")
    assert chat.notice == "commitment.changed"
    assert told(chat)[1:] == ["Piano · Fri · 3 PM–4 PM"]


def test_in_spanish(chat: Chat) -> None:
    chat.say("@speak-es", *DEFAULT_RUN[:6], "Emma 9", "ya están todos", "nada regular")
    chat.say("clase de música", "cada semana", "mar", "de tres y media a cinco menos cuarto", "sí")
    assert told(chat, "es")[1:] == ["Clase de música · mar · 15:30–16:45 · con un adulto"]


def test_a_half_made_entry_waits_through_back_and_resuming(chat: Chat, flow: Flow) -> None:
    chat.say(*EMMAS, "Soccer", "@often-weekly", "@d-0")
    card = chat.card
    chat.say("@back", "@none")
    assert replace(chat.card, notice=None) == card
    session = json.loads(json.dumps(to_session(flow, chat.state, now=NOW)))
    resumed = Chat(flow, from_session(flow, session))
    assert replace(resumed.card, notice=None) == card
    resumed.say("@accept", "4-5", "no", "@continue")
    assert entries(resumed)[0]["daysOfWeek"] == ["Monday"]


def test_an_answered_list_cannot_be_kept_while_something_new_is_half_made(chat: Chat) -> None:
    chat.say(*EMMAS, "@none", "@back", "Soccer")
    assert chat.card.option("keep") is None
    chat.say("@remove-1")
    assert chat.title == "commitments.ask"


@pytest.mark.parametrize("place", ["away", "familyCommitments", "commitments.temp_child_1"])
def test_usual_names_can_be_typed(chat: Chat, place: str) -> None:
    before = {"away": AWAY, "familyCommitments": FAMILY}.get(place, EMMAS)
    chat.say(*before)
    label = translator("en")(chat.card.option("usual-2").label)
    chat.say(label.lower())
    assert (chat.title, chat.card.title.args["name"]) == ("guide.ask_often", label)
