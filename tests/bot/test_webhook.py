import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot.incoming import Json
from bot.webhook import LARGEST_UPDATE_BYTES, webhook_router

SECRET = "s3cret-Words_9"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
UPDATE = {"update_id": 7, "message": {"text": "hello"}}


class Inbox:
    def __init__(self) -> None:
        self.updates: list[dict[str, Json]] = []
        self.away = False

    async def receive(self, update: dict[str, Json]) -> None:
        if self.away:
            raise ConnectionError("the database is away")
        self.updates.append(update)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def client(inbox: Inbox) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(webhook_router(SECRET, inbox.receive))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def post(client: httpx.AsyncClient, body: bytes, headers: dict[str, Any]) -> int:
    async with client:
        answer = await client.post("/telegram/webhook", content=body, headers=headers)
    return answer.status_code


async def test_an_update_is_handed_on(client: httpx.AsyncClient, inbox: Inbox) -> None:
    assert await post(client, json.dumps(UPDATE).encode(), {HEADER: SECRET}) == 200
    assert inbox.updates == [UPDATE]


async def test_what_postgresql_refuses_is_taken_out(
    client: httpx.AsyncClient, inbox: Inbox
) -> None:
    body = rb'{"update_id": 7, "message": {"text": "a\u0000b\ud800"}}'
    assert await post(client, body, {HEADER: SECRET}) == 200
    assert inbox.updates == [{"update_id": 7, "message": {"text": "ab"}}]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {HEADER: ""},
        {HEADER: SECRET[:-1]},
        {HEADER: SECRET + "x"},
        {HEADER: SECRET.upper()},
        {HEADER: "ä".encode()},
        {"X-Telegram-Bot-Api-Secret": SECRET},
    ],
)
async def test_without_the_secret_nothing_enters(
    client: httpx.AsyncClient, inbox: Inbox, headers: dict[str, Any]
) -> None:
    assert await post(client, json.dumps(UPDATE).encode(), headers) == 403
    assert inbox.updates == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"update_id": "7"}', 400),
        (b'{"update_id": true}', 400),
        (b"[" * 100_000, 400),
        (b'{"update_id": 7, "a": ' + b"[" * 600 + b"]" * 600 + b"}", 400),
        (b" " * (LARGEST_UPDATE_BYTES + 1), 413),
    ],
)
async def test_what_is_no_update_is_refused(
    client: httpx.AsyncClient, inbox: Inbox, body: bytes, status: int
) -> None:
    assert await post(client, body, {HEADER: SECRET}) == status
    assert inbox.updates == []


async def test_an_update_that_was_not_kept_is_not_acknowledged(
    client: httpx.AsyncClient, inbox: Inbox
) -> None:
    inbox.away = True
    assert await post(client, json.dumps(UPDATE).encode(), {HEADER: SECRET}) == 500


def test_an_empty_secret_is_a_mistake() -> None:
    async def receive(update: dict[str, Json]) -> None:
        raise AssertionError(update)

    with pytest.raises(ValueError, match="secret"):
        webhook_router("", receive)
