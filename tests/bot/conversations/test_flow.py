"""The machine: derived place, Back, stale taps, drafts in the data model's session shape."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transcript import DEFAULT_RUN, TODAY, Chat

from bot.conversations.cards import Opened, Tapped, Typed
from bot.conversations.flow import Flow, Show, State, step
from bot.conversations.session import from_session, merged, to_session
from db.document import parse_document

NOW = datetime.combine(TODAY, datetime.min.time(), tzinfo=UTC)

FULL_RUN = (
    *DEFAULT_RUN[:4],
    "Sarah and Tom",
    "Tom Mon-Fri 9-17",
    "@continue",
    "Emma and Noah",
    "9",
    "6",
    "@continue",
    "Co-op Fri 1-3pm",
    "@all-1",
    "@continue",
    "Soccer Mon Wed 4-5pm",
    "@yes-1",
    "@continue",
    "@none",
    "@s-5",
    "Latin 2x 20 min independent",
    "@accept",
    "@accept",
    "@t-0",
    "@accept",
    "@flex-2",
    "@b-1",
    "@days",
    "@accept",
    "@accept",
    "@preset-4",
    "@open-3",
    "@rate-3-5",
    "@accept",
    "time blocked 5",
    "@accept",
    "2 5 3 1 4 4 4",
    "@open-1",
    "@continue",
    "@accept",
    "@plans-2",
)
"""A run that half-makes and types something on most cards; ends at the summary."""


def through_json(flow: Flow, state: State) -> State:
    return from_session(flow, json.loads(json.dumps(to_session(flow, state, now=NOW))))


@pytest.mark.parametrize("length", range(len(FULL_RUN) + 1))
def test_resuming_at_any_step_shows_the_same_card(chat: Chat, flow: Flow, length: int) -> None:
    chat.say(*FULL_RUN[:length])
    resumed = through_json(flow, chat.state)
    assert resumed == chat.state
    _, replies = step(flow, resumed, Opened(), today=TODAY)
    show = replies[-1]
    assert isinstance(show, Show)
    assert replace(show.card, notice=None) == replace(chat.open(), notice=None)


@pytest.mark.parametrize("length", range(1, len(DEFAULT_RUN)))
def test_back_then_the_same_answer_changes_nothing(chat: Chat, length: int) -> None:
    chat.say(*DEFAULT_RUN[:length])
    before, card = chat.state, chat.card
    chat.say("@back")
    assert chat.state.answers == before.answers
    assert chat.title != "summary.ask"
    chat.go_on()
    assert replace(chat.state, step=before.step) == before
    assert replace(chat.card, notice=None) == replace(card, notice=None)


def test_back_to_the_very_first_question_and_forward_again(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:-1])
    answers = chat.state.answers
    while chat.card.option("back") is not None:
        chat.say("back")
    assert chat.title == "consent.ask"
    chat.go_on_until("summary.ask")
    assert chat.state.answers == answers


def test_back_shows_the_answer_that_was_given(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:15], "@back")
    assert chat.card.option("flex-3").chosen
    chat.say("@back", "@back")
    assert chat.title == "subjects.ask"
    assert chat.card.option("s-0").chosen


def test_half_made_selections_survive_back(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:11], "@s-5", "@back", "@none")
    assert chat.card.option("s-5").chosen


def test_a_second_tap_on_an_answered_card_is_told_politely(chat: Chat) -> None:
    for entry in DEFAULT_RUN[:-1]:
        step_shown = chat.state.step
        chat.say(entry)
        if chat.state.step > step_shown and entry.startswith("@"):
            state = chat.state
            chat.tap_at(step_shown, entry[1:])
            assert chat.notice == "flow.stale"
            assert chat.state == state


@pytest.mark.parametrize("option", ["nothing", "s-99", "remove-7", "edit-1", "place-0", "", "-"])
def test_an_unknown_option_is_told_politely(chat: Chat, option: str) -> None:
    chat.say(*DEFAULT_RUN[:7])
    state = chat.state
    chat.tap_at(state.step, option)
    assert (chat.notice, chat.state) == ("flow.stale", state)


def test_two_quick_removals_remove_one(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:7])
    chat.say("@remove-temp_child_1")
    chat.tap_at(chat.state.step, "remove-temp_child_1")
    assert chat.notice == "flow.stale"
    assert [line.args["name"] for line in chat.card.lines] == ["Noah"]


def test_coming_back_welcomes_and_changes_nothing(chat: Chat) -> None:
    assert chat.notice is None
    chat.say(*DEFAULT_RUN[:5])
    state = chat.state
    chat.open()
    assert (chat.notice, chat.state) == ("flow.welcome_back", state)


def test_the_session_has_the_shape_of_the_data_model(chat: Chat, flow: Flow) -> None:
    chat.say(*DEFAULT_RUN[:12])
    session = to_session(flow, chat.state, now=NOW)
    assert session["currentSection"] == 4
    assert session["progress"] == {
        "section1": "complete",
        "section2": "complete",
        "section3": "complete",
        "section4": "in_progress",
        "section5": "not_started",
        "section6": "not_started",
        "section7": "not_started",
    }
    assert session["childrenProgress"] == [
        {
            "childId": "temp_child_1",
            "name": "Emma",
            "section3Child": "complete",
            "section4": "complete",
            "section6": "not_started",
        },
        {
            "childId": "temp_child_2",
            "name": "Noah",
            "section3Child": "complete",
            "section4": "in_progress",
            "section6": "not_started",
        },
    ]
    assert session["draftResponses"]["section1"]["name"] == "Sarah"
    assert session["lastUpdated"] == "2026-11-25T00:00:00Z"


def test_the_session_of_a_fresh_conversation(chat: Chat, flow: Flow) -> None:
    session = to_session(flow, chat.state, now=NOW)
    assert session["currentSection"] == 1
    assert set(session["progress"].values()) == {"not_started"}
    assert session["draftResponses"] == {}


def test_a_newer_flow_keeps_what_is_valid_and_asks_the_rest_again(chat: Chat, flow: Flow) -> None:
    chat.say(*DEFAULT_RUN[:-1])
    session = to_session(flow, chat.state, now=NOW)
    session["draftResponses"]["section5"]["flexibility"] = "no longer a value"
    session["draftResponses"]["section6"]["byChild"]["temp_child_2"]["times"] = {"odd": "shape"}
    newer = replace(flow, version=flow.version + 1)
    resumed = Chat(newer, from_session(newer, session))
    assert resumed.title == "flexibility.ask"
    resumed.say("@flex-3")
    assert (resumed.title, resumed.card.title.args["name"]) == ("times.ask", "Noah")
    resumed.say("@accept")
    assert resumed.title == "summary.ask"


def test_cards_of_an_older_flow_are_stale(chat: Chat, flow: Flow) -> None:
    chat.say(*DEFAULT_RUN[:-1])
    shown = chat.state.step
    newer = replace(flow, version=flow.version + 1)
    resumed = Chat(newer, from_session(newer, to_session(flow, chat.state, now=NOW)))
    resumed.tap_at(shown, "accept")
    assert resumed.notice == "flow.stale"


def test_an_answer_whose_reason_is_gone_is_asked_again(chat: Chat) -> None:
    """Tom's working hours mean nothing once Tom no longer teaches."""
    chat.say(*FULL_RUN)
    assert chat.title == "summary.ask"
    chat.say("@edit-1", "@pick-adults")
    chat.say("@alone")
    assert chat.title == "away.ask"


def test_what_another_device_has_half_made_goes_on(flow: Flow) -> None:
    ours, theirs = Chat(flow), Chat(flow)
    ours.say(*DEFAULT_RUN[:4])
    theirs.say(*DEFAULT_RUN[:7])
    both = Chat(flow, merged(ours.state, theirs.state))
    assert both.title == "children.more"
    assert [line.args["name"] for line in both.card.lines] == ["Emma", "Noah"]


def test_children_that_another_device_has_accepted_outdo_half_made_ones(flow: Flow) -> None:
    ours, theirs = Chat(flow), Chat(flow)
    ours.say(*DEFAULT_RUN[:6], "Ben 4")
    theirs.say(*DEFAULT_RUN[:12])
    both = Chat(flow, merged(ours.state, theirs.state))
    assert both.state.answers == theirs.state.answers
    both.say("@back", "@back", "@back", "@back", "@back")
    assert both.title == "children.more"
    assert [line.args["name"] for line in both.card.lines] == ["Emma", "Noah"]


def test_half_made_answers_of_both_devices_stay_with_their_children(flow: Flow) -> None:
    ours, theirs = Chat(flow), Chat(flow)
    ours.say(*DEFAULT_RUN[:6], "Ben 4", "@continue")
    theirs.say(*DEFAULT_RUN[:11], "@s-5")
    assert list(theirs.state.drafts) == ["subjects.temp_child_1"]
    assert merged(ours.state, theirs.state).drafts == {}


GOING_ON = ("keep", "accept", "agree", "continue", "none")

SHAPES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            *(entry for entry in (*FULL_RUN, *DEFAULT_RUN) if not entry.startswith("@")),
            *("yes", "no", "back", "none", "done", "1", "3", "9-2", "Emma", "Tom 17", "25:00"),
            *("Soccer Mon 4-5pm", "Choir monthly on the 31st 5-6pm", "remove Art", "Portland"),
            *(
                "Soccer",
                "Piano Mon, Swim 4-5",
                "Choir once",
                "4pm",
                "Nov 30 and Dec 7",
                "half past 3",
            ),
            *("science", "Math at 9", "Mon-Thu", "9-9", "\x00", "😀", "x" * 2000),
        ]
    ),
)
EVENTS = st.lists(st.tuples(st.integers(0, 30), SHAPES), max_size=60)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(FULL_RUN)), EVENTS)
def test_whatever_happens_a_card_is_shown(
    flow: Flow, begin: int, events: list[tuple[int, str]]
) -> None:
    chat = Chat(flow)
    chat.say(*FULL_RUN[:begin])
    for choice, text in events:
        if chat.title == "closing.title":
            return
        options = [option.id for row in chat.card.rows for option in row]
        if choice < len(options):
            chat.say(f"@{options[choice]}")
        elif choice == 30:
            chat.tap_at(chat.state.step - 1, text)
        else:
            chat.say(text.lstrip("@"))
        for key in chat.state.answers:
            assert "\x00" not in key
    assert through_json(flow, chat.state) == chat.state
    finish(chat)
    parse_document(chat.submitted.document)


def finish(chat: Chat) -> None:
    """Answer whatever is still asked as shortly as one can."""
    fallback = {
        "children.ask": "Noah 6",
        "children.age": "@forget",
        "name.ask": "Sarah",
        "adults.ask": "@alone",
        "flexibility.ask": "@flex-3",
        "timezone.which": "@place-0",
    }
    for _ in range(200):
        if chat.title == "closing.title":
            return
        options = [option.id for row in chat.card.rows for option in row]
        if chat.notice == "subjects.none":
            chat.say("@s-0")
        elif chat.notice == "guide.no_days":
            chat.say("@d-0")
        elif chat.title in fallback:
            chat.say(fallback[chat.title])
        elif any(option in GOING_ON for option in options):
            chat.go_on()
        else:
            chat.say(f"@{options[0]}")
    raise AssertionError(f"no way out of {chat.title}")


@given(st.text(max_size=200))
def test_typed_text_never_raises_at_the_first_question(flow: Flow, text: str) -> None:
    _, replies = step(flow, State(), Typed(text), today=TODAY)
    assert isinstance(replies[-1], Show)


@given(st.integers(-5, 50), st.text(max_size=30))
def test_taps_never_raise(flow: Flow, shown: int, option: str) -> None:
    _, replies = step(flow, State(), Tapped(shown, option), today=TODAY)
    assert isinstance(replies[-1], Show)


@pytest.mark.parametrize(
    ("said", "notice", "misread"),
    [
        ("sarah at home", "email.misread", True),
        ("x" * 1001, "flow.too_long", True),
        ("yes", "flow.bare_word", False),
        ("", "flow.empty", False),
    ],
)
def test_words_worth_mending_are_told_from_others(
    chat: Chat, said: str, notice: str, misread: bool
) -> None:
    chat.say("@agree", "@accept", said)
    assert (chat.notice, chat.card.misread) == (notice, misread)
    assert not chat.open().misread


def test_a_notice_of_what_was_understood_asks_for_nothing_again(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:11], "Latin 2x 20 min independent")
    assert chat.notice is not None
    assert not chat.card.misread
