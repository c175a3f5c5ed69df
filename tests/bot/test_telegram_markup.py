import re

import pytest
from botapi.markup import parse_html, utf16_units
from hypothesis import given
from hypothesis import strategies as st

from bot.markup import LONGEST_MESSAGE, Drawing, day_bar, draw, reach
from bot.translate import decode_callback
from bot.views import Button, LinkButton, Meter, Strip, View

URL = "https://plan.example.org/week/abc"


def drawn(view: View, language: str = "en") -> Drawing:
    return draw(view, message_id=36, step=2, language=language)


def visible(view: View) -> str:
    return "\n".join(parse_html(text)[0] for text in drawn(view).messages)


def test_a_card_reads_from_progress_to_hint() -> None:
    view = View(
        title="How old is Noah?",
        lines=("We plan by age.", "2 to 18 years."),
        notice="Got it: Noah",
        hint="For example: 6",
        progress=Meter(text="Section 2 of 7 · Noah", done=0.6),
    )
    assert drawn(view).messages == (
        "Section 2 of 7 · Noah ▓▓▓▓░░░\n\nGot it: Noah\n\n<b>How old is Noah?</b>\n\n"
        "We plan by age.\n2 to 18 years.\n\n<i>For example: 6</i>",
    )


def test_an_example_day_is_a_line_of_squares_below_its_words() -> None:
    view = View(
        title="How firm?",
        sketches=(
            Strip(label="Flexible", cells="aab-c..", caption="an easy <afternoon>"),
            Strip(label="Strict", cells="aab-cdd", caption="hardly a gap"),
        ),
        hint="Type a number.",
    )
    assert drawn(view).messages[0].replace("\N{NO-BREAK SPACE}", " ") == (
        "<b>How firm?</b>\n\nFlexible: an easy &lt;afternoon&gt;\n■■ ■ · ■ □□\n\n"
        "Strict: hardly a gap\n■■ ■ · ■ ■■\n\n<i>Type a number.</i>"
    )


def test_labels_without_a_drawing_stand_below_one_another() -> None:
    strips = tuple(Strip(label=f"{n} · Art", cells="", caption="paint") for n in (1, 2))
    assert visible(View(title="Rate", sketches=strips)) == (
        "Rate\n\n1 · Art: paint\n2 · Art: paint"
    )


cells = st.text(st.sampled_from("abcdefgh-."), min_size=1, max_size=20)


@given(cells)
def test_a_line_of_squares_counts_the_half_hours(day: str) -> None:
    line = day_bar(day)
    assert line.count("□") == day.count(".")
    assert line.count("■") == sum(map(day.count, "abcdefgh"))
    assert " " not in line, "nowhere to break it"


def test_names_cannot_become_markup() -> None:
    name = "<b>Bobby</b> & <script>"
    view = View(title=name, lines=(name,), hint=name, notice=name)
    assert visible(view).count(name) == 4


def test_a_card_that_wants_a_place_says_how_to_share_it() -> None:
    view = View(title="Which city?", hint="For example: Madrid", wants_place=True)
    assert visible(view).endswith("You can also share your location: tap 📎, then Location.")
    assert "📎" not in visible(View(title="Which city?"))


def test_an_answered_card_is_one_line_that_reopens() -> None:
    view = View(
        title="Noah, 6",
        lines=("gone",),
        rows=((Button(id="open", label="Change"),),),
        links=(LinkButton(label="Week", url=URL),),
        shrunk=True,
    )
    assert drawn(view).messages == ("Noah, 6",)
    assert [[key.label for key in row] for row in drawn(view).keyboard] == [["Change"]]


def test_the_address_of_a_calendar_is_for_copying() -> None:
    feed = "https://brightpath.example/feeds/x.ics"
    links = (LinkButton(label="Calendar", url=feed), LinkButton(label="Week", url=URL))
    view = View(title="Ready", links=links)
    assert f"<code>{feed}</code>" in drawn(view).messages[0]
    assert [[key.label for key in row] for row in drawn(view).keyboard] == [["Week"]]


def test_buttons_stand_in_three_columns_and_chosen_ones_are_ticked() -> None:
    row = tuple(Button(id=f"o{n}", label=f"Option {n}", chosen=n == 1) for n in range(7))
    keyboard = drawn(View(title="Pick", rows=(row,))).keyboard
    assert [len(keys) for keys in keyboard] == [3, 3, 1]
    assert [key.label for keys in keyboard for key in keys][:3] == [
        "Option 0",
        "✓ Option 1",
        "Option 2",
    ]
    data = decode_callback(keyboard[2][0].data)
    assert data is not None
    assert (data.message_id, data.step, data.option) == (36, 2, "o6")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (URL, "public"),
        ("http://93.184.216.34/x", "public"),
        ("http://localhost:8000/x", "loopback"),
        ("http://127.0.0.1:8000/x", "loopback"),
        ("http://[::1]:8000/x", "loopback"),
        ("http://0.0.0.0:8000/x", "loopback"),
        ("webcal://127.0.0.1/x", "loopback"),
        ("http://192.168.1.5:8000/x", "private"),
        ("http://mini.local/x", "private"),
        ("http://mini/x", "private"),
        ("webcal://plan.example.org/x", "private"),
        ("http://[broken/x", "private"),
    ],
)
def test_reach(url: str, expected: str) -> None:
    assert reach(url) == expected
    drawing = drawn(View(title="Week", links=(LinkButton(label="Open", url=url),)))
    keys = [key.url for row in drawing.keyboard for key in row]
    assert keys == ([url] if expected == "public" else [])
    assert (f"<code>{url}</code>" in drawing.messages[0]) is (expected != "public")
    told = "not on a phone" in drawing.messages[0]
    assert told is (expected == "loopback")


def test_the_phone_is_warned_once_in_the_readers_language() -> None:
    link = LinkButton(label="Open", url="http://127.0.0.1/x")
    text = drawn(View(title="Week", links=(link, link)), "es").messages[0]
    assert text.count("no en un teléfono") == 1


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
long_lines = st.builds(lambda text, times: text * times, texts, st.integers(1, 200))


@given(st.lists(long_lines, max_size=12), long_lines)
def test_any_view_fits_telegrams_messages_and_loses_nothing(lines: list[str], title: str) -> None:
    view = View(title="x" + title, lines=tuple(lines), hint="done")
    messages = drawn(view).messages
    plain = [parse_html(text)[0] for text in messages]
    assert all(0 < utf16_units(text) <= LONGEST_MESSAGE for text in plain)
    assert squeezed("".join(plain)) == squeezed(view.title + "".join(lines) + "done")


def squeezed(text: str) -> str:
    return re.sub(r"\n+", "", text)
