"""Where the web server listens."""

import asyncio
import socket

import pytest

from app.serve import PortTaken, bind


async def test_what_is_written_is_sent_at_once() -> None:
    """Without TCP_NODELAY the second of two writes waits 40 ms for the reader's kernel."""
    found = asyncio.get_running_loop().create_future()

    def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted = writer.get_extra_info("socket")
        found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = bind("127.0.0.1", 0)
    async with await asyncio.start_server(connected, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        assert await asyncio.wait_for(found, 10)
        writer.close()
        await writer.wait_closed()


def test_a_port_that_is_taken() -> None:
    with bind("127.0.0.1", 0) as listener, pytest.raises(PortTaken, match="cannot be listened on"):
        bind(*listener.getsockname())
