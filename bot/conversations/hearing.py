"""Which option of a card a typed text means, in any language."""

from collections.abc import Mapping

from bot.conversations.answers import closest, fold, means_back, means_no, means_yes
from bot.conversations.cards import Card
from core.phrase import Translate

GO_ON = ("agree", "accept", "continue", "yes")
"""Options that a plain "yes" means; what stands behind a dash in an id is its object."""

LATER = "later"
"""The option that puts the conversation off."""

DECLINE = ("none", "skip", "no")
"""Options that a plain "no" means."""


def is_bare_word(text: str) -> bool:
    """Whether a text is but a yes, a no or a back."""
    return means_yes(text) or means_no(text) or means_back(text)


def option_meant(translators: Mapping[str, Translate], card: Card, text: str) -> str | None:
    """The option that a text names: by its label in any language, or by a plain yes, no, back."""
    options = [option for row in card.rows for option in row]
    wanted = fold(text)
    for option in options:
        if any(fold(translate(option.label)) == wanted for translate in translators.values()):
            return option.id
    ids = [option.id for option in options]
    if means_back(text):
        return "back" if "back" in ids else None
    for meant, verbs in ((means_yes, GO_ON), (means_no, (*DECLINE, "continue"))):
        if meant(text):
            for verb in verbs:
                for option_id in ids:
                    if option_id.split("-")[0] == verb:
                        return option_id
    return None


def option_nearly_meant(translators: Mapping[str, Translate], card: Card, text: str) -> str | None:
    """The option that a number or a misspelt label stands for."""
    going_on = (*GO_ON, *DECLINE, "back", "keep", LATER)
    options = [o for row in card.rows for o in row if o.id.split("-")[0] not in going_on]
    if text.isdecimal():
        number = int(text)
        return options[number - 1].id if 1 <= number <= len(options) else None
    if any(char.isdigit() for char in text):
        # Times look alike whatever they mean.
        return None
    labels = {
        fold(translate(option.label)): option.id
        for option in options
        for translate in translators.values()
    }
    return labels.get(closest(fold(text), labels) or "")
