"""The commands of `brightpath` within the test's own process."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from app.cli import cli
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class Command:
    """Runs a command with nothing but the given settings. A traceback is the test's own."""

    def __call__(
        self, *arguments: str, stdin: str | bytes | None = None, **settings: str
    ) -> Answer:
        done = CliRunner().invoke(cli, arguments, input=stdin, env=settings)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Answer(done.exit_code, done.stdout, done.stderr)


@contextmanager
def logging_kept() -> Iterator[None]:
    """Leaves logging as it was, whoever configures it meanwhile."""
    root, telegram = logging.getLogger(), logging.getLogger("telegram")
    handlers, level, telegram_level = root.handlers[:], root.level, telegram.level
    try:
        yield
    finally:
        # What was configured writes to a stream that a test captured, and that is closed by now.
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)
        telegram.setLevel(telegram_level)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Commands in an empty folder with an empty environment, and logging left as it was."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRIGHTPATH_HOME", str(tmp_path))
    with logging_kept():
        yield Command()
