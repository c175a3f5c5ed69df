"""The real program as processes: started, stopped, killed, and beside one another."""

import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import httpx
import icalendar
import pytest
from real_process import STOP_SECONDS, Browser, Home, Process, new_home

FAMILY = {
    "timezone": "America/New_York",
    "adults": [{"name": "Sarah"}],
    "children": [
        {
            "name": "Emma",
            "age": 9,
            "subjects": [
                {
                    "name": "Latin",
                    "sessionDuration": 30,
                    "frequency": "daily",
                    "parentInvolvement": "independent",
                }
            ],
        }
    ],
}

# From the consent to the summary's last tap: ("tap", label) or ("type", words), and what follows.
ANSWERS = [
    ("tap", "I agree", "What should we call you?"),
    ("type", "Sarah", "an e-mail address"),
    ("tap", "Skip", "Which city"),
    ("type", "New York", "Who teaches"),
    ("tap", "Just me", "away or at work"),
    ("tap", "Never", "Who are the children?"),
    ("type", "Emma 9", "Anyone else?"),
    ("tap", "That's everyone", "whole family"),
    ("tap", "Nothing regular", "What does Emma go to"),
    ("tap", "Nothing regular", "What does Emma learn?"),
    ("tap", "Looks right", "How firm"),
    ("tap", "Moderate structure", "When does Emma learn"),
    ("tap", "Looks right", "Which ideas of teaching"),
    ("tap", "Looks right", "How should a day run"),
    ("tap", "Looks right", "learn well with"),
    ("tap", "Looks right", "Where do your plans come from"),
    ("tap", "Looks right", "Does this look right"),
    ("tap", "Make our week", "recovery code"),
]


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A home that the tests use in turn; each leaves nothing running in it."""
    with new_home() as shared:
        yield shared


def ready(home: Home) -> bool:
    try:
        return httpx.get(f"{home.base}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def start(home: Home) -> Process:
    process = Process(home, "run")
    process.wait_for("Stop it with Ctrl-C.")
    return process


def page(home: Home) -> "closing[Browser]":
    return closing(Browser(home))


def long_poll(browser: Browser) -> threading.Thread:
    """A page that waits for news; returns once its request is under way."""

    def wait() -> None:
        # The server that we stop breaks it off, in whatever way.
        with suppress(httpx.TransportError, AssertionError):
            browser.poll(25)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    time.sleep(0.5)
    assert waiting.is_alive()
    return waiting


def test_it_says_where_the_chat_is_and_shares_its_database(home: Home) -> None:
    with start(home) as server:
        assert f"{home.base}/chat" in server.output().split()
        assert httpx.get(f"{home.base}/healthz").status_code == 200
        assert httpx.get(f"{home.base}/readyz").status_code == 200
        assert "text/html" in httpx.get(f"{home.base}/chat").headers["content-type"]

        with Process(home, "run") as rival:
            imported = home.run("import", "-", stdin=json.dumps(FAMILY))
            assert rival.wait() == 1
            (line,) = rival.output().splitlines()
            assert str(home.port) in line
            assert "PORT=" in line

        assert imported.returncode == 0, imported.stderr
        addresses = json.loads(imported.stdout)
        feed = httpx.get(addresses["feeds"]["children"]["Emma"])
        assert feed.status_code == 200
        lessons = icalendar.Calendar.from_ical(feed.content).walk("VEVENT")
        assert {str(lesson["SUMMARY"]) for lesson in lessons} == {"Latin"}
        week = httpx.get(addresses["week"])
        assert week.status_code == 200
        assert "Emma" in week.text

        assert ready(home), "import has stopped the server that it shares"
        assert server.stop(signal.SIGINT) == 0
        assert server.group_is_gone()
    assert home.postmaster() is None


def test_an_answer_outlives_kill_9_and_an_open_page_holds_up_no_stop(home: Home) -> None:
    with page(home) as browser:
        with start(home) as server:
            browser.open()
            browser.tap("I agree")
            browser.type("Sarah Acknowledged")
            server.kill()
        assert home.postmaster() is not None, "the database was killed with us: nothing is shown"

        with start(home) as server:
            browser.open()
            assert "Sarah Acknowledged" in browser.text()
            assert "an e-mail address" in browser.text()
            waiting = long_poll(browser)
            began = time.monotonic()
            assert server.stop(signal.SIGTERM) == 0
            print(f"\nstopped within {time.monotonic() - began:.1f} s of SIGTERM")
            waiting.join(STOP_SECONDS)
            assert server.group_is_gone()
            assert "Traceback" not in server.output()
    assert home.postmaster() is None


def test_three_processes_are_one_program(home: Home) -> None:
    with ExitStack() as stack:
        roles = ("web", "worker", "clock")
        processes = [stack.enter_context(Process(home, role)) for role in roles]
        for process in processes:
            process.wait_for("BrightPath is ready")
        browser = stack.enter_context(page(home))
        browser.open()
        for kind, words, then in ANSWERS:
            if kind == "tap":
                browser.tap(words)
            else:
                browser.type(words)
            assert then in browser.text(), browser.text()
        until = time.monotonic() + 60
        while "week is ready" not in browser.text() and time.monotonic() < until:
            browser.poll(5)
        assert "week is ready" in browser.text()

        server, worker, clock = processes
        for process in (server, clock):
            process.signal(signal.SIGTERM)
        assert [process.wait() for process in (server, clock)] == [0, 0]
        assert home.postmaster() is not None, "the database stops with the last one only"
        assert worker.stop(signal.SIGTERM) == 0
        assert all(process.group_is_gone() for process in processes)
    assert home.postmaster() is None


def test_asked_to_end_it_takes_its_database_along(home: Home) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(60)
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = {"TELEGRAM_BOT_TOKEN": "1:canary", "TELEGRAM_API_BASE": base}
        with Process(home, "doctor", **settings) as process:
            connection, _ = silent.accept()
            with connection:
                assert home.postmaster() is not None
                assert process.stop(signal.SIGTERM) == 128 + signal.SIGTERM
            assert process.group_is_gone()
    assert home.postmaster() is None
