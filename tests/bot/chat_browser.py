"""The chat page of a small family's conversation, served and opened in a real browser."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from chat_memory import MemoryChat
from chromium import PHONE, chromium
from fastapi import FastAPI, Request, Response
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.webchat import chat_router


@dataclass
class Served:
    """`failing` has every request answered as a proxy does whose server is gone."""

    url: str
    chat: MemoryChat
    stop: Callable[[], None]
    failing: bool = False


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


class Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@pytest.fixture
def served() -> Iterator[Served]:
    chats: list[MemoryChat] = []
    servers: list[Server] = []
    ready: list[Served] = []
    made = threading.Event()

    async def serve() -> None:
        chats.append(MemoryChat())
        app = FastAPI()
        app.include_router(chat_router(chats[0]))

        @app.middleware("http")
        async def fail(
            request: Request, answer: Callable[[Request], Awaitable[Response]]
        ) -> Response:
            failing = bool(ready) and ready[0].failing
            return Response(status_code=502) if failing else await answer(request)

        servers.append(
            Server(
                uvicorn.Config(
                    app, port=0, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
                )
            )
        )
        made.set()
        await servers[0].serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert made.wait(10)
    (server,) = servers
    assert server.listening.wait(10)
    port = server.servers[0].sockets[0].getsockname()[1]

    def stop() -> None:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()

    ready.append(Served(f"http://127.0.0.1:{port}", chats[0], stop))
    yield ready[0]
    stop()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    phone = browser.new_context(viewport=PHONE, locale="en-US", has_touch=True)
    yield phone
    phone.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the console said. The browser's own line about a refused request counts too."""
    return []


@pytest.fixture
def page(context: BrowserContext, served: Served, complaints: list[str]) -> Iterator[Page]:
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    page.goto(f"{served.url}/chat")
    expect(page.locator('[data-message="1"] h2')).to_have_text("What should we call you?")
    yield page
    page.close()
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []


def write(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.keyboard.press("Enter")


def go_offline(*pages: Page) -> None:
    """Takes the connection from the pages' context. The browser says so before its network knows:
    until then a request still gets through."""
    pages[0].context.set_offline(True)
    for page in pages:
        page.wait_for_function(
            "fetch(`/none?${Math.random()}`, { cache: 'no-store' }).then(() => false, () => true)"
        )


def comes_to(page: Page, read: Callable[[], object], expected: object) -> None:
    """What the page does in the background has come to this within five seconds."""
    for _ in range(250):
        if read() == expected:
            return
        page.wait_for_timeout(20)
    assert read() == expected


def name_oneself(page: Page) -> None:
    write(page, "Sarah")
    expect(page.locator('button[data-option="math"]')).to_be_visible()
