"""Section 7: how the family teaches. Three cards of ratings, and where its plans come from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bot.conversations.answers import Misread, fold
from bot.conversations.cards import Card, Option, Sketch
from bot.conversations.example_days import STYLE_DAYS
from bot.conversations.flow import Answer, Asking, Choice, Half, Outcome, Question, Words
from bot.conversations.ratings import RATINGS, meant, read_rating, read_ratings
from core.defaults import PRESETS, Preset
from core.family import ACTIVITIES, PHILOSOPHIES, SCHEDULING_STYLES, PlanningApproach
from core.phrase import Phrase, PhraseArg, say

FAVOURITE = 4
"""The rating from which on a statement speaks for a family."""


@dataclass(frozen=True, slots=True)
class Group:
    """Statements that are rated on one card: the question's key, the key of the family document,
    the ratings that a preset gives them, and the example days of those that have one."""

    key: str
    document_key: str
    statements: tuple[str, ...]
    ratings: Callable[[Preset], Mapping[str, int]]
    days: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


PHILOSOPHY = Group(
    "philosophy", "homeschoolingPhilosophy", PHILOSOPHIES, lambda preset: preset.philosophy
)
STYLE = Group(
    "style", "schedulingStyle", SCHEDULING_STYLES, lambda preset: preset.style, STYLE_DAYS
)
ACTIVITY = Group("activities", "activityPreferences", ACTIVITIES, lambda preset: preset.activities)
GROUPS = (PHILOSOPHY, STYLE, ACTIVITY)
APPROACH = "approach"
TEACHING_KEYS = (*(group.key for group in GROUPS), APPROACH)
"""The section's questions."""


def teaching_questions() -> tuple[Question, ...]:
    """The questions of `TEACHING_KEYS`, in order."""
    return (*(_rating_question(group) for group in GROUPS), _approach_question())


def teaching_preferences(answers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By question, what its answer is in the keys of the family document."""
    ratings: dict[str, dict[str, Any]] = {
        group.key: {
            group.document_key: {name: answers[group.key][name] for name in group.statements}
        }
        for group in GROUPS
    }
    return {**ratings, APPROACH: {"planningApproach": answers[APPROACH]}}


def teaching_answers(preferences: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that make these preferences, in the keys of the family document; what they do
    not say is as the first preset has it."""
    usual = PRESETS[0]
    answers: dict[str, Any] = {
        group.key: {
            name: given.get(name) or group.ratings(usual)[name] for name in group.statements
        }
        for group in GROUPS
        for given in (preferences.get(group.document_key) or {},)
    }
    return {**answers, APPROACH: preferences.get("planningApproach") or usual.approach.value}


def tell_teaching(answers: Mapping[str, Any]) -> Phrase:
    """The family's way of teaching in a few words: its preset, or what it rated best."""
    presets = [_preset(group, answers[group.key]) for group in GROUPS]
    if presets[0] is not None and presets.count(presets[0]) == len(GROUPS):
        return say(f"preset.{presets[0].key}")
    return _favourites(PHILOSOPHY, answers[PHILOSOPHY.key])


def _rating_question(group: Group) -> Question:
    """A rating from 1 to 5 by statement. A draft is {"ratings": those, "open": the statement
    that is looked at, or None}."""

    def ask(asking: Asking, draft: Any) -> Card:
        ratings, opened = _chosen(group, asking, draft)
        return _one_card(group, ratings, opened) if opened else _all_card(group, ratings)

    def hear(asking: Asking, draft: Any, heard: Choice | Words) -> Outcome:
        ratings, opened = _chosen(group, asking, draft)
        if isinstance(heard, Words):
            return _typed(group, asking, ratings, opened, heard.text)
        return _tapped(group, ratings, heard.option)

    return Question(
        group.key,
        7,
        ask,
        hear,
        sound=lambda _, value: (
            set(value) == set(group.statements)
            and all(type(rating) is int and rating in RATINGS for rating in value.values())
        ),
        tell=lambda _, value: say(f"teaching.{group.key}.kept", what=_told(group, value)),
    )


def _chosen(group: Group, asking: Asking, draft: Any) -> tuple[dict[str, int], str | None]:
    """The ratings as they stand, and the statement that is open."""
    if draft:
        return dict(draft["ratings"]), draft["open"]
    if asking.given is not None:
        return dict(asking.given), None
    return dict(group.ratings(_suggested(asking))), None


def _suggested(asking: Asking) -> Preset:
    """The preset of the section's first card; the first one where that is a mix."""
    answered = asking.answers.get(PHILOSOPHY.key)
    return (answered and _preset(PHILOSOPHY, answered)) or PRESETS[0]


def _preset(group: Group, ratings: Mapping[str, int]) -> Preset | None:
    return next((preset for preset in PRESETS if group.ratings(preset) == ratings), None)


def _half(ratings: dict[str, int], notice: Phrase | None = None, opened: str | None = None) -> Half:
    return Half({"ratings": ratings, "open": opened}, notice)


def _name(group: Group, statement: str) -> Phrase:
    return say(f"teaching.{group.key}.{statement}")


def _sketch(group: Group, statement: str, rating: int) -> Sketch:
    dots = "●" * rating + "○" * (RATINGS[-1] - rating)
    return Sketch(
        say("rating.label", dots=dots, rating=rating, name=_name(group, statement)),
        group.days.get(statement, ""),
        say(f"teaching.{group.key}.{statement}.says"),
    )


def _all_card(group: Group, ratings: Mapping[str, int]) -> Card:
    fitting = _preset(group, ratings)
    presets = [
        Option(f"preset-{n}", say(f"preset.{preset.key}"), chosen=preset is fitting)
        for n, preset in enumerate(PRESETS, start=1)
    ]
    statements = [
        Option(
            f"open-{n}",
            say("rating.open", name=_name(group, statement), rating=ratings[statement]),
        )
        for n, statement in _counted(group)
    ]
    return Card(
        say(f"teaching.{group.key}.ask"),
        lines=(say("rating.scale"), _described(fitting)),
        rows=(
            (Option("accept", say("rating.accept")),),
            *_in_pairs(presets),
            *_in_pairs(statements),
        ),
        hint=say("rating.hint", example=_example(group)),
        sketches=tuple(_sketch(group, s, ratings[s]) for s in group.statements),
    )


def _described(preset: Preset | None) -> Phrase:
    if preset is None:
        return say("rating.own")
    name, says = say(f"preset.{preset.key}"), say(f"preset.{preset.key}.says")
    return say("rating.filled", name=name, says=says)


def _in_pairs(options: list[Option]) -> Iterator[tuple[Option, ...]]:
    return (tuple(options[n : n + 2]) for n in range(0, len(options), 2))


def _one_card(group: Group, ratings: Mapping[str, int], statement: str) -> Card:
    place = group.statements.index(statement) + 1
    values = [
        Option(f"rate-{place}-{n}", say(f"rating.{n}"), chosen=n == ratings[statement])
        for n in RATINGS
    ]
    return Card(
        say("rating.ask", name=_name(group, statement)),
        rows=(
            tuple(values[:3]),
            tuple(values[3:]),
            (Option("continue", say("rating.all")),),
        ),
        hint=say("rating.hint_one"),
        sketches=(_sketch(group, statement, ratings[statement]),),
    )


def _example(group: Group) -> Phrase:
    ratings = group.ratings(PRESETS[-1])
    return say(
        "rating.example",
        name=_name(group, group.statements[0]),
        all=" ".join(str(ratings[statement]) for statement in group.statements),
    )


def _tapped(group: Group, ratings: dict[str, int], option: str) -> Outcome:
    verb, *rest = option.split("-")
    match verb:
        case "accept":
            return Answer(ratings)
        case "preset":
            return _half(dict(group.ratings(PRESETS[int(rest[0]) - 1])))
        case "open":
            return _half(ratings, opened=group.statements[int(rest[0]) - 1])
        case "rate":
            statement = group.statements[int(rest[0]) - 1]
            return _half({**ratings, statement: int(rest[1])})
        case _:
            return _half(ratings)


def _typed(
    group: Group, asking: Asking, ratings: dict[str, int], opened: str | None, text: str
) -> Outcome:
    example = _example(group)
    if opened is not None:
        rating = read_rating(text)
        if isinstance(rating, Misread):
            return rating
        if rating is not None:
            return _half({**ratings, opened: rating})
    names = _names(asking, {name: _name(group, name) for name in group.statements})
    rated = read_ratings(text, group.statements, names, example)
    if isinstance(rated, Misread):
        return rated
    if rated is not None:
        return _half({**ratings, **rated.values}, rated.slip or say("rating.changed"))
    # Presets and statements share names; a name alone means first what fills the card.
    options = {
        **_names(asking, {f"open-{n}": _name(group, name) for n, name in _counted(group)}),
        **_names(
            asking,
            {f"preset-{n}": say(f"preset.{p.key}") for n, p in enumerate(PRESETS, start=1)},
        ),
    }
    option = meant(text, options)
    if option is None:
        return Misread(say("rating.misread", example=example))
    return _tapped(group, ratings, option)


def _counted(group: Group) -> enumerate[str]:
    return enumerate(group.statements, start=1)


def _names(asking: Asking, said: Mapping[str, Phrase]) -> dict[str, str]:
    """From each folded name, in every language, to its key."""
    return {
        fold(translate(name)): key
        for key, name in said.items()
        for translate in asking.translators.values()
    }


def _told(group: Group, ratings: Mapping[str, int]) -> Phrase:
    preset = _preset(group, ratings)
    return say(f"preset.{preset.key}") if preset else _favourites(group, ratings)


def _favourites(group: Group, ratings: Mapping[str, int]) -> Phrase:
    best = sorted(group.statements, key=lambda statement: -ratings[statement])[:2]
    liked: tuple[PhraseArg, ...] = tuple(
        _name(group, statement) for statement in best if ratings[statement] >= FAVOURITE
    )
    return say("rating.favourites", names=liked) if liked else say("rating.mix")


def _approach_question() -> Question:
    """ "approach": one of `PlanningApproach`."""
    approaches = tuple(PlanningApproach)

    def chosen(asking: Asking) -> str:
        return asking.given or _suggested(asking).approach.value

    def ask(asking: Asking, _: Any) -> Card:
        options = [
            Option(f"plans-{n}", say(f"approach.{approach}"), approach.value == chosen(asking))
            for n, approach in enumerate(approaches, start=1)
        ]
        sketches = tuple(
            Sketch(say(f"approach.{approach}"), "", say(f"approach.{approach}.says"))
            for approach in approaches
        )
        return Card(
            say("approach.ask"),
            rows=(
                (Option("accept", say("rating.accept")),),
                *_in_pairs(options),
            ),
            hint=say("approach.hint"),
            sketches=sketches,
        )

    def hear(asking: Asking, _: Any, heard: Choice | Words) -> Outcome:
        if isinstance(heard, Words):
            return Misread(say("approach.misread"))
        if heard.option == "accept":
            return Answer(chosen(asking))
        return Answer(approaches[int(heard.option.split("-")[1]) - 1].value)

    return Question(
        APPROACH,
        7,
        ask,
        hear,
        sound=lambda _, value: PlanningApproach(value) in PlanningApproach,
        tell=lambda _, value: say("approach.kept", name=say(f"approach.{value}")),
        numbered=True,
    )
