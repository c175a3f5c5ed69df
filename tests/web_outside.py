"""A web of our own on loopback: servers with certificates, and names that lead to them."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sync.fetch import Guard, IPAddress, is_public

PUBLIC_STAND_IN = "127.0.0.2"
"""An address of this machine that counts as public in tests; any other of it is private."""

NAMES = ("calendar.example", "other.example", "moved.example")


@dataclass(frozen=True)
class Request:
    target: str
    headers: dict[str, str]
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def written(self) -> bytes:
        head = [f"HTTP/1.1 {self.status} ok", *(f"{k}: {v}" for k, v in self.headers.items())]
        head += [f"Content-Length: {len(self.body)}", "Connection: close"]
        return "\r\n".join([*head, "", ""]).encode() + self.body


Answer = Callable[[Request], Reply | Callable[[asyncio.StreamWriter], Awaitable[None]]]


@dataclass
class Server:
    """A calendar server; `requests` are those that came."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)

    def url(self, target: str = "/work.ics", host: str = "calendar.example") -> str:
        return f"https://{host}:{self.port}{target}"


@cache
def _certificate() -> tuple[bytes, bytes]:
    """A certificate for `NAMES` that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "calendars in tests")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(each) for each in NAMES]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@asynccontextmanager
async def calendar_server(
    folder: Path, answer: Answer, host: str = PUBLIC_STAND_IN
) -> AsyncIterator[Server]:
    """An https server that answers as told."""
    certificate, key = _certificate()
    pem = folder / "server.pem"
    pem.write_bytes(key + certificate)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    server = Server()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            headers = {key.lower(): value for key, value in headers.items()}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            method, target, _ = head[0].split(" ")
            request = Request(target, headers, method, body)
            server.requests.append(request)
            reply = answer(request)
            if isinstance(reply, Reply):
                writer.write(reply.written())
                await writer.drain()
            else:
                await reply(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, host, 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


def guard(*, seconds: float = 10.0, names: dict[str, Sequence[str]] | None = None) -> Guard:
    """The real guard, but for `PUBLIC_STAND_IN` and whom it trusts. `NAMES` lead there, others
    where `names` say or the machine does."""
    tls = ssl.create_default_context(cadata=_certificate()[0].decode())
    known: dict[str, Sequence[str]] = {name: [PUBLIC_STAND_IN] for name in NAMES}
    known |= names or {}
    real = Guard()

    async def resolve(host: str, port: int) -> Sequence[str]:
        return known[host] if host in known else await real.resolve(host, port)

    def allows(address: IPAddress) -> bool:
        return address == ip_address(PUBLIC_STAND_IN) or is_public(address)

    return Guard(resolve=resolve, allows=allows, tls=tls, seconds=seconds)
