"""What siblings learn together: who may, on which terms, and that the document is good."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transcript import DEFAULT_RUN, TODAY, Chat

from bot.conversations.flow import Flow
from bot.conversations.session import from_session, to_session
from bot.conversations.subject_entries import changed, exactly, sessions
from bot.conversations.together import common_terms
from bot.texts import translator
from core.family import Child, Frequency, Subject
from core.week import Weekday
from db.document import parse_document, to_family

NOW = datetime.combine(TODAY, datetime.min.time(), tzinfo=UTC)
DAYS = [day.label for day in Weekday]


def at_subjects(chat: Chat, children: str) -> Chat:
    """The parent of these children at the first one's subjects."""
    chat.say(*DEFAULT_RUN[:6], children, "@continue")
    return _until(chat, "subjects.ask")


def _until(chat: Chat, title: str) -> Chat:
    while chat.title != title:
        chat.go_on()
    return chat


def planned(chat: Chat) -> tuple[Child, ...]:
    """The children of the document that comes of it."""
    while chat.title != "closing.title":
        if chat.title == "flexibility.ask":
            chat.say("@flex-3")
        else:
            chat.go_on()
    return to_family(parse_document(chat.submitted.document)).children


def learned(child: Child, name: str) -> Subject:
    return next(subject for subject in child.subjects if subject.name == name)


def told(chat: Chat) -> list[str]:
    return [translator("en")(line) for line in chat.card.lines[1:]]


def chosen(chat: Chat) -> set[str]:
    """The labels that are ticked."""
    return {translator("en")(o.label) for row in chat.card.rows for o in row if o.chosen}


def test_subjects_that_differ_are_offered_and_shown_at_their_common_terms(chat: Chat) -> None:
    at_subjects(chat, "Emma 9, Noah 6")
    chat.say("Science Mon Wed Fri 45 min", "@accept", "Science weekly", "@accept")
    assert "Science" not in chosen(chat)
    assert "Art · 30 min · once a week · Emma and Noah" in told(chat)
    chat.say("science and art")
    assert "Science" in chosen(chat)
    assert "Science · 30 min · once a week (Mon, Wed, and Fri) · Emma and Noah" in told(chat)
    chat.say("@accept")
    for child in planned(chat):
        assert learned(child, "Art").teach_together
        science = learned(child, "Science")
        assert science.teach_together
        assert (science.minutes, science.sessions_per_week) == (30, 1)
        assert science.days == (0, 2, 4)


def test_the_time_that_one_has_fixed_counts_for_all(chat: Chat) -> None:
    at_subjects(chat, "Emma 9, Noah 6")
    chat.say("Art at 10:30", "@accept", "@accept", "art")
    assert "Art · 30 min · once a week · Emma and Noah · at 10:30 AM" in told(chat)
    chat.say("@accept")
    assert {learned(child, "Art").preferred_time for child in planned(chat)} == {10 * 60 + 30}


def test_different_fixed_times_are_no_lesson_together(chat: Chat) -> None:
    at_subjects(chat, "Emma 9, Noah 6")
    chat.say("Art at 10:30", "@accept", "Art at 11:30", "@accept")
    labels = {translator("en")(o.label) for row in chat.card.rows for o in row}
    assert "Science" in labels
    assert "Art" not in labels


def test_of_three_those_who_are_near_in_age_are_suggested(chat: Chat) -> None:
    at_subjects(chat, "Emma 9, Noah 6, Zoe 15")
    _until(chat, "together.ask")
    assert "Science · 30 min · 2–3 times a week · Emma and Noah" in told(chat)
    chat.say("@accept")
    emma, noah, zoe = planned(chat)
    assert learned(emma, "Science").teach_together
    assert learned(noah, "Science").teach_together
    assert not learned(zoe, "Science").teach_together


def test_who_of_three_is_chosen_by_taps(chat: Chat, flow: Flow) -> None:
    at_subjects(chat, "Emma 9, Noah 6, Zoe 15")
    _until(chat, "together.ask")
    science = next(
        o.id for row in chat.card.rows for o in row if o.label.key == "subject.science.short"
    )
    at = science.split("-")[1]
    chat.say(f"@{science}")
    assert chat.title == "together.who"
    assert chosen(chat) == {"Noah", "Emma"}
    chat.say(f"@who-{at}-1", f"@who-{at}-2")
    assert chosen(chat) == {"Emma", "Zoe"}
    stored = json.loads(json.dumps(to_session(flow, chat.state, now=NOW)))
    again = Chat(flow, from_session(flow, stored))
    assert again.title == "together.who"
    again.say("@back")
    assert "Science · 30 min · 2–3 times a week · Emma and Zoe" in told(again)
    again.say(f"@{science}", f"@all-{at}", "@continue")
    assert "Science · 30 min · 2–3 times a week · Emma, Noah, and Zoe" in told(again)
    again.say(f"@{science}", f"@apart-{at}")
    assert "Science" not in chosen(again)


def test_one_child_alone_shares_nothing(chat: Chat) -> None:
    at_subjects(chat, "Emma 9, Noah 6, Zoe 15")
    _until(chat, "together.ask")
    assert len(told(chat)) == 3
    chat.say("science")
    at = chat.card.rows[0][1].id.removeprefix("all-")
    chat.say(f"@who-{at}-0", "done")
    assert len(told(chat)) == 2


def test_a_third_at_another_time_cannot_join(chat: Chat) -> None:
    at_subjects(chat, "Emma 9, Noah 6, Zoe 15")
    chat.say("PE at 10", "@accept", "@accept", "PE at 11", "@accept", "physical education")
    at = chat.card.rows[0][1].id.removeprefix("all-")
    chat.say("all of them")
    assert chosen(chat) == {"Noah", "Emma"}
    state = chat.state
    chat.say(f"@who-{at}-2")
    assert (chat.notice, chat.state) == ("together.clash", state)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("science Emma and Noah", {"Emma", "Noah"}),
        ("Emma and Zoe do science together", {"Emma", "Zoe"}),
        ("Zoe, Noah: science", {"Zoe", "Noah"}),
        ("science for Emma and Zoe", {"Emma", "Zoe"}),
        ("ciencias Emma y Zoe", {"Emma", "Zoe"}),
        ("ciencias y arte", {"Emma", "Noah", "Zoe"}),
        ("everything", {"Emma", "Noah", "Zoe"}),
        ("science apart", set()),
        ("no science", set()),
        ("ciencias aparte", set()),
        ("science without Emma", set()),
        ("science Emma", None),
    ],
)
def test_who_learns_what_together_in_words(chat: Chat, text: str, names: set[str] | None) -> None:
    at_subjects(chat, "Emma 9, Noah 6, Zoe 15")
    _until(chat, "together.ask")
    chat.say(text)
    if names is None:
        assert chat.notice == "together.unknown"
        return
    chat.say("@accept")
    ids = {"Emma": "temp_child_1", "Noah": "temp_child_2", "Zoe": "temp_child_3"}
    learners = chat.state.answers["together"].get("science", {"learners": []})["learners"]
    assert set(learners) == {ids[name] for name in names}


def test_names_are_compared_without_case(chat: Chat) -> None:
    at_subjects(chat, "Emma 9, Noah 6")
    chat.say("LATIN 2x 30", "@accept", "latin 2x 20", "@accept", "latin", "@accept")
    emma, noah = planned(chat)
    assert learned(emma, "LATIN").teach_together
    assert learned(noah, "latin").teach_together
    assert learned(emma, "LATIN").minutes == 20


def test_a_fourth_child_who_comes_later_is_asked_about(chat: Chat) -> None:
    at_subjects(chat, "Emma 9, Noah 6, Zoe 15")
    _until(chat, "together.ask")
    chat.say("@accept", "@flex-3")
    assert chat.title == "times.ask"
    while chat.title != "children.more":
        chat.say("@back")
    chat.say("Ben 8", "@continue")
    seen = []
    while chat.title != "times.ask":
        if chat.title == "together.ask":
            seen += told(chat)
        chat.go_on()
    assert "Science · 30 min · 2–3 times a week · Emma, Noah, and Ben" in seen


def test_what_was_answered_in_another_shape_is_asked_again(chat: Chat, flow: Flow) -> None:
    chat.say(*DEFAULT_RUN[:14])
    stored = json.loads(json.dumps(to_session(flow, chat.state, now=NOW)))
    section = stored["draftResponses"]["section4"]
    for odd in ({"science": ["temp_child_1", "temp_child_2"]}, {"science": 3}, ["science"]):
        section["together"] = odd
        assert Chat(flow, from_session(flow, stored)).title == "together.ask"


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """One child's Science."""
    days = [DAYS[n] for n in sorted(draw(st.sets(st.integers(0, 6), min_size=1)))]
    often = draw(
        st.one_of(
            st.sampled_from(Frequency).map(lambda f: {"frequency": f.value, "metadata": {}}),
            st.just(exactly(len(days), [])),
            st.just(exactly(draw(st.integers(1, len(days))), days)),
            st.just({"frequency": "occasionally", "metadata": {"days": days}}),
        )
    )
    time = draw(st.sampled_from([None, None, "10:00", "11:00"]))
    return {
        "name": "Science",
        "isCoreSubject": draw(st.booleans()),
        "sessionDuration": draw(st.integers(1, 48)) * 5,
        **often,
        "parentInvolvement": "full_involvement",
        "interestLevel": 3,
        **(
            {"fixedTimeRequired": True, "preferredTime": time}
            if time
            else {"fixedTimeRequired": False}
        ),
    }


@given(st.lists(entries(), min_size=2, max_size=4))
def test_common_terms_make_a_good_document(listed: list[dict[str, Any]]) -> None:
    terms = common_terms(listed)
    if terms is None:
        times = {entry.get("preferredTime") for entry in listed} - {None}
        days = [set(e["metadata"]["days"]) for e in listed if "days" in e["metadata"]]
        assert len(times) > 1 or not set.intersection(*days)
        return
    alike = [changed(entry, terms) for entry in listed]
    document = {
        "weekStartDate": "2026-11-23",
        "timezone": "UTC",
        "adults": 1,
        "children": [
            {"name": f"Child {n}", "age": 9, "subjects": [{**entry, "teachTogether": True}]}
            for n, entry in enumerate(alike)
        ],
    }
    parse_document(document)
    assert alike[0]["sessionDuration"] == listed[0]["sessionDuration"]
    assert all(sessions(alike[0]) <= sessions(entry) for entry in listed)


def test_what_was_half_chosen_outlives_a_change_behind_it(flow: Flow) -> None:
    """Back from the card, two set times that differ, and on again: nothing is left to share."""
    chat = Chat(flow)
    chat.say(*DEFAULT_RUN[:6], "Emma 9, Noah 8, Ben 7", "@continue", "@none")
    chat.go_on_until("together.ask")
    chat.say("art")
    while chat.title != "subjects.ask":
        chat.say("@back")
    chat.say("Art at 9:00", "@accept")
    assert chat.title == "together.ask"
    chat.say("@back", "@back", "Art at 10:00", "@accept", "@accept")
    assert chat.title == "together.ask"
    assert not [line for line in chat.card.lines if line.args.get("name") == "Art"]
