"""The Bot API over HTTP on loopback: a `World` behind the real protocol, with faults on order.

    with BotApiServer() as server:
        sarah = server.world.user("Sarah")
        ...  # a bot with base address server.base and token server.token
        sarah.send("/start")
        card = sarah.wait_for()
        sarah.tap(card, "Continue")
    server.check()

Every call is recorded in `calls` and checked with aiogram's model of the method; what breaks the
contract is answered 400, kept in `violations`, and raised by `check()`.
"""

import asyncio
import json
import math
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from botapi.methods import METHODS, ApiError, ContractError, decoded, validated
from botapi.world import World

TOKEN = "7000000001:AAFakeTokenForTestsOnLoopbackOnly000"
WEBHOOK_RETRY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it came in, and whether it was answered with ok."""

    method: str
    params: dict[str, Any]
    ok: bool


@dataclass
class Fault:
    """What the next `calls` calls of `method` (None: any but getUpdates) meet."""

    method: str | None
    calls: int
    error: ApiError | None = None
    delay: float = 0.0
    performed: bool = False

    def meets(self, method: str) -> bool:
        if self.calls <= 0:
            return False
        return method == self.method or (self.method is None and method != "getUpdates")


@dataclass
class Faults:
    """Orders for trouble. `early_calls` counts calls made within a pause that a 429 asked for."""

    lacking: set[str] = field(default_factory=set)
    early_calls: int = 0
    _ordered: list[Fault] = field(default_factory=list)
    _closed_until: float = 0.0

    def flood(self, calls: int = 1, retry_after: int = 1, method: str | None = None) -> None:
        """429 for the next `calls` calls, and for whoever calls within `retry_after` seconds."""
        error = ApiError(
            429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after
        )
        self._ordered.append(Fault(method, calls, error))

    def fail(self, code: int, description: str, calls: int = 1, method: str | None = None) -> None:
        """Any other refusal (400, 403, 502…) of the next `calls` calls."""
        self._ordered.append(Fault(method, calls, ApiError(code, description)))

    def deliver_then_hang(
        self, seconds: float, calls: int = 1, method: str | None = "sendMessage"
    ) -> None:
        """The next `calls` calls take effect, but their answer comes `seconds` late."""
        self._ordered.append(Fault(method, calls, delay=seconds, performed=True))

    def lack(self, *methods: str) -> None:
        """404 for these methods from now on."""
        self.lacking.update(methods)

    def next(self, method: str) -> Fault | None:
        """The fault that a call of `method` meets now, counted down."""
        if method in self.lacking:
            return Fault(method, 1, ApiError(404, "Not Found"))
        left = self._closed_until - time.monotonic()
        if left > 0 and method != "getUpdates":
            self.early_calls += 1
            seconds = math.ceil(left)
            return Fault(
                method,
                1,
                ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds),
            )
        fault = next((known for known in self._ordered if known.meets(method)), None)
        if fault is not None:
            fault.calls -= 1
            if fault.error is not None and fault.error.code == 429:
                pause = fault.error.parameters["retry_after"]
                self._closed_until = time.monotonic() + pause
        return fault


class BotApiServer:
    """A server on a free port of 127.0.0.1, in a thread of its own while the context is open."""

    token = TOKEN

    def __init__(self, seed: int = 1) -> None:
        self.world = World(seed, self._wake)
        self.faults = Faults()
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.base = ""
        # What a TLS proxy does for a real server: the public address, and where it leads.
        self.proxied: dict[str, str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._poll_number = 0
        self._closing = False
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bot-api", daemon=True)

    def __enter__(self) -> "BotApiServer":
        self._thread.start()
        if not self._started.wait(20):
            raise TimeoutError("the Bot API server did not start")
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing = True
        self._uvicorn.should_exit = self._uvicorn.force_exit = True
        self._wake()
        self._thread.join(20)

    def called(self, method: str) -> list[Call]:
        """The calls of `method` so far, oldest first."""
        return [call for call in self.calls if call.method == method]

    def check(self) -> None:
        """Raises AssertionError if any call broke the contract of the Bot API."""
        assert not self.violations, "\n".join(self.violations)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        app = Starlette(
            routes=[Route("/bot{token}/{method}", self._endpoint, methods=["GET", "POST"])]
        )
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = uvicorn.Server(config)
        socket = config.bind_socket()
        self.base = f"http://127.0.0.1:{socket.getsockname()[1]}"
        deliveries = asyncio.create_task(self._deliver())
        # Bound and listening: clients may connect from here on.
        socket.listen(100)
        self._started.set()
        await self._uvicorn.serve(sockets=[socket])
        deliveries.cancel()
        with suppress(asyncio.CancelledError):
            await deliveries
        socket.close()

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def _endpoint(self, request: Request) -> Response:
        method = request.path_params["method"]
        params: dict[str, Any] = {}
        try:
            if request.path_params["token"] != TOKEN:
                raise ApiError(401, "Unauthorized")
            params = decoded(await _parameters(request))
            result = await self._answer(method, params)
        except ApiError as error:
            self.calls.append(Call(method, params, ok=False))
            body = {"ok": False, "error_code": error.code, "description": error.description}
            if error.parameters:
                body["parameters"] = error.parameters
            return JSONResponse(body, error.code)
        self.calls.append(Call(method, params, ok=True))
        return JSONResponse({"ok": True, "result": result})

    async def _answer(self, method: str, params: dict[str, Any]) -> Any:
        fault = self.faults.next(method)
        try:
            validated(method, params)
        except ContractError as error:
            self.violations.append(str(error))
            raise ApiError(400, f"Bad Request: {error}") from error
        if fault is not None and fault.error is not None:
            raise fault.error
        if method == "getUpdates":
            return await self._updates(params)
        if method not in METHODS:
            raise ApiError(404, "Not Found")
        with self.world.lock:
            try:
                result = METHODS[method](self.world, params)
            except ContractError as error:
                self.violations.append(str(error))
                raise ApiError(400, f"Bad Request: {error}") from error
            result = json.loads(json.dumps(result))
        self._wake()
        if fault is not None:
            await asyncio.sleep(fault.delay)
        return result

    async def _updates(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        if self.world.webhook is not None:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._poll_number += 1
        mine = self._poll_number
        self._news.set()
        offset = params.get("offset") or 0
        with self.world.lock:
            self.world.allow(params.get("allowed_updates"))
            if offset > 0:
                self.world.confirm(offset)
            elif offset < 0 and len(self.world.updates) > -offset:
                self.world.confirm(list(self.world.updates)[offset])
        until = time.monotonic() + min(params.get("timeout") or 0, 50)
        while True:
            if mine != self._poll_number:
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
            with self.world.lock:
                waiting = list(self.world.updates.values())[: params.get("limit") or 100]
            left = until - time.monotonic()
            if waiting or left <= 0 or self._closing:
                return waiting
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(left, 0.5))

    async def _deliver(self) -> None:
        """Brings updates to the webhook, one at a time, each again until it is answered 2xx."""
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            while True:
                with self.world.lock:
                    webhook = self.world.webhook
                    update = next(iter(self.world.updates.values()), None)
                if webhook is None or update is None:
                    self._news.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), 0.2)
                    continue
                error = await _bring(client, self._behind_proxy(webhook), update)
                self.world.webhook_error = error
                if error:
                    await asyncio.sleep(WEBHOOK_RETRY_SECONDS)
                else:
                    with self.world.lock:
                        self.world.updates.pop(update["update_id"], None)

    def _behind_proxy(self, webhook: tuple[str, str]) -> tuple[str, str]:
        url, secret = webhook
        for public, local in self.proxied.items():
            if url.startswith(public):
                return local + url.removeprefix(public), secret
        return webhook


async def _bring(
    client: httpx.AsyncClient, webhook: tuple[str, str], update: dict[str, Any]
) -> str:
    """Posts an update; what went wrong in Telegram's words, "" when nothing did."""
    url, secret = webhook
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
    try:
        answer = await client.post(url, json=update, headers=headers)
    except httpx.HTTPError as error:
        return f"Connection failed: {type(error).__name__}"
    if answer.is_success:
        return ""
    return f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}"


async def _parameters(request: Request) -> dict[str, Any]:
    """Query, form, multipart or JSON, as the Bot API takes them; files as bytes."""
    params: dict[str, Any] = dict(request.query_params)
    if "json" in request.headers.get("content-type", ""):
        try:
            return params | json.loads(await request.body() or b"{}")
        except ValueError as error:
            raise ApiError(400, "Bad Request: can't parse JSON object") from error
    async with request.form(max_part_size=10_000_000) as form:
        files: dict[str, bytes] = {}
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                files[name] = await value.read()
            else:
                params[name] = value
    for name, value in params.items():
        if isinstance(value, str) and value.startswith("attach://"):
            params[name] = files.pop(value.removeprefix("attach://"), None)
    return params | files
