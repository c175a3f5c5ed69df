"""One text of the day, read as a reply, as a request, or as something to ask back."""

import re
from collections.abc import Callable
from datetime import date

from core.family import Family
from core.grammar.words import clean
from core.said.days import read_day
from core.said.hearing import hear
from core.said.lessons import asks, idle, whom
from core.said.lexicon import Sense
from core.said.moves import read_move
from core.said.occasions import read_known, read_new, read_outing
from core.said.pieces import Heard, Mention
from core.said.readings import TOPICS, DayFacts, Reading, Topic, Unclear, Undo, Why, ask_back
from core.said.replies import read_reply

LONGEST = 300
"""Characters of a text; a longer one is a story, and asked back."""


def read(
    text: str, language: str, day: DayFacts, family: Family, *, today: date, minute: int
) -> Reading:
    """What `text` means in a chat of this family, `today` at `minute` of their wall clock.

    Both languages are understood in either; `language` says which number of "4/5" is the day. A
    text is understood only as a whole: where a word is left over, where two things are said, where
    something is asked, wished or doubted, or where several lessons, people or dates fit about
    equally, it is `Unclear`.
    """
    text = clean(text)
    if len(text) > LONGEST:
        return Unclear(Why.WORDS)
    ways = (True, False) if re.search(r"[1-5]\s?(?:/|de|of)\s?5\W*$", text) else (True,)
    readings = [
        _read(hear(text, language, day.lessons, family, today, minute, rated=rated), day)
        for rated in ways
    ]
    return next((found for found in readings if not isinstance(found, Unclear)), readings[0])


def _undo(heard: Heard, _: DayFacts) -> Reading | None:
    if not heard.has(Sense.UNDO):
        return None
    if heard.only((), (Sense.UNDO, Sense.THAT, Sense.POLITE, Sense.OF, Sense.CHANGE, Sense.WAIT)):
        return Undo()
    return ask_back(Why.TWO_THINGS, Topic.UNDO)


_READERS: tuple[Callable[[Heard, DayFacts], Reading | None], ...] = (
    _undo,
    read_day,
    read_known,
    read_move,
    read_outing,
    read_reply,
    read_new,
)
"""Who looks first: the one whose words are least likely to stand in the others' sentences."""


def _read(heard: Heard, day: DayFacts) -> Reading:
    if idle(heard) or not whom(heard, day):
        return Unclear(Why.NOTHING)
    readings = (reader(heard, day) for reader in _READERS)
    found = next((reading for reading in readings if reading is not None), None)
    if (found is None and not heard.holds(Mention)) or (
        heard.has(Sense.NOTHING) and isinstance(found, Unclear)
    ):
        return Unclear(Why.NOTHING)
    understood = None if isinstance(found, Unclear) else found
    topic = found.topic if isinstance(found, Unclear) else TOPICS.get(type(found))
    if asks(heard):
        return Unclear(Why.QUESTION, topic, (understood,) if understood else ())
    if heard.has(Sense.DOUBT):
        return Unclear(Why.UNSURE, topic)
    return found or Unclear(Why.WORDS)
