"""How much a parent has to do who wants everything otherwise: played, and counted."""

import pytest
from transcript import DEFAULT_RUN, HINTS, Chat

from bot.conversations.flow import Flow, State
from core.family import Involvement
from db.document import parse_document, to_family

MOST_INPUTS = 90
TO_THE_SUBJECTS = DEFAULT_RUN[:11]

SUBJECTS = {
    "en": (
        "Reading not core 25 min 4x alone at 9:30 interest 5",
        "Math not core 35 min Mon Wed Fri with me at 10 interest 2",
        "Science not core 25 min weekly alone at 10:30 interest 4",
        "Social studies not core 25 min 1x alone at 11 interest 1",
        "Art core 20 min daily with help at 11:30 interest 5",
        "Music core 20 min 3x with help at 12 interest 4",
        "PE core 20 min daily with help at 12:30 interest 5",
        "Foreign language core 10 min 4x with help at 1pm interest 2",
    ),
    "es": (
        "Lectura no es básica 25 min 4x sin ayuda a las 9:30 interés 5",
        "Mate no es básica 35 min lun mié vie conmigo a las 10 interés 2",
        "Ciencias no es básica 25 min semanal sin ayuda a las 10:30 interés 4",
        "Sociales no es básica 25 min 1x sin ayuda a las 11 interés 1",
        "Arte básica 20 min a diario con ayuda a las 11:30 interés 5",
        "Música básica 20 min 3x con ayuda a las 12 interés 4",
        "Educación física básica 20 min a diario con ayuda a las 12:30 interés 5",
        "Idioma extranjero básica 10 min 4x con ayuda a las 13 interés 2",
    ),
}
"""One line for each offered subject; it changes all six details."""

RATINGS = ("2 5 4 1 4", "@accept", "2 4 1 5 4", "@accept", "1 5 4 2 3 5 4", "@accept")
"""Seventeen ratings on three cards."""


def messages(lines: tuple[str, ...]) -> list[str]:
    """At most three subjects in each."""
    return [", ".join(lines[n : n + 3]) for n in range(0, len(lines), 3)]


@pytest.mark.parametrize("language", SUBJECTS)
def test_changing_every_detail_and_every_rating_stays_within_ninety_inputs(
    flow: Flow, language: str
) -> None:
    chat = Chat(flow, State(hints=HINTS, language=language))
    one_child = [*messages(SUBJECTS[language]), "@accept"]
    inputs = [
        *TO_THE_SUBJECTS,
        *one_child,
        *one_child,
        *("@accept", "@flex-3", "@accept", "@accept"),
        *RATINGS,
        *("@accept", "@accept"),
    ]
    chat.say(*TO_THE_SUBJECTS)
    usual = {o.id: o.chosen for row in chat.card.rows for o in row if o.id.startswith("s-")}
    assert len(usual) == len(SUBJECTS[language])
    chat.say(*inputs[len(TO_THE_SUBJECTS) :])
    print(f"inputs that change six details of eight subjects of two, all ratings: {len(inputs)}")
    assert len(inputs) <= MOST_INPUTS
    assert chat.title == "closing.title"
    for child in to_family(parse_document(chat.submitted.document)).children:
        assert [subject.minutes for subject in child.subjects] == [25, 35, 25, 25, 20, 20, 20, 10]
        assert [subject.core for subject in child.subjects] == [False] * 4 + [True] * 4
        assert [subject.interest for subject in child.subjects] == [5, 2, 4, 1, 5, 4, 5, 2]
        assert [subject.preferred_time for subject in child.subjects] == [
            570 + 30 * n for n in range(8)
        ]
        assert [subject.sessions_per_week for subject in child.subjects] == [
            *(4, 3, None, None),
            *(None, 3, None, 4),
        ]
        assert [subject.involvement for subject in child.subjects] == [
            Involvement.INDEPENDENT,
            Involvement.FULL,
            *(Involvement.INDEPENDENT,) * 2,
            *(Involvement.SOME,) * 4,
        ]
    preferences = chat.submitted.document["preferences"]
    assert list(preferences["homeschoolingPhilosophy"].values()) == [2, 5, 4, 1, 4]
    assert list(preferences["schedulingStyle"].values()) == [2, 4, 1, 5, 4]
    assert list(preferences["activityPreferences"].values()) == [1, 5, 4, 2, 3, 5, 4]


def test_the_same_by_taps_alone_for_one_subject(chat: Chat) -> None:
    """Two taps a detail, and three around them."""
    chat.say(*TO_THE_SUBJECTS)
    taps = ["@choose", "@open-1"]
    for key, pick in (
        *(("minutes", "45"), ("often", "2"), ("help", "1")),
        *(("core", "no"), ("time", "540"), ("interest", "5")),
    ):
        taps += [f"@detail-1-{key}", f"@{key}-1-{pick}"]
    taps.append("@continue")
    chat.say(*taps)
    print(f"taps that change six details of one subject: {len(taps)}")
    assert len(taps) == 15
    assert chat.title == "subjects.ask"
