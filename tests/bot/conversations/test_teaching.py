"""Section 7 as families play it: three cards of ratings and the planning approach."""

from typing import Any

import pytest
from transcript import DEFAULT_RUN, HINTS, Chat

from bot.conversations.flow import Flow, State
from bot.conversations.ratings import meant
from bot.conversations.teaching import GROUPS, TEACHING_KEYS
from bot.texts import LANGUAGES
from core.defaults import PRESETS, Preset
from core.phrase import say
from db.document import parse_document, to_family

SECTION_7 = DEFAULT_RUN[:17]
RELAXED = PRESETS[1]


@pytest.fixture
def asked(chat: Chat) -> Chat:
    """A parent who has come to the philosophy card."""
    chat.say(*SECTION_7)
    assert chat.title == "teaching.philosophy.ask"
    return chat


def shown(chat: Chat) -> list[int]:
    """The ratings that the card says, in its order."""
    labels = [sketch.label for sketch in chat.card.sketches]
    for label in labels:
        rating = label.args["rating"]
        assert label.args["dots"] == "●" * rating + "○" * (5 - rating)
    return [label.args["rating"] for label in labels]


def preferences_of(preset: Preset) -> dict[str, Any]:
    return {
        "schedulingFlexibility": "moderate_structure",
        "homeschoolingPhilosophy": dict(preset.philosophy),
        "schedulingStyle": dict(preset.style),
        "activityPreferences": dict(preset.activities),
        "planningApproach": preset.approach.value,
    }


def test_a_family_that_accepts_everything_taps_four_times(asked: Chat) -> None:
    for question in TEACHING_KEYS:
        assert asked.title == f"{'' if question == 'approach' else 'teaching.'}{question}.ask"
        asked.say("@accept")
    assert asked.title == "summary.ask"
    asked.say("@accept")
    assert asked.submitted.document["preferences"] == preferences_of(PRESETS[0])
    section = asked.submitted.document["questionnaireResponses"]["section7"]
    assert tuple(section) == TEACHING_KEYS


@pytest.mark.parametrize("number", range(len(PRESETS)))
def test_a_preset_of_the_first_card_fills_what_comes_after(asked: Chat, number: int) -> None:
    preset = PRESETS[number]
    asked.say(f"@preset-{number + 1}")
    assert asked.title == "teaching.philosophy.ask"
    for group in GROUPS:
        assert shown(asked) == list(group.ratings(preset).values())
        ticked = [o.id for row in asked.card.rows for o in row if o.chosen]
        assert ticked == [f"preset-{number + 1}"]
        assert asked.card.lines[-1].args["name"] == say(f"preset.{preset.key}")
        asked.say("@accept")
    approach = list(type(preset.approach)).index(preset.approach) + 1
    assert asked.card.option(f"plans-{approach}").chosen
    asked.say("@accept")
    style = asked.card.lines[-1].args["teaching"]
    assert style == say(f"preset.{preset.key}")
    asked.say("@accept")
    document = parse_document(asked.submitted.document)
    assert asked.submitted.document["preferences"] == preferences_of(preset)
    assert to_family(document).preferences.approach is preset.approach


def test_ratings_that_match_a_preset_suggest_it_too(asked: Chat) -> None:
    asked.say("23415", "yes")
    assert asked.title == "teaching.style.ask"
    assert shown(asked) == list(RELAXED.style.values())


def test_after_a_mix_the_balanced_values_are_suggested(asked: Chat) -> None:
    asked.say("relaxed", "classical 5", "yes")
    assert shown(asked) == list(PRESETS[0].style.values())
    asked.say("@accept", "@accept", "@accept")
    style = asked.card.lines[-1].args["teaching"]
    assert style.key == "rating.favourites"
    assert [name.key for name in style.args["names"]] == [
        "teaching.philosophy.classical",
        "teaching.philosophy.unschooling",
    ]


def test_a_mix_without_favourites_is_called_so(asked: Chat) -> None:
    asked.say("3 3 3 3 3", "yes", "yes", "yes", "yes")
    assert asked.card.lines[-1].args["teaching"] == say("rating.mix")


def test_one_statement_is_opened_rated_and_shown_in_the_list(asked: Chat) -> None:
    asked.say("@open-4")
    assert asked.card.title == say("rating.ask", name=say("teaching.philosophy.classical"))
    assert shown(asked) == [2]
    assert asked.card.option("rate-4-2").chosen
    asked.say("@rate-4-5")
    assert asked.title == "teaching.philosophy.ask"
    assert shown(asked) == [3, 3, 3, 5, 3]
    assert not any(asked.card.option(f"preset-{n}").chosen for n in range(1, 7))
    assert asked.card.lines[-1] == say("rating.own")
    asked.say("@open-1", "@continue", "@accept")
    assert list(asked.state.answers["philosophy"].values()) == [3, 3, 3, 5, 3]


@pytest.mark.parametrize(("typed", "rating"), [("4", 4), ("5/5", 5), ("ok", 2), ("no", 2)])
def test_an_open_statement_is_rated_in_words(asked: Chat, typed: str, rating: int) -> None:
    asked.say("classical 2", "@open-4", typed)
    assert asked.title == "teaching.philosophy.ask"
    assert shown(asked) == [3, 3, 3, rating, 3]


@pytest.mark.parametrize(
    ("typed", "notice"),
    [("6", "rating.range"), ("a lot", "rating.misread"), ("2 5", "rating.amount")],
)
def test_an_open_statement_stays_open_after_a_slip(asked: Chat, typed: str, notice: str) -> None:
    asked.say("@open-4")
    card = asked.card
    asked.say(typed)
    assert asked.notice == notice
    assert (asked.card.title, asked.card.rows) == (card.title, card.rows)


def test_the_whole_list_can_be_typed_while_one_is_open(asked: Chat) -> None:
    asked.say("@open-4", "2 5 3 1 4")
    assert (asked.title, shown(asked)) == ("teaching.philosophy.ask", [2, 5, 3, 1, 4])


@pytest.mark.parametrize(
    ("typed", "ratings"),
    [
        ("2 5 3 1 4", [2, 5, 3, 1, 4]),
        ("2, 5, 3, 1 y 4", [2, 5, 3, 1, 4]),
        ("classical 4", [3, 3, 3, 4, 3]),
        ("clásica 4, montessori 2", [3, 3, 2, 4, 3]),
        ("Relaxed", [2, 3, 4, 1, 5]),
        ("tranquilo", [2, 3, 4, 1, 5]),
        ("relaxt", [2, 3, 4, 1, 5]),
        ("classical", [4, 3, 1, 5, 1]),
    ],
)
def test_ratings_are_typed_and_shown_before_they_count(
    asked: Chat, typed: str, ratings: list[int]
) -> None:
    asked.say(typed)
    assert (asked.title, shown(asked)) == ("teaching.philosophy.ask", ratings)
    assert asked.notice == ("rating.changed" if any(map(str.isdigit, typed)) else None)
    assert "philosophy" not in asked.state.answers
    asked.say("yes")
    assert list(asked.state.answers["philosophy"].values()) == ratings


@pytest.mark.parametrize(
    ("typed", "notice"),
    [
        ("3", "rating.which"),
        ("2 5 3", "rating.amount"),
        ("2 5 3 1 4 5", "rating.amount"),
        ("2 5 3 1 9", "rating.range"),
        ("latin 4", "rating.unknown"),
        ("purple", "rating.misread"),
    ],
)
def test_a_slip_is_told_with_an_example_and_loses_nothing(
    asked: Chat, typed: str, notice: str
) -> None:
    asked.say("1 2 3 4 5")
    state = asked.state
    asked.say(typed)
    assert (asked.notice, asked.state) == (notice, state)
    assert shown(asked) == [1, 2, 3, 4, 5]
    example = asked.card.notice.args["example"]
    asked.say(f"montessori 4, {example.args['all']}" if notice == "purple" else example.args["all"])
    assert asked.notice == "rating.changed"


def test_the_good_part_of_a_line_with_a_slip_counts(asked: Chat) -> None:
    asked.say("classical 4, latin 2")
    assert (asked.notice, shown(asked)) == ("rating.unknown", [3, 3, 3, 4, 3])


def test_a_statement_named_alone_opens(asked: Chat) -> None:
    asked.say("montessori")
    assert asked.card.title == say("rating.ask", name=say("teaching.philosophy.montessori"))


def test_in_spanish(flow: Flow) -> None:
    chat = Chat(flow, State(hints=HINTS, language="es"))
    chat.say(*SECTION_7, "clásica 4, montessori 2", "está bien", "horas fijas 5, rotación 1", "sí")
    chat.say("naturaleza 5, memorizar 1", "sí", "un poco de cada")
    answers = chat.state.answers
    assert list(answers["philosophy"].values()) == [3, 3, 2, 4, 3]
    assert list(answers["style"].values()) == [3, 1, 5, 3, 3]
    assert list(answers["activities"].values()) == [3, 5, 4, 1, 3, 3, 4]
    assert answers["approach"] == "mix_of_planned_and_spontaneous"


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_and_every_word_of_it_means_its_own_statement(
    flow: Flow, group: Any, language: str
) -> None:
    names = {
        flow.translators[language](say(f"teaching.{group.key}.{statement}")).lower(): statement
        for statement in group.statements
    }
    for name, statement in names.items():
        for word in (name, *(word for word in name.split() if len(word) >= 4)):
            assert meant(word, names) == statement


@pytest.mark.parametrize("group", GROUPS)
def test_presets_differ_in_each_group(group: Any) -> None:
    """Or a card could not tell which one was chosen."""
    assert len({tuple(group.ratings(preset).values()) for preset in PRESETS}) == len(PRESETS)


@pytest.mark.parametrize(("typed", "number"), [("2", 2), ("Our own plans", 3), ("own plans", 3)])
def test_the_approach_is_one_of_five_by_tap_number_or_name(
    asked: Chat, typed: str, number: int
) -> None:
    asked.say("@accept", "@accept", "@accept")
    assert asked.card.option("plans-5").chosen
    asked.say(typed)
    assert asked.title == "summary.ask"
    asked.say("@edit-7", "@pick-approach")
    assert asked.card.option(f"plans-{number}").chosen
    asked.say("@plans-1")
    assert asked.state.answers["approach"] == "set_curriculum"


def test_back_and_the_same_answers_change_nothing(asked: Chat) -> None:
    asked.say("2 5 3 1 4", "yes", "loop 5", "yes", "relaxed", "yes", "@plans-3")
    answers = asked.state.answers
    asked.say("back", "back", "back", "back")
    assert (asked.title, shown(asked)) == ("teaching.philosophy.ask", [2, 5, 3, 1, 4])
    asked.say("@accept", "@accept", "@accept", "@accept")
    assert (asked.title, asked.state.answers) == ("summary.ask", answers)


def test_what_was_rated_stays_when_the_first_card_is_changed_later(asked: Chat) -> None:
    asked.say("@accept", "loop 5", "yes", "@accept", "@accept")
    style = asked.state.answers["style"]
    asked.say("@edit-7", "@pick-philosophy", "relaxed", "yes")
    assert asked.state.answers["style"] == style


def test_a_button_of_another_statement_is_stale(asked: Chat) -> None:
    """Two phones, one card: a rating never lands on a statement that is open elsewhere."""
    asked.say("@open-4", "@continue", "@open-3")
    state = asked.state
    asked.tap_at(state.step, "rate-4-5")
    assert (asked.notice, asked.state) == ("flow.stale", state)


GOOD = dict.fromkeys(GROUPS[0].statements, 3)


@pytest.mark.parametrize(
    "stored",
    [
        {"preset": "balanced", "homeschoolingPhilosophy": GOOD},
        {**GOOD, "classical": 6},
        {**GOOD, "classical": True},
        {**GOOD, "classical": 3.0},
        {**GOOD, "latin": 3},
        dict.fromkeys(list(GOOD)[:4], 3),
        [3, 3, 3, 3, 3],
        "balanced",
        3,
    ],
)
def test_stored_ratings_that_are_none_are_asked_again(asked: Chat, stored: Any) -> None:
    asked.say("@accept", "@accept", "@accept", "@accept")
    asked.state = State(answers={**asked.state.answers, "philosophy": stored}, step=99)
    asked.open()
    assert asked.title == "teaching.philosophy.ask"
    asked.say("@accept")
    assert asked.title == "summary.ask"
