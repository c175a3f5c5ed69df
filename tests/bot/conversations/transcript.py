"""A conversation played as a transcript: taps and texts in, replies out."""

from dataclasses import dataclass, field
from datetime import date

from bot.conversations.cards import Card, Opened, Tapped, Typed
from bot.conversations.flow import Flow, Hints, Kept, Reply, Show, State, Submit, step
from bot.texts import LANGUAGES, translator
from bot.views import render

TODAY = date(2026, 11, 25)
"""A Wednesday."""

DEFAULT_RUN = (
    "@agree",
    "@accept",
    "@skip",
    "@accept",
    "@alone",
    "@none",
    "Emma 9, Noah 6",
    "@continue",
    "@none",
    "@none",
    "@none",
    "@accept",
    "@accept",
    "@accept",
    "@flex-3",
    "@accept",
    "@accept",
    "@accept",
    "@accept",
    "@accept",
    "@accept",
    "@accept",
)
"""What a family of two taps ("@" and the option) and types when it accepts the defaults."""

HINTS = Hints("Sarah", "America/New_York")


@dataclass
class Chat:
    """One parent at the machine. `say` takes "@option" for a tap, anything else as typed."""

    flow: Flow
    state: State = field(default_factory=lambda: State(hints=HINTS))
    replies: tuple[Reply, ...] = ()
    card: Card = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> Card:
        return self._take(Opened())

    def say(self, *inputs: str) -> Card:
        for text in inputs:
            if text.startswith("@"):
                assert self.card.option(text[1:]) is not None, (text, self.title)
                self._take(Tapped(self.state.step, text[1:]))
            else:
                self._take(Typed(text))
        return self.card

    def go_on(self) -> Card:
        """Take the card as it is, with what it already holds."""
        order = ("keep", "accept", "agree", "continue", "none")
        return self.say(next(f"@{o}" for o in order if self.card.option(o) is not None))

    def go_on_until(self, title: str) -> Card:
        while self.title != title:
            self.go_on()
        return self.card

    def tap_at(self, step_shown: int, option: str) -> Card:
        return self._take(Tapped(step_shown, option))

    @property
    def title(self) -> str:
        return self.card.title.key

    @property
    def notice(self) -> str | None:
        return self.card.notice.key if self.card.notice else None

    @property
    def kept(self) -> list[str]:
        return [reply.phrase.key for reply in self.replies if isinstance(reply, Kept)]

    @property
    def submitted(self) -> Submit:
        return next(reply for reply in self.replies if isinstance(reply, Submit))

    def _take(self, event: Opened | Typed | Tapped) -> Card:
        self.state, self.replies = step(self.flow, self.state, event, today=TODAY)
        cards = [reply.card for reply in self.replies if isinstance(reply, Show)]
        assert len(cards) == 1
        assert isinstance(self.replies[-1], Show)
        (self.card,) = cards
        for language in LANGUAGES:
            # Every text exists in every language, or this raises.
            view = render(self.card, translator(language))
            assert all(len(row) <= 3 for row in view.rows)
            assert all(0 < len(button.label) < 20 for row in view.rows for button in row)
            ids = [button.id for row in view.rows for button in row]
            assert len(set(ids)) == len(ids)
            assert all(len(option_id) <= 24 for option_id in ids)
        return self.card
