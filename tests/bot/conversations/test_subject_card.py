"""The card of what a child learns: taps and typed lines in each of its views."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transcript import DEFAULT_RUN, HINTS, TODAY, Chat

from bot.conversations.flow import Flow, State
from bot.conversations.hearing import LATER
from bot.conversations.session import from_session, to_session
from bot.conversations.subject_details import DETAILS
from bot.texts import translator
from core.text import name_key

NOW = datetime.combine(TODAY, datetime.min.time(), tzinfo=UTC)
TO_THE_CARD = DEFAULT_RUN[:11]
DRAFT = "subjects.temp_child_1"
MATH, ART = 1, 4
"""Places on Emma's card."""


@pytest.fixture
def card(chat: Chat) -> Chat:
    """Emma, who is nine, at her subjects."""
    chat.say(*TO_THE_CARD)
    return chat


@pytest.fixture
def math(card: Chat) -> Chat:
    """Emma's Mathematics, opened by taps."""
    card.say("@choose", f"@open-{MATH}")
    return card


def resumed(flow: Flow, chat: Chat) -> Chat:
    """The conversation on another device, days later."""
    stored = json.loads(json.dumps(to_session(flow, chat.state, now=NOW)))
    return Chat(flow, from_session(flow, stored))


def item(chat: Chat, name: str) -> dict[str, Any]:
    """A subject of the card's draft by its name."""
    items = chat.state.drafts[DRAFT]["items"]
    return next(entry for entry in items if entry["name"] == name)


def told(chat: Chat, language: str = "en") -> list[str]:
    return [translator(language)(line) for line in chat.card.lines]


def accepted(chat: Chat, name: str) -> dict[str, Any]:
    """A subject as it is answered once the list is accepted."""
    chat.say("@accept")
    return next(e for e in chat.state.answers[DRAFT] if e["name"] == name)


def test_an_open_subject_shows_its_six_details(math: Chat) -> None:
    assert math.title == "subjects.one"
    assert told(math) == [
        "Length: 30 min",
        "How often: daily",
        "Help: some help",
        "Core subject: yes",
        "Set time: none",
        "Interest: 3 of 5",
    ]
    assert [o.id for row in math.card.rows for o in row if o.id.startswith("detail")] == [
        f"detail-{MATH}-{key}" for key in DETAILS
    ]


def test_every_detail_is_set_by_taps(math: Chat) -> None:
    for key, pick in (
        ("minutes", "45"),
        ("often", "2"),
        ("help", "4"),
        ("core", "no"),
        ("time", "600"),
        ("interest", "5"),
    ):
        math.say(f"@detail-{MATH}-{key}")
        assert math.title == f"subjects.{key}.ask"
        assert not math.card.option(f"{key}-{MATH}-{pick}").chosen
        math.say(f"@{key}-{MATH}-{pick}")
        assert math.title == "subjects.one"
        math.say(f"@detail-{MATH}-{key}")
        assert math.card.option(f"{key}-{MATH}-{pick}").chosen
        math.say("@back")
    math.say("@continue")
    assert math.title == "subjects.ask"
    assert accepted(math, "Mathematics") == {
        "name": "Mathematics",
        "isCoreSubject": False,
        "sessionDuration": 45,
        "frequency": "2-3_times_per_week",
        "metadata": {},
        "parentInvolvement": "independent",
        "fixedTimeRequired": True,
        "preferredTime": "10:00",
        "interestLevel": 5,
    }


@pytest.mark.parametrize("key", DETAILS)
def test_one_choice_of_each_detail_is_ticked_and_all_others_can_be(math: Chat, key: str) -> None:
    math.say(f"@detail-{MATH}-{key}")
    picks = [o.id for row in math.card.rows for o in row if o.id.startswith(f"{key}-")]
    for pick in picks:
        math.say(f"@{pick}", f"@detail-{MATH}-{key}")
        ticked = [o.id for row in math.card.rows for o in row if o.chosen]
        assert ticked == [pick]


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("25 min", {"sessionDuration": 25}),
        ("2x", {"metadata": {"sessionsPerWeek": 2}}),
        ("Mon Wed", {"metadata": {"days": ["Monday", "Wednesday"], "sessionsPerWeek": 2}}),
        ("at 9:30", {"fixedTimeRequired": True, "preferredTime": "09:30"}),
        ("alone", {"parentInvolvement": "independent"}),
        ("sin ayuda", {"parentInvolvement": "independent"}),
        ("likes it 5", {"interestLevel": 5}),
        ("not core", {"isCoreSubject": False}),
        ("core", {"isCoreSubject": True}),
        ("45 min, 4x, alone", {"sessionDuration": 45, "parentInvolvement": "independent"}),
        ("Math 45", {"sessionDuration": 45}),
        ("call it Numbers", {"name": "Numbers"}),
        ("rename Math to Numbers", {"name": "Numbers"}),
    ],
)
@pytest.mark.parametrize("view", ["subject", *DETAILS])
def test_typed_details_change_the_open_subject_in_every_view(
    math: Chat, view: str, text: str, changes: dict[str, Any]
) -> None:
    if view != "subject":
        math.say(f"@detail-{MATH}-{view}")
    math.say(text)
    assert math.title == "subjects.one"
    name = changes.get("name", "Mathematics")
    assert item(math, name).items() >= changes.items()


@pytest.mark.parametrize(
    ("view", "text", "changes"),
    [
        ("minutes", "25", {"sessionDuration": 25}),
        ("often", "4", {"frequency": "daily", "metadata": {"sessionsPerWeek": 4}}),
        ("often", "1", {"frequency": "once_a_week", "metadata": {}}),
        ("interest", "4", {"interestLevel": 4}),
        ("time", "9", {"fixedTimeRequired": True, "preferredTime": "09:00"}),
        ("time", "1:30 pm", {"fixedTimeRequired": True, "preferredTime": "13:30"}),
    ],
)
def test_a_number_means_what_is_being_asked(
    math: Chat, view: str, text: str, changes: dict[str, Any]
) -> None:
    math.say(f"@detail-{MATH}-{view}", text)
    assert math.title == "subjects.one"
    assert item(math, "Mathematics").items() >= changes.items()


@pytest.mark.parametrize(
    ("view", "text", "notice"),
    [
        ("minutes", "3", "subjects.minutes_range"),
        ("often", "9", "subjects.times_range"),
        ("interest", "9", "subjects.interest_range"),
        ("time", "25", "times.impossible"),
        ("core", "perhaps", "subjects.one_misread"),
        ("help", "perhaps", "subjects.one_misread"),
        ("help", "😀", "name.letters"),
        ("minutes", "how long is usual?", "subjects.misread"),
    ],
)
def test_what_cannot_be_is_said_and_the_view_stays(
    math: Chat, view: str, text: str, notice: str
) -> None:
    math.say(f"@detail-{MATH}-{view}")
    state, before = math.state, math.card
    math.say(text)
    assert math.notice == notice
    assert math.state == state
    assert (math.card.title, math.card.rows) == (before.title, before.rows)


def test_a_fixed_time_is_taken_back_by_a_tap_and_by_words(math: Chat) -> None:
    for undo in (f"@none-{MATH}", "none", "no set time", "sin hora fija"):
        math.say("at 9:30", f"@detail-{MATH}-time")
        assert math.card.option(f"time-{MATH}-570").chosen
        math.say(undo)
        assert "preferredTime" not in item(math, "Mathematics")
        assert math.title == "subjects.one"


def test_an_exact_number_and_certain_days_are_shown_as_chosen(math: Chat) -> None:
    for text, label, es_label in (
        ("4x", "4 times a week", "4 veces por semana"),
        ("Mon Wed Fri", "Mon Wed Fri", "lun mié vie"),
        ("2x Mon Wed Fri", "2 times a week", "2 veces por semana"),
        ("Mon-Sat", "6 times a week", "6 veces por semana"),
    ):
        math.say(text, f"@detail-{MATH}-often")
        option = math.card.option(f"often-{MATH}-now")
        assert option is not None
        assert option.chosen
        assert translator("en")(option.label) == label
        assert translator("es")(option.label) == es_label
        math.say(f"@often-{MATH}-1")
        assert item(math, "Mathematics")["metadata"] == {}


def test_another_subjects_line_changes_that_one_and_the_view_stays(math: Chat) -> None:
    math.say("Art 45 min alone")
    assert (math.title, math.notice) == ("subjects.one", "subjects.updated")
    assert math.card.title.args["name"] == "Mathematics"
    assert item(math, "Art")["sessionDuration"] == 45
    assert item(math, "Mathematics")["sessionDuration"] == 30
    math.say("Latin 2x 20 min independent", "remove Science")
    assert item(math, "Latin")["ticked"]
    assert not item(math, "Science")["ticked"]
    assert math.card.title.args["name"] == "Mathematics"


def test_the_open_subject_is_left_out_and_can_be_ticked_again(math: Chat) -> None:
    for text in (f"@leave-{MATH}", "remove", "quítala", "remove Math"):
        math.say(text)
        assert (math.title, math.notice) == ("subjects.ask", "subjects.removed")
        assert not math.card.option(f"s-{MATH}").chosen
        math.say(f"@s-{MATH}", "@choose", f"@open-{MATH}")
    assert item(math, "Mathematics")["ticked"]


def test_walking_from_subject_to_subject(math: Chat) -> None:
    names = ["Mathematics"]
    while (following := next(o for o in math.card.rows[0][-1:])).id.startswith("open"):
        math.say(f"@{following.id}")
        names.append(str(math.card.title.args["name"]))
    math.say("@continue", "@accept")
    answered = [entry["name"] for entry in math.state.answers[DRAFT]]
    assert ["Reading/Language Arts", *names] == answered


def test_a_quick_second_tap_on_next_skips_nothing(math: Chat) -> None:
    following = math.card.rows[0][-1].id
    math.say(f"@{following}")
    shown = math.card.title
    math.tap_at(math.state.step, following)
    assert (math.notice, math.card.title) == ("flow.stale", shown)


@pytest.mark.parametrize(
    "option", [f"minutes-{MATH}-45", f"detail-{ART}-help", f"leave-{ART}", "s-1", "accept"]
)
def test_taps_of_another_view_are_told_politely(math: Chat, option: str) -> None:
    state = math.state
    math.tap_at(math.state.step, option)
    assert (math.notice, math.state) == ("flow.stale", state)


def test_back_leads_out_view_by_view_and_then_to_the_question_before(math: Chat) -> None:
    math.say(f"@detail-{MATH}-help", "back")
    assert math.title == "subjects.one"
    math.say("atrás")
    assert math.title == "subjects.ask"
    math.say("@choose", "@back", "@another", "@back")
    assert math.title == "subjects.ask"
    math.say("@back")
    assert math.title == "commitments.ask"


def test_details_half_made_survive_going_back_and_restarts(math: Chat, flow: Flow) -> None:
    math.say("25", f"@detail-{MATH}-help")
    again = resumed(flow, math)
    assert (again.title, again.state) == (math.title, math.state)
    again.say(f"@help-{MATH}-4", "@continue", "@back", "@none")
    assert again.title == "subjects.ask"
    assert item(again, "Mathematics")["sessionDuration"] == 25
    assert item(again, "Mathematics")["parentInvolvement"] == "independent"


def test_an_answered_card_opens_with_what_was_answered(math: Chat) -> None:
    math.say("25", "@continue", "@accept", "@back", "change Math")
    assert told(math)[0] == "Length: 25 min"
    assert math.card.option("keep") is None
    math.say("35", "done", "looks right", "@back")
    assert "Mathematics · 35 min · daily · some help · core" in told(math)


@pytest.mark.parametrize("text", ["change Math", "open Mathematics", "cambiar matemáticas"])
def test_a_subject_is_opened_by_words(card: Chat, text: str) -> None:
    card.say(text)
    assert (card.title, card.card.title.args["name"]) == ("subjects.one", "Mathematics")


@pytest.mark.parametrize("text", ["Math", "mathematics", "matemáticas", "2"])
def test_asked_which_one_a_name_is_enough(card: Chat, text: str) -> None:
    card.say("@choose", text)
    assert (card.title, card.card.title.args["name"]) == ("subjects.one", "Mathematics")


@pytest.mark.parametrize("text", ["@another", "other", "another subject", "otra materia"])
def test_another_subject_asks_for_its_name(card: Chat, text: str) -> None:
    card.say(text)
    assert card.title == "subjects.another_ask"
    card.say("Cooking, Fri, 45 min, with me")
    assert (card.title, card.notice) == ("subjects.ask", "subjects.added")
    assert accepted(card, "Cooking")["metadata"]["days"] == ["Friday"]


def test_a_part_of_a_usual_subject_stands_beside_it(card: Chat) -> None:
    card.say("Geography 2x 30", "History 45 min")
    assert item(card, "Geography")["sessionDuration"] == 30
    assert item(card, "Social Studies/History")["sessionDuration"] == 45


def test_several_subjects_in_a_message(card: Chat) -> None:
    card.say("Math daily 35, Latin 2x 20 independent and remove Science")
    card.say("remove Science, Art")
    assert item(card, "Mathematics")["sessionDuration"] == 35
    assert item(card, "Latin")["metadata"] == {"sessionsPerWeek": 2}
    assert not item(card, "Science")["ticked"]
    assert not item(card, "Art")["ticked"]


def test_one_detail_for_several_subjects_or_for_all(card: Chat) -> None:
    card.say("Math and Science alone")
    assert card.notice == "subjects.changed"
    assert item(card, "Science")["parentInvolvement"] == "independent"
    card.say("everything 20 min")
    minutes = [entry["sessionDuration"] for entry in card.state.drafts[DRAFT]["items"]]
    ticked = [entry["ticked"] for entry in card.state.drafts[DRAFT]["items"]]
    assert {m for m, t in zip(minutes, ticked, strict=True) if t} == {20}
    assert {m for m, t in zip(minutes, ticked, strict=True) if not t} != {20}


def test_a_message_with_one_slip_keeps_the_good_lines_and_says_the_slip(card: Chat) -> None:
    card.say("Latin 500 min, Math 35 min")
    assert card.notice == "subjects.minutes_range"
    assert item(card, "Mathematics")["sessionDuration"] == 35
    assert "Latin" not in [entry["name"] for entry in card.state.drafts[DRAFT]["items"]]


def test_renaming(card: Chat) -> None:
    card.say("rename Art to Drawing")
    assert card.notice == "subjects.updated"
    card.say("rename Drawing to Science")
    assert card.notice == "subjects.double"
    card.say("rename Greek to Latin")
    assert card.notice == "subjects.unknown_old"
    card.say("rename Drawing to 123")
    assert card.notice == "name.letters"
    drawing = accepted(card, "Drawing")
    assert drawing["sessionDuration"] == 30


def test_more_subjects_than_can_be_planned(card: Chat) -> None:
    card.say(*(f"Club {chr(97 + n)}{chr(97 + n)}{n} 2x" for n in range(30)))
    assert card.notice == "subjects.too_many"
    ticked = [e for e in card.state.drafts[DRAFT]["items"] if e["ticked"]]
    assert len(ticked) == 30
    unticked = next(o for row in card.card.rows for o in row if o.id[:2] == "s-" and not o.chosen)
    card.say(f"@{unticked.id}", "@accept")
    assert (card.title, card.notice) == ("subjects.ask", "subjects.too_many")
    card.say(f"@{unticked.id}", "@accept")
    assert card.card.title.args["name"] == "Noah"


def test_the_card_in_spanish(flow: Flow) -> None:
    chat = Chat(flow, State(hints=HINTS))
    chat.say("@speak-es", *TO_THE_CARD, "cambiar detalles", "matemáticas")
    assert told(chat, "es") == [
        "Duración: 30 min",
        "Frecuencia: a diario",
        "Ayuda: con algo de ayuda",
        "Materia básica: sí",
        "Hora fija: ninguna",
        "Interés: 3 de 5",
    ]
    chat.say("duración", "25", "frecuencia", "lun mié", "tu ayuda", "sin ayuda")
    chat.say("básica o no", "no es básica", "hora fija", "9:30", "interés", "5")
    assert told(chat, "es") == [
        "Duración: 25 min",
        "Frecuencia: lun y mié",
        "Ayuda: sin ayuda",
        "Materia básica: no",
        "Hora fija: 9:30",
        "Interés: 5 de 5",
    ]
    chat.say("cambiar el nombre a Números", "listo", "cambiar Arte por Dibujo", "está bien")
    names = [entry["name"] for entry in chat.state.answers[DRAFT]]
    assert "Números" in names
    assert "Dibujo" in names


TYPED = st.sampled_from(
    [
        *("45", "2x", "Mon Wed", "at 9:30", "no fixed time", "alone", "likes it 5", "not core"),
        *("Latin 2x 20", "Art 45", "remove Art", "remove", "rename Art to Drawing", "call it X"),
        *("change Math", "everything 30", "other", "done", "no", "back", "3", "9", "hm", "???"),
        *("Math, 500 min", "Latin 3x Mon", "sin ayuda", "quitar", "hora fija", "5 5", "x" * 90),
    ]
)
LEAVING = ("back", "accept", "keep", LATER)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.integers(0, 25), TYPED), max_size=40))
def test_whatever_is_tapped_or_typed_no_subject_is_lost(
    flow: Flow, events: list[int | str]
) -> None:
    chat = Chat(flow)
    chat.say(*TO_THE_CARD)
    names: set[str] = set()
    for event in events:
        options = [o.id for row in chat.card.rows for o in row]
        if chat.title == "subjects.ask":
            options = [option for option in options if option not in LEAVING]
        if isinstance(event, int):
            chat.say(f"@{options[event % len(options)]}")
        elif chat.title != "subjects.ask" or event not in ("done", "back", "no"):
            chat.say(event)
        listed = chat.state.drafts.get(DRAFT, {"items": []})["items"]
        assert len(listed) >= len(names)
        names = {name_key(entry["name"]) for entry in listed}
        assert len(names) == len(listed)
    assert resumed(flow, chat).state == chat.state
