"""What a log line may hold, and what a whole run prints."""

import json
import logging
import signal
from collections.abc import Iterator

import pytest
import structlog
from botapi.server import BotApiServer
from commands import logging_kept
from real_process import Process, new_home

from app.logs import FIELDS, configure


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    with logging_kept():
        yield


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err.splitlines()


def fail() -> None:
    raise ValueError("canary: Emma, aged 9")


def test_only_listed_fields_pass(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=True)
    structlog.get_logger().info("planned", family_id=7, child="canary", text="canary")
    (line,) = lines(capsys)
    logged = json.loads(line)
    assert logged.pop("timestamp").endswith("Z")
    assert logged == {"event": "planned", "level": "info", "family_id": 7}
    assert logged.keys() <= FIELDS


@pytest.mark.parametrize("for_machines", [True, False])
def test_an_exception_is_named_and_not_quoted(
    capsys: pytest.CaptureFixture[str], for_machines: bool
) -> None:
    configure(json=for_machines)
    log = structlog.get_logger()
    try:
        fail()
    except ValueError as error:
        log.exception("gave up")
        log.error("gave up", exc_info=error)
        logging.getLogger("elsewhere").exception("canary %s", "canary")
        logging.getLogger("elsewhere").error("canary", exc_info=error, stack_info=True)
    printed = lines(capsys)
    assert len(printed) == 4
    for line in printed:
        assert "ValueError" in line
        assert f"{__name__}:" in line, "where it was raised"
        assert "canary" not in line
        assert "Emma" not in line


def test_other_libraries_are_named_and_not_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=True)
    logging.getLogger("httpx").info("HTTP Request: POST https://host/botcanary/getMe")
    logging.getLogger("some.library").warning("canary %s", "canary")
    (line,) = lines(capsys)
    assert line.endswith(" warning some.library")


def test_an_error_that_nobody_caught_quotes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(json=True)
    logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=True)
    (line,) = lines(capsys)
    assert line.endswith(" error asyncio")


def test_a_run_prints_no_secret_and_no_words_of_a_family(bot_api: BotApiServer) -> None:
    sarah = bot_api.world.user("Canarina", "en")
    settings = {
        "TELEGRAM_BOT_TOKEN": bot_api.token,
        "TELEGRAM_API_BASE": bot_api.base,
        "SECRET_KEY": "canary-key-canary-key",
    }
    with new_home() as home, Process(home, "run", **settings) as server:
        server.wait_for("Stop it with Ctrl-C.")
        bot_api.faults.fail(502, "Bad Gateway", calls=1, method="getUpdates")
        sarah.send("/start")
        card = sarah.wait_for(lambda m: "what we keep" in m.get("text", ""), timeout=30)
        bot_api.faults.fail(500, "Internal Server Error", calls=1, method="editMessageText")
        sarah.tap(card, "I agree")
        sarah.send("Canarina Canary")
        sarah.wait_for(lambda m: "an e-mail address" in m.get("text", ""), timeout=30)
        sarah.send("canary at nowhere")
        assert server.stop(signal.SIGTERM) == 0
        output = server.output()
        assert "stopped" in output
        for secret in (bot_api.token, bot_api.token.partition(":")[2], "canar", str(sarah.id)):
            assert secret not in output.lower() + output
        stored = (home.folder / "postgresql.log").read_text()
        assert "canar" not in stored.lower()
