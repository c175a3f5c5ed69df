"""Telegram's reading of HTML messages: the plain text, its entities, its complaints."""

import re
from html import unescape
from typing import Any

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
}
_TOKEN = re.compile(r"<(/?)([a-zA-Z0-9-]*)([^<>]*)(>?)|&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
_HREF = re.compile(r"""href\s*=\s*["']([^"']*)["']""")


class MarkupError(ValueError):
    """The text as Telegram would refuse it; the message is Telegram's description."""


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """The visible text and its entities, offsets in UTF-16 units; raises MarkupError."""
    text = ""
    entities: list[dict[str, Any]] = []
    opened: list[tuple[str, dict[str, Any]]] = []
    at = 0
    for token in _TOKEN.finditer(source):
        text += source[at : token.start()]
        at = token.end()
        if token[0].startswith("&"):
            text += unescape(token[0])
            continue
        offset = len(source[: token.start()].encode())
        closing, name, rest, end = token.groups()
        name = name.lower()
        if not end:
            raise MarkupError(f"can't parse entities: Unclosed start tag at byte offset {offset}")
        if closing:
            if not opened:
                raise MarkupError(
                    f"can't parse entities: Unexpected end tag at byte offset {offset}"
                )
            expected, entity = opened.pop()
            if name != expected:
                raise MarkupError(
                    f"can't parse entities: Unmatched end tag at byte offset {offset}, "
                    f'expected "</{expected}>", found "</{name}>"'
                )
            entity["length"] = utf16_units(text) - entity["offset"]
            if entity["length"]:
                entities.append(entity)
            continue
        if name not in TAGS:
            raise MarkupError(
                f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {offset}'
            )
        entity = {"type": TAGS[name], "offset": utf16_units(text), "length": 0}
        if href := _HREF.search(rest):
            entity["url"] = unescape(href[1])
        opened.append((name, entity))
    text += source[at:]
    if opened:
        name = opened[-1][0]
        raise MarkupError(
            f"can't parse entities: Can't find end tag corresponding to start tag \"{name}\""
        )
    return text, entities
