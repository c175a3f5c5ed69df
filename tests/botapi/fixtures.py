"""The Bot API server as a fixture: import `bot_api` into a conftest."""

from collections.abc import Iterator

import pytest

from botapi.server import BotApiServer


@pytest.fixture
def bot_api() -> Iterator[BotApiServer]:
    """A Bot API server with nobody in it yet; the test fails if any call broke the contract."""
    with BotApiServer() as server:
        yield server
    server.check()
