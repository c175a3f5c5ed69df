"""The text catalogues: one per language, read once, spoken through `translator`."""

from datetime import date, time
from functools import cache
from importlib.resources import files
from io import BytesIO

from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from core.phrase import Phrase, PhraseArg, Translate

LANGUAGES = ("en", "es")


class UnknownText(KeyError):
    """A phrase whose key is in no catalogue: a mistake of ours, never of a reader."""


def language_of(code: str | None) -> str:
    """The language of ours that fits a code such as "es-MX"; English where none does."""
    primary = (code or "").replace("_", "-").split("-")[0].lower()
    return primary if primary in LANGUAGES else "en"


@cache
def _catalogue(language: str) -> Translations:
    source = files("bot") / "locale" / language / "brightpath.po"
    with source.open("rb") as file:
        compiled = BytesIO()
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def _clock(value: time, language: str) -> str:
    # Full hours without minutes: "9 AM–2 PM" is read at a glance, and fits on a button.
    pattern = "h a" if language == "en" and value.minute == 0 else "short"
    return format_time(value, pattern, locale=language).replace("\u202f", " ")


@cache
def translator(language: str) -> Translate:
    """A function that says any phrase in `language` (one of `LANGUAGES`)."""
    catalogue = _catalogue(language)

    def word(value: PhraseArg) -> str | int | float:
        if isinstance(value, Phrase):
            return translate(value)
        if isinstance(value, tuple):
            return format_list([str(word(part)) for part in value], locale=language)
        if isinstance(value, time):
            return _clock(value, language)
        if isinstance(value, date):
            pattern = "EEEE, MMMM d" if language == "en" else "EEEE d 'de' MMMM"
            return format_date(value, format=pattern, locale=language)
        return value

    def translate(phrase: Phrase) -> str:
        count = phrase.args.get("count")
        text = (
            catalogue.ungettext(phrase.key, phrase.key, count)
            if isinstance(count, int)
            else catalogue.ugettext(phrase.key)
        )
        if text == phrase.key:
            raise UnknownText(f"{phrase.key} ({language})")
        return text.format_map({name: word(value) for name, value in phrase.args.items()})

    return translate
