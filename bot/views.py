"""A card in the reader's language: what a channel draws and what the outbox stores."""

from pydantic import BaseModel, ConfigDict

from bot.conversations.cards import Card
from core.phrase import Translate, say


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Button(_Frozen):
    """`id` comes back with a tap."""

    id: str
    label: str
    chosen: bool = False


class LinkButton(_Frozen):
    label: str
    url: str


class Meter(_Frozen):
    """The progress line: `text` ("Section 4 of 7 · Noah") and the share done, 0 to 1."""

    text: str
    done: float


class Strip(_Frozen):
    """A label and its caption, with a small example day where there are `cells` (see `Sketch`)."""

    label: str
    cells: str
    caption: str


class View(_Frozen):
    """A message in words. All strings are plain text, never markup.

    `shrunk` marks a card that was answered: it is drawn as one quiet line (its title), and its
    buttons reopen it. `secret`, `misread` and `farewell` as in `Card`.
    """

    title: str
    lines: tuple[str, ...] = ()
    sketches: tuple[Strip, ...] = ()
    rows: tuple[tuple[Button, ...], ...] = ()
    links: tuple[LinkButton, ...] = ()
    notice: str | None = None
    hint: str | None = None
    progress: Meter | None = None
    qr: str | None = None
    thinking: bool = False
    shrunk: bool = False
    secret: bool = False
    misread: bool = False
    farewell: bool = False
    wants_place: bool = False

    def offers(self, option_id: str) -> bool:
        """Whether a tap on `option_id` can have come from this message."""
        return any(button.id == option_id for row in self.rows for button in row)


def render(card: Card, translate: Translate) -> View:
    """The card in the language of `translate`."""
    meter = None
    if card.progress is not None:
        place = card.progress
        text = (
            say("progress.named", section=place.section, sections=place.sections, name=place.name)
            if place.name
            else say("progress.plain", section=place.section, sections=place.sections)
        )
        meter = Meter(text=translate(text), done=place.done)
    return View(
        title=translate(card.title),
        lines=tuple(translate(line) for line in card.lines),
        sketches=tuple(
            Strip(label=translate(s.label), cells=s.cells, caption=translate(s.caption))
            for s in card.sketches
        ),
        rows=tuple(
            tuple(Button(id=o.id, label=translate(o.label), chosen=o.chosen) for o in row)
            for row in card.rows
        ),
        links=tuple(LinkButton(label=translate(k.label), url=k.url) for k in card.links),
        notice=translate(card.notice) if card.notice else None,
        hint=translate(card.hint) if card.hint else None,
        progress=meter,
        qr=card.qr,
        thinking=card.thinking,
        secret=card.secret,
        misread=card.misread,
        farewell=card.farewell,
        wants_place=card.wants_place,
    )
