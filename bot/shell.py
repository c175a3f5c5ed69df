"""The web chat's page before anything is said in it: its frame, its files, and the service worker
that opens it without a connection. Nothing here is private; it is the same for everybody."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.incoming import LONGEST_TEXT
from bot.texts import LANGUAGES, translator
from core.phrase import say

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Vary": "Accept-Language",
}
WORKER_HEADERS = {
    # It stands below the page that it serves, and may have it all the same.
    "Service-Worker-Allowed": "/chat",
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
}

_MEDIA_TYPES = {
    "chat.css": "text/css",
    "words.js": "text/javascript",
    "elements.js": "text/javascript",
    "kept.js": "text/javascript",
    "place.js": "text/javascript",
    "cards.js": "text/javascript",
    "chat.js": "text/javascript",
    "chat.webmanifest": "application/manifest+json",
    "icon.svg": "image/svg+xml",
}
"""What is served; a script stands below those that it imports."""

_PAGE_TEXTS = (
    "title",
    "conversation",
    "composer",
    "placeholder",
    "send",
    "you",
    "unsent",
    "offline",
    "working",
    "copy",
    "copied",
    "qr",
    "noscript",
    "cookies",
    "place",
    "place_refused",
)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the page; `version` changes with its content."""

    content: bytes
    media_type: str
    version: str


@cache
def static_files() -> Mapping[str, File]:
    """The page's files by name. A script imports others by their version, so that a browser may
    keep each for ever."""
    found: dict[str, File] = {}
    for name, media_type in _MEDIA_TYPES.items():
        content = (files("bot") / "static" / name).read_bytes()
        for other in re.findall(rb'from "\./([\w.]+)"', content):
            version = found[other.decode()].version.encode()
            content = content.replace(b'"./%b"' % other, b'"./%b?v=%b"' % (other, version))
        found[name] = File(content, media_type, _version(content))
    return found


@cache
def page(language: str) -> str:
    """The page's frame; it holds the texts of every language, so that its script can change it."""
    templates = Environment(
        loader=PackageLoader("bot"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    texts = {
        code: {name: translator(code)(say(f"webchat.{name}")) for name in _PAGE_TEXTS}
        for code in LANGUAGES
    }
    return templates.get_template("chat.html").render(
        language=language,
        texts=texts,
        longest_text=LONGEST_TEXT,
        versions={name: file.version for name, file in static_files().items()},
    )


@cache
def worker() -> File:
    """The service worker, with the addresses that it keeps. Any change of the page changes it, and
    by that a browser notices."""
    addresses = [f"/chat/static/{name}?v={file.version}" for name, file in static_files().items()]
    frame = _version("".join(page(language) for language in LANGUAGES).encode())
    content = (files("bot") / "static" / "worker.js").read_text()
    content = content.replace("FILES = []", f"FILES = {json.dumps(addresses)}")
    content = content.replace('CACHE = ""', f"CACHE = {json.dumps(frame)}")
    return File(content.encode(), "text/javascript", _version(content.encode()))


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
