"""All that families read comes from the catalogue; and the search for what does not works."""

from collections import Counter
from pathlib import Path

import pytest
from prose import (
    EXCLUSIONS,
    is_prose,
    prose_in_python,
    prose_in_script,
    prose_in_template,
)

import bot

ROOT = Path(bot.__file__).parent.parent
SPEAKING = ("app", "bot", "sync")
"""The packages of which families see anything."""


def modules() -> dict[str, str]:
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text()
        for package in SPEAKING
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def files(suffix: str) -> list[Path]:
    return [path for package in SPEAKING for path in sorted((ROOT / package).rglob(f"*{suffix}"))]


def found_in(source: str, module: str = "bot.views") -> list[str]:
    return [each.text for _, each in prose_in_python({module: source}) if each.reason is None]


def test_no_module_says_anything_past_the_catalogue() -> None:
    found = list(prose_in_python(modules()))
    reasons = Counter(each.reason for _, each in found if each.reason is not None)
    for reason, count in reasons.most_common():
        print(f"{count:4} left out: {reason}")
    assert [f"{module}:{f.line}: {f.text}" for module, f in found if f.reason is None] == []
    # A reason that no longer holds anywhere is a door that was left open.
    assert set(reasons) == set(EXCLUSIONS)


@pytest.mark.parametrize("path", files(".html"), ids=lambda path: path.name)
def test_no_template_says_anything_past_the_catalogue(path: Path) -> None:
    assert list(prose_in_template(path.read_text())) == []


@pytest.mark.parametrize("path", files(".js"), ids=lambda path: path.name)
def test_no_script_says_anything_past_the_catalogue(path: Path) -> None:
    assert list(prose_in_script(path.read_text())) == []


def test_there_are_templates_and_scripts_to_look_at() -> None:
    assert len(files(".html")) >= 3
    assert len(files(".js")) >= 2


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("Write here", True),
        ("¿Cómo te llamas?", True),
        ("Hello …, welcome", True),
        ("Don't worry", True),
        ("children.ask", False),
        ("Sarah", False),
        ("EEEE, MMMM d", False),
        ("{name} · {minutes} min", False),
        ("d-12 b-3", False),
        ("h a", False),
    ],
)
def test_what_counts_as_prose(text: str, prose: bool) -> None:
    assert is_prose(text) is prose


@pytest.mark.parametrize(
    "source",
    [
        'card = Card(Phrase("We could not read that"))',
        'card = Card(say("Please try again."))',
        'def ask():\n    return Option("accept", "Looks right")',
        'TITLE = "Your week is ready"',
        'notice = f"Hello {name}, welcome back"',
        'say("verbatim", text="and so on")',
        'def f():\n    text = "lower case too"',
        'answer = JSONResponse({"error": "Please try again."})',
        'answer = PlainTextResponse("There is nothing here.")',
        'answer = HTMLResponse("<p>There is nothing here.</p>")',
        'KINDLY = say("all in lower case")',
        'headers = {"title": "Your week"}',
        "def f():\n    return f\"{count or 'nothing yet'}\"",
        'class Card:\n    def __init__(self):\n        super().__init__("Nothing to see")',
        'router.get("/week", name="Your week")',
    ],
)
def test_prose_in_a_module_is_found(source: str) -> None:
    assert len(found_in(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        '"""What this module does."""',
        'X = 1\n"""What X is."""',
        'def f():\n    """What it does."""',
        'say("children.ask", name=name)',
        'raise ValueError("this is our own mistake")',
        'raise ValueError(f"no such {thing} at all")',
        'class Gone(Exception):\n    def __init__(self):\n        super().__init__("it is gone")',
        'log.warning("not delivered", id=1)',
        '@app.get("/healthz", summary="Whether the process lives")\ndef healthz(): ...',
        'Gauge("jobs", "Jobs by state")',
        'headers = {"Cache-Control": "no-store, private, no-cache"}',
        'headers["Content-Security-Policy"] = "default-src none"',
        'if "message is not modified" in text: ...',
        'if text in ("chat not found", "user not found"): ...',
        '_YES = ("of course", "por supuesto")',
        'found = re.search(r"\\b(?:every day|todos los dias)\\b", text)',
        'connection.execute("SELECT count(*) FROM children")',
        'Json: TypeAlias = "list | dict"',
    ],
)
def test_what_is_not_for_families_is_left_out(source: str) -> None:
    assert found_in(source) == []


def test_a_command_and_what_only_it_uses_speak_to_operators() -> None:
    sources = {
        "app.cli": 'import typer\nfrom app.doctor import look\ntyper.echo("The database is there")',
        "app.doctor": 'Finding(True, "The database is there")',
        "app.web": 'answer = {"error": "The database is not there"}',
    }
    assert [m for m, f in prose_in_python(sources) if f.reason is None] == ["app.web"]
    sources["app.serve"] = "import app.doctor"
    assert [m for m, f in prose_in_python(sources) if f.reason is None] == ["app.doctor", "app.web"]


@pytest.mark.parametrize(
    "source",
    [
        "<p>Your week is ready</p>",
        "<p>{{ name }}, welcome</p>",
        "<button>Print</button>",
        "<p>\n  {% if late %}Hurry{% endif %}\n</p>",
        '<a title="See the week" href="/week">→</a>',
        '<a aria-label="Back">←</a>',
        '<img alt="A code to scan">',
        '<textarea placeholder="Write here"></textarea>',
        '<meta name="description" content="Plans the week">',
        "<p>{{ name or 'nobody at all' }}</p>",
        '<script>alert("Your week is ready")</script>',
    ],
)
def test_prose_in_a_template_is_found(source: str) -> None:
    assert len(list(prose_in_template(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "<h1>BrightPath</h1>",
        "<p>{{ t(say('calendar.page.empty')) }}</p>",
        "<title>{{ page.title }} · {{ dates }}</title>",
        '<a class="box lane done" title="{{ span }} · {{ name }}">✓</a>',
        "{# Why it is done this way. #}<p>{{ name }}</p>",
        '<meta name="robots" content="noindex, nofollow">',
        "<style>p { margin: 0 auto }</style>",
        "<script>// What it does.\nrun()</script>",
    ],
)
def test_a_template_of_the_catalogues_words_is_fine(source: str) -> None:
    assert list(prose_in_template(source)) == []


@pytest.mark.parametrize(
    "source",
    [
        'warn("We cannot be reached")',
        "warn('We cannot be reached')",
        "warn(`Hello ${name}, welcome`)",
        'const it = /["]/.test(text) ? "Not at all" : say("sent");',
        'const site = "https://example.org"; write(node, "Please wait")',
        'make("p", { title: "See the week" })',
    ],
)
def test_prose_in_a_script_is_found(source: str) -> None:
    assert len(list(prose_in_script(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        '"use strict";\nrun()',
        '// "A remark in quotes."\n/* And "another one" here. */\nrun()',
        'say("unsent")',
        'matchMedia("(hover: hover) and (pointer: fine)")',
        'document.querySelectorAll("article p, article span")',
        'make("a", { rel: "noopener noreferrer", class: "message them" })',
        "const code = /^#start=([0-9A-Za-z-]{1,64})$/.exec(location.hash)",
    ],
)
def test_a_script_of_the_catalogues_words_is_fine(source: str) -> None:
    assert list(prose_in_script(source)) == []
