from collections.abc import Callable, Iterator
from typing import Any

import pytest
from googleapiclient.discovery import build

from googleapi.discovery import BASE_PATH
from googleapi.fixtures import google
from googleapi.library import Bearer
from googleapi.server import GoogleServer
from googleapi.world import Person

__all__ = ["google"]


@pytest.fixture
def sarah(google: GoogleServer) -> Person:
    return google.world.person("Sarah")


@pytest.fixture
def connect(google: GoogleServer) -> Iterator[Callable[[str], Any]]:
    """Makes the library's service for a token."""
    opened = []

    def connected(token: str) -> Any:
        transport = Bearer(token)
        opened.append(transport)
        return build(
            "calendar",
            "v3",
            http=transport,
            static_discovery=True,
            client_options={"api_endpoint": f"{google.base}{BASE_PATH}"},
        )

    yield connected
    for transport in opened:
        transport.close()


@pytest.fixture
def api(google: GoogleServer, sarah: Person, connect: Callable[[str], Any]) -> Any:
    """The service as our program uses it in Sarah's account."""
    return connect(google.access_token(sarah))


@pytest.fixture
def calendar(api: Any) -> str:
    """The id of a calendar that our program made."""
    body = {"summary": "Emma", "timeZone": "America/New_York"}
    return str(api.calendars().insert(body=body).execute()["id"])
