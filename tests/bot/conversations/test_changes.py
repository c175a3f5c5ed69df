"""Changing answers once there is a week: the same questions, over what is in force."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transcript import DEFAULT_RUN, HINTS, TODAY, Chat

from bot.conversations.family_document import answers_of, family_document, identities_of
from bot.conversations.flow import Asking, Discard, Flow, State, Submit, changes
from bot.questionnaire import family_settings
from core.family import Identities, Scope
from db.document import dump_document, parse_document, to_family

SARAH = json.loads((Path(__file__).parents[3] / "examples" / "sarah.json").read_text())
SETTLED = (
    *DEFAULT_RUN[:4],
    "Sarah and Tom",
    "Tom Mon-Fri 9-17",
    "@continue",
    *DEFAULT_RUN[6:8],
    "Co-op Fri 1-3pm",
    "@all-1",
    "@continue",
    "Soccer Mon Wed 4-5pm drop-off",
    "@continue",
    "@none",
    "Latin 2x 20 min independent",
    "@accept",
    *DEFAULT_RUN[12:],
)


def numbered(document: dict[str, Any]) -> Identities:
    """Ids as a database would give them, different for each entry."""
    count = iter(range(100, 1000))

    def ids(entries: Any) -> tuple[int, ...]:
        return tuple(next(count) for _ in entries)

    children = document["children"]
    return Identities(
        children=ids(children),
        subjects=tuple(ids(child.get("subjects", ())) for child in children),
        commitments=ids(document.get("commitments", ())),
        child_commitments=tuple(ids(child.get("commitments", ())) for child in children),
    )


def in_force(document: dict[str, Any]) -> dict[str, Any]:
    document = dump_document(parse_document(document))
    return answers_of(document, numbered(document))


def opened(base: dict[str, Any]) -> Chat:
    return Chat(family_settings(), State(answers=base, base=base, hints=HINTS))


@pytest.fixture
def settled(chat: Chat) -> dict[str, Any]:
    """The answers in force of a family that was asked everything."""
    chat.say(*SETTLED)
    return in_force(chat.submitted.document)


def test_what_was_answered_is_what_is_in_force(chat: Chat) -> None:
    chat.say(*SETTLED)
    document = chat.submitted.document
    again = opened(in_force(document))
    assert again.title == "settings.ask"
    assert again.card.option("accept") is None
    asking = Asking(again.state.answers, TODAY, "en", HINTS, again.flow.translators)
    written = family_document(asking)
    # The raw answers are of another conversation: there, rows have names.
    for part in (written, document, *written["children"], *document["children"]):
        part.pop("questionnaireResponses")
    assert written == document


def test_an_imported_family_can_be_changed_too() -> None:
    chat = opened(in_force(SARAH))
    assert chat.title == "settings.ask"
    chat.say("@edit-5", "@flex-1", "@accept")
    changed = parse_document(chat.submitted.document)
    before, after = to_family(parse_document(SARAH)), to_family(changed)
    assert after.children == before.children
    # A parent's commitment that names nobody is the first adult's; now it says so.
    first = before.adults[0].id
    assert after.commitments == tuple(
        replace(own, adult_id=first) if own.scope is Scope.PARENT and not own.adult_id else own
        for own in before.commitments
    )
    assert after.preferences.flexibility != before.preferences.flexibility


def test_nothing_changes_by_looking(settled: dict[str, Any]) -> None:
    chat = opened(settled)
    for section in range(1, 8):
        chat.say(f"@edit-{section}")
        picks = [o.id for row in chat.card.rows for o in row if o.id.startswith("pick-")]
        for pick in picks:
            chat.say(f"@{pick}", "@back", f"@edit-{section}")
        chat.say("@all" if picks else "@back")
    assert chat.title == "settings.ask"
    assert changes(chat.state) == {}
    chat.say("@leave")
    assert Discard() in chat.replies


@pytest.mark.parametrize("section", range(1, 8))
def test_each_question_is_two_taps_away_and_keeping_its_answer_changes_nothing(
    settled: dict[str, Any], section: int
) -> None:
    chat = opened(settled)
    chat.say(f"@edit-{section}")
    picks = [o.id for row in chat.card.rows for o in row if o.id.startswith("pick-")]
    if not picks:
        chat.go_on()
        assert chat.title == "settings.ask"
    for pick in picks:
        chat.say(f"@{pick}")
        chat.go_on()
        assert chat.title == "settings.ask"
        chat.say(f"@edit-{section}")
    assert changes(chat.state) == {}


def test_a_change_says_what_it_is_and_what_row_it_was(settled: dict[str, Any]) -> None:
    chat = opened(settled)
    emma = settled["children"][0]["childId"]
    former = settled[f"subjects.{emma}"]
    chat.say("@edit-4", f"@pick-subjects-{emma.removeprefix('child_')}")
    chat.say("Latin 30 min, Chess weekly 20 min", "@accept")
    assert chat.title == "settings.ask"
    assert "settings.changed" in [line.key for line in chat.card.lines]
    chat.say("@accept")
    ids = chat.submitted.identities.subjects[0]
    names = [entry["name"] for entry in chat.submitted.document["children"][0]["subjects"]]
    assert dict(zip(names, ids, strict=True)) == {
        **{entry["name"]: entry["id"] for entry in former},
        "Chess": None,
    }
    assert "id" not in chat.submitted.document["children"][0]["subjects"][0]
    parse_document(chat.submitted.document)


def test_a_child_who_leaves_is_named_before_all_is_saved(settled: dict[str, Any]) -> None:
    chat = opened(settled)
    emma = settled["children"][0]["childId"]
    chat.say("@edit-2", f"@remove-{emma}", "Ben 7", "@continue")
    chat.go_on_until("settings.ask")
    gone = [line for line in chat.card.lines if line.key == "settings.gone"]
    assert [line.args["name"] for line in gone] == ["Emma"]
    chat.say("@accept")
    noah = int(settled["children"][1]["childId"].removeprefix("child_"))
    assert chat.submitted.identities.children == (noah, None)


def test_all_changes_are_taken_back_at_once(settled: dict[str, Any]) -> None:
    chat = opened(settled)
    chat.say("@edit-5", "@flex-1", "@leave")
    assert Discard() in chat.replies
    assert changes(chat.state) == {}


def test_one_commitment_that_is_nobodys_any_more_leaves_the_others(
    settled: dict[str, Any],
) -> None:
    chat = opened(settled)
    chat.say("@edit-1", "@pick-away", "Sarah Clinic Mon 9-10", "@continue")
    chat.say("@edit-1", "@pick-adults", "@alone")
    assert chat.title == "away.ask"
    assert "Clinic" in str(chat.card.lines)
    assert "Tom" not in str(chat.card.lines)
    chat.say("@continue", "@accept")
    names = [entry["name"] for entry in chat.submitted.document["commitments"]]
    assert "Clinic" in names


def test_who_goes_along_by_name_is_known_again_as_the_parent() -> None:
    document = json.loads(json.dumps(SARAH))
    document["adults"] = [{"name": "Sarah"}, {"name": "Tom"}]
    document["parent"] = {"name": "Sarah"}
    document["children"][0]["commitments"] = [
        {
            "name": "Choir",
            "frequency": "weekly",
            "daysOfWeek": ["Monday"],
            "startTime": "16:00",
            "endTime": "17:00",
            "adult": "Sarah",
        }
    ]
    chat = opened(in_force(document))
    assert chat.title == "settings.ask"


def test_a_change_that_asks_for_another_can_be_left(settled: dict[str, Any]) -> None:
    """Without Tom, Tom's working hours are nobody's."""
    chat = opened(settled)
    chat.say("@edit-1", "@pick-adults", "@alone")
    assert chat.title == "away.ask"
    chat.say("@leave")
    assert Discard() in chat.replies
    assert (chat.title, changes(chat.state)) == ("settings.ask", {})


def test_words_are_answered_with_what_works(settled: dict[str, Any]) -> None:
    chat = opened(settled)
    chat.say("change the thing")
    assert (chat.title, chat.notice) == ("settings.ask", "settings.misread")


def test_an_untouched_family_is_submitted_with_every_row(settled: dict[str, Any]) -> None:
    identities = identities_of(settled)
    assert None not in identities.children
    assert all(None not in rows for rows in identities.subjects)
    assert None not in identities.commitments


def test_putting_off_keeps_everything_and_goes_on_at_the_same_card(chat: Chat, flow: Flow) -> None:
    chat.say(*DEFAULT_RUN[:7])
    card = chat.card
    chat.say("@later")
    assert chat.title == "flow.rest"
    chat.say("@resume")
    assert chat.card == card
    chat.say("save for later")
    assert chat.title == "flow.rest"
    # Whoever simply goes on is understood too.
    chat.say("Ben 7")
    assert [line.args["name"] for line in chat.card.lines] == ["Emma", "Noah", "Ben"]


def test_an_answered_question_is_opened_again_by_its_line(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:8])
    chat.tap_at(0, "again-email")
    assert chat.title == "email.ask"
    chat.say("sarah@example.com")
    assert chat.title == "familyCommitments.ask"
    chat.tap_at(0, "again-children")
    assert chat.title == "children.more"
    for unknown in ("again-subjects-1", "again-", "again-nothing-7"):
        chat.tap_at(0, unknown)
        assert chat.notice == "flow.stale"


def test_the_document_is_submitted_once(chat: Chat) -> None:
    chat.say(*SETTLED)
    assert sum(isinstance(reply, Submit) for reply in chat.replies) == 1
