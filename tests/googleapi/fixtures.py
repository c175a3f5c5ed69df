"""Google's server as a fixture: import `google` into a conftest."""

from collections.abc import Iterator

import pytest
import stamina

from googleapi.server import GoogleServer


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    """A server with nobody in it yet; the test fails if any request or answer broke the API's
    description. Whoever waits for a rate limit with stamina does not wait."""
    with stamina.set_testing(True, attempts=5, cap=True), GoogleServer() as server:
        yield server
    server.check()
