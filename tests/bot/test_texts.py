"""The catalogues: every language says everything, and nothing is left over."""

import ast
import re
from collections.abc import Iterator
from gettext import c2py
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from prose import words

import bot
from bot.texts import LANGUAGES, UnknownText, language_of, translator
from core.phrase import say

ROOT = Path(bot.__file__).parent.parent
PACKAGES = ("app", "bot", "core", "db", "sync")


def read(language: str) -> Catalog:
    path = ROOT / "bot" / "locale" / language / "brightpath.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _texts(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


FILES = {language: read(language) for language in LANGUAGES}
CATALOGUES = {
    language: {_key(message): message for message in messages if message.id}
    for language, messages in FILES.items()
}
KEYS = sorted(set().union(*CATALOGUES.values()))


def sources() -> Iterator[ast.AST]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            yield ast.parse(path.read_text())


def said() -> set[str]:
    """Keys that the code says by a literal."""
    return {
        node.args[0].value
        for tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("say", "Phrase")
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def written() -> tuple[set[str], list[re.Pattern[str]]]:
    """All texts of the code that can be a key, and patterns of those put together."""
    literals: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    for tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                pieces = [
                    re.escape(piece.value) if isinstance(piece, ast.Constant) else r"[\w.-]+"
                    for piece in node.values
                ]
                fixed = "".join(p.value for p in node.values if isinstance(p, ast.Constant))
                if re.fullmatch(r"[\w-]*\.?[\w.-]+", fixed) and "." in fixed:
                    patterns.append(re.compile("".join(pieces)))
    for path in (ROOT / "bot").rglob("*"):
        if path.suffix in (".html", ".js"):
            literals |= set(re.findall(r"[\w-]+(?:\.[\w-]+)+", path.read_text()))
    return literals, patterns


def test_all_languages_have_the_same_keys() -> None:
    for language in LANGUAGES:
        assert sorted(CATALOGUES[language]) == KEYS


def test_no_key_stands_twice() -> None:
    for language in LANGUAGES:
        path = ROOT / "bot" / "locale" / language / "brightpath.po"
        keys = re.findall(r'^msgid "(.+)"$', path.read_text(), re.MULTILINE)
        assert sorted(keys) == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_a_text_has_the_same_fields_in_every_language_and_form(key: str) -> None:
    forms = [text for language in LANGUAGES for text in _texts(CATALOGUES[language][key])]
    assert all(forms)
    longest = max((_fields(text) for text in forms), key=len)
    for text in forms:
        # The singular may say "one" in words.
        assert _fields(text) | {"count"} == longest | {"count"}


@pytest.mark.parametrize("key", KEYS)
def test_plural_texts_are_plural_in_every_language(key: str) -> None:
    plural = {isinstance(CATALOGUES[language][key].id, tuple) for language in LANGUAGES}
    assert len(plural) == 1
    for language in LANGUAGES:
        message = CATALOGUES[language][key]
        if isinstance(message.id, tuple):
            assert len(_texts(message)) == FILES[language].num_plurals
        else:
            assert "count" not in _fields(_texts(message)[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_the_languages_own(language: str) -> None:
    """As CLDR has them, for every number that we count to."""
    category = Locale.parse(language).plural_form
    form = c2py(FILES[language].plural_expr)
    used = {number: (form(number), category(number)) for number in range(10_000)}
    pairs = set(used.values())
    assert len(pairs) == len({f for f, _ in pairs}) == len({c for _, c in pairs})
    assert len(pairs) == FILES[language].num_plurals


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_nothing_is_left_in_english(language: str) -> None:
    english = {"and", "for", "is", "not", "of", "please", "the", "this", "we", "with", "you"}
    for key in KEYS:
        texts = _texts(CATALOGUES[language][key])
        # Names such as "Charlotte Mason", and what is made of fields and signs, are the same.
        same = [text for text in texts if text in _texts(CATALOGUES["en"][key])]
        assert [text for text in same if len(words(text)) > 2] == [], key
        assert not english & {word.lower() for text in texts for word in words(text)}, key


def test_every_text_that_the_code_says_exists() -> None:
    assert said() - set(KEYS) == set()


def test_no_text_is_left_over() -> None:
    literals, patterns = written()
    unused = [
        key
        for key in KEYS
        if key not in literals and not any(pattern.fullmatch(key) for pattern in patterns)
    ]
    assert unused == []


def test_an_unknown_text_is_our_mistake_and_says_which() -> None:
    with pytest.raises(UnknownText, match="no such key"):
        translator("en")(say("no such key"))


@pytest.mark.parametrize(
    ("code", "language"),
    [("es-MX", "es"), ("es", "es"), ("EN_us", "en"), ("fr", "en"), (None, "en"), ("", "en")],
)
def test_the_language_that_fits_a_code(code: str | None, language: str) -> None:
    assert language_of(code) == language


def test_what_a_family_typed_is_never_read_as_a_field() -> None:
    assert translator("en")(say("name.kept", name="{count} {0} %s")) == "You: {count} {0} %s"
