"""Finds words for families that stand in the code instead of the catalogue.

Three readers, of Python, of templates and of scripts, each yielding what it found. What is no prose
for families is left out by what it *is* (`EXCLUSIONS`), never by a list of files or of texts.
"""

import ast
import builtins
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise

from jinja2 import Environment, nodes

NAME = "BrightPath"
"""The one word that is the same in every language."""

SPOKEN_ATTRIBUTES = frozenset(
    {"alt", "aria-description", "aria-label", "aria-placeholder", "placeholder", "title"}
)


@dataclass(frozen=True, slots=True)
class Found:
    """A text and where it stands; `reason` says why it is not for families, if it is not."""

    line: int
    text: str
    reason: str | None = None


def is_prose(text: str) -> bool:
    """Whether it holds two or more words of letters with a blank between."""
    return len(words(text)) >= 2


def words(text: str) -> list[str]:
    """The words of a text. One letter repeated is none (a date's "MMMM"), nor is a field."""
    tokens = (re.sub(r"^\W+|\W+$", "", token) for token in re.sub(r"\{\w*\}", "…", text).split())
    return [
        token
        for token in tokens
        if re.fullmatch(r"[^\W\d_]{2,}(?:['’-][^\W\d_]+)*", token) and len(set(token)) > 1
    ]


# --- Python


@dataclass(frozen=True, slots=True)
class Literal:
    """A text of the code: the nodes `above` it, nearest first, and its module."""

    text: str
    above: tuple[ast.AST, ...]
    node: ast.AST
    module: str
    exceptions: frozenset[str]
    operators: bool

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in self.above if isinstance(node, ast.Call))


def _is_docstring(literal: Literal) -> bool:
    return isinstance(literal.above[0], ast.Expr)


def _is_type(literal: Literal) -> bool:
    return any(
        isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias"
        for node in literal.above
    )


def _is_raised(literal: Literal) -> bool:
    if any(isinstance(node, ast.Raise) for node in literal.above):
        return True
    within = next((node for node in literal.above if isinstance(node, ast.ClassDef)), None)
    return (
        within is not None
        and within.name in literal.exceptions
        and any(ast.unparse(call.func) == "super().__init__" for call in literal.calls())
    )


def _is_logged(literal: Literal) -> bool:
    return any(
        re.fullmatch(r"_?log(?:ger)?\.(debug|info|warning|error|exception)", ast.unparse(call.func))
        for call in literal.calls()
    )


def _is_openapi(literal: Literal) -> bool:
    return any(
        isinstance(node, ast.keyword) and node.arg in ("description", "responses", "summary")
        for node in literal.above
    ) and any(
        re.fullmatch(r"FastAPI|\w+\.(get|post|put|delete|head|api_route)", ast.unparse(call.func))
        for call in literal.calls()
    )


def _is_metric(literal: Literal) -> bool:
    return any(ast.unparse(call.func) in ("Gauge", "Histogram") for call in literal.calls())


def _is_header(literal: Literal) -> bool:
    chain = (literal.node, *literal.above)
    for inner, outer in pairwise(chain):
        keys: list[ast.expr | None] = []
        if isinstance(outer, ast.Dict):
            keys = [k for k, value in zip(outer.keys, outer.values, strict=True) if value is inner]
        elif isinstance(outer, ast.Assign):
            keys = [t.slice for t in outer.targets if isinstance(t, ast.Subscript)]
        for key in keys:
            if isinstance(key, ast.Constant) and re.fullmatch(
                r"[A-Z][A-Za-z]*(-[A-Z][A-Za-z]+)+", str(key.value)
            ):
                return True
    return False


def _is_compared(literal: Literal) -> bool:
    first, second, *_ = (*literal.above, literal.node)
    return isinstance(first, ast.Compare) or (
        isinstance(first, ast.Tuple | ast.Set | ast.List) and isinstance(second, ast.Compare)
    )


def _is_recognised(literal: Literal) -> bool:
    return (
        literal.module.split(".")[0] == "bot"
        and len(literal.above) >= 2
        and isinstance(literal.above[-2], ast.Assign | ast.AnnAssign)
        and literal.text == literal.text.lower()
        and not any(ast.unparse(call.func) in ("say", "Phrase") for call in literal.calls())
    )


EXCLUSIONS: Mapping[str, Callable[[Literal], bool]] = {
    "a docstring is for readers of the code": _is_docstring,
    "a type is for readers of the code": _is_type,
    "the command line speaks to operators, in English": lambda literal: literal.operators,
    "an exception speaks to operators": _is_raised,
    "a log event is for operators": _is_logged,
    "OpenAPI is for programmers": _is_openapi,
    "the help of a metric is for operators": _is_metric,
    "the value of an HTTP header is for browsers": _is_header,
    "what is compared with is heard, not said": _is_compared,
    "a regular expression is heard, not said": lambda literal: bool(
        re.search(r"\(\?|\\[bdsw]", literal.text)
    ),
    "a module's constant in lower case is what typed words or Telegram's errors are known by": (
        _is_recognised
    ),
    "SQL is for the database": lambda literal: bool(
        re.match(r"(SELECT|CREATE|SET|RESET) ", literal.text)
    ),
}
"""Reasons, and when they hold. The first that holds is counted."""


def prose_in_python(sources: Mapping[str, str]) -> Iterator[tuple[str, Found]]:
    """(module, what was found) for modules by dotted name; what is excluded bears its reason."""
    trees = {module: ast.parse(source) for module, source in sources.items()}
    operators = _speaking_to_operators(trees)
    for module, tree in trees.items():
        raised = _exceptions(tree)
        for node, text, above in _literals(tree, ()):
            if not is_prose(text):
                continue
            literal = Literal(text, above, node, module, raised, module in operators)
            reason = next((why for why, holds in EXCLUSIONS.items() if holds(literal)), None)
            yield module, Found(getattr(node, "lineno", 0), text, reason)


def _literals(
    node: ast.AST, above: tuple[ast.AST, ...]
) -> Iterator[tuple[ast.AST, str, tuple[ast.AST, ...]]]:
    """Every text with the nodes above it; an f-string is one text with "…" for its fields."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node, node.value, above
        return
    inner: Iterator[ast.AST] | list[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.JoinedStr):
        pieces = (str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values)
        yield node, "".join(pieces), above
        inner = [p.value for p in node.values if isinstance(p, ast.FormattedValue)]
    for child in inner:
        yield from _literals(child, (node, *above))


def _exceptions(tree: ast.Module) -> frozenset[str]:
    """Names of the module's classes that are exceptions."""
    known = {
        name
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, BaseException)
    }
    # A base class stands above what is made from it.
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and known & {ast.unparse(base) for base in node.bases}:
            known.add(node.name)
    return frozenset(known)


def _speaking_to_operators(trees: Mapping[str, ast.Module]) -> set[str]:
    """Modules of the command line: those made with typer, and those that nothing else imports and
    that say nothing by the catalogue."""
    imports = {module: set(_imports(tree)) for module, tree in trees.items()}
    commands = {module for module, names in imports.items() if "typer" in names}
    behind = {
        module
        for module, names in imports.items()
        if "core.phrase" not in names
        and commands.issuperset(users := {u for u in imports if module in imports[u]})
        and users
    }
    return commands | behind


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


# --- templates


def prose_in_template(source: str) -> Iterator[Found]:
    """Words between the tags, in attributes that are read out, in scripts, and in expressions."""
    for const in Environment(autoescape=True).parse(source).find_all(nodes.Const):
        if isinstance(const.value, str) and is_prose(const.value):
            yield Found(const.lineno, const.value)
    page = _Page()
    page.feed(_without_jinja(source))
    page.close()
    yield from page.found


def _without_jinja(source: str) -> str:
    """The template with "…" for each expression, and nothing for a statement; lines stay."""

    def blank(tag: re.Match[str]) -> str:
        return ("…" if tag[0].startswith("{{") else "") + "\n" * tag[0].count("\n")

    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", blank, source, flags=re.DOTALL)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Found] = []
        self.within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.within = tag
        described = tag == "meta" and dict(attrs).get("name") == "description"
        for name, value in attrs:
            if name in SPOKEN_ATTRIBUTES or (described and name == "content"):
                self._read(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        if self.within == "script":
            self.found += prose_in_script(data)
        elif self.within != "style":
            self._read(data)

    def _read(self, text: str) -> None:
        # Beside tags even a single word is for readers.
        if [word for word in words(text) if word != NAME]:
            self.found.append(Found(self.getpos()[0], text.strip()))


# --- scripts

_TOKENS = re.compile(
    r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
    | (?P<text> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `(?:\\.|[^`\\])*` )
    | (?<=[(,=:\[!&|?{};]) \s* (?P<regex> /(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/ )
    """,
    re.VERBOSE | re.DOTALL,
)
_FOR_BROWSERS = re.compile(
    r"(?:matchMedia\(|querySelector(?:All)?\(|closest\(|matches\(|\bclass:|\brel:)\s*$"
)


def prose_in_script(source: str) -> Iterator[Found]:
    """Texts of JavaScript outside comments; queries and the like are for the browser."""
    for token in _TOKENS.finditer(source):
        if token["text"] is None:
            continue
        text = re.sub(r"\$\{[^}]*\}", "…", token["text"][1:-1])
        before = source[: token.start()]
        directive = text == "use strict" and not before.rstrip(" ;\n").split("\n")[-1].strip()
        if is_prose(text) and not directive and not _FOR_BROWSERS.search(before):
            yield Found(before.count("\n") + 1, text)
