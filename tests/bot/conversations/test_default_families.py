"""What a family gets that only says yes: one adult is enough for it."""

from collections import defaultdict

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from transcript import DEFAULT_RUN, Chat

from bot.conversations.flow import Flow
from core.family import Child, Family, Frequency, Subject
from core.text import name_key
from db.document import parse_document, to_family

REQUIRED = {
    Frequency.DAILY: 5,
    Frequency.TWO_OR_THREE: 2,
    Frequency.WEEKLY: 1,
    Frequency.OCCASIONALLY: 0,
}


def default_family(flow: Flow, ages: list[int]) -> Family:
    """One parent who accepts everything."""
    chat = Chat(flow)
    names = [f"Kid {chr(ord('a') + n)} {age}" for n, age in enumerate(ages)]
    chat.say(*DEFAULT_RUN[:6], ", ".join(names), "@continue")
    while chat.title != "closing.title":
        chat.say("@flex-3") if chat.title == "flexibility.ask" else chat.go_on()
    return to_family(parse_document(chat.submitted.document))


def attention_by_end(family: Family) -> dict[int, float]:
    """Minutes of an adult's whole attention that a day needs on average, by the end of the
    homeschooling hours in which they must lie."""
    lessons: dict[str, list[tuple[Child, Subject]]] = defaultdict(list)
    for child in family.children:
        for subject in child.subjects:
            key = name_key(subject.name) if subject.teach_together else f"{child.id} {subject.id}"
            lessons[key].append((child, subject))
    needed: dict[int, float] = defaultdict(float)
    for members in lessons.values():
        subject = members[0][1]
        attention = max(member.involvement.attention for _, member in members)
        end = min(child.hours.end for child, _ in members)
        needed[end] += subject.minutes * REQUIRED[subject.frequency] * attention / 100 / 5
    return needed


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(2, 18), min_size=1, max_size=4))
@example([7, 7, 7, 7])
@example([2, 2, 2, 2])
@example([2, 6, 7, 7])
@example([2, 7, 7, 7])
def test_one_adult_is_enough_for_what_is_suggested(flow: Flow, ages: list[int]) -> None:
    family = default_family(flow, ages)
    begin = min(child.hours.start for child in family.children)
    needed = attention_by_end(family)
    for end in needed:
        until_then = sum(minutes for other, minutes in needed.items() if other <= end)
        assert until_then <= (end - begin) * (1 - family.preferences.flexibility.slack)
