"""A thousand connections at the same time: every request is answered, on all of them."""

from __future__ import annotations

import asyncio
import resource

import pytest
from running import BUCKET, Running, running

CONNECTIONS = 1000


@pytest.fixture(autouse=True)
def enough_files():
    """Let this process open as many connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CONNECTIONS + 200:
        pytest.skip(f"not run: a process may open only {hard} files on this machine")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, CONNECTIONS + 200), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def answer_to(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str, body: bytes) -> bytes:
    """Send a request and return the body of its answer, which must have succeeded."""
    writer.write(f"{head} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    assert lines.startswith("http/1.1 200"), lines
    return await reader.readexactly(int(lines.partition("content-length: ")[2].partition("\r")[0]))


async def unanswered(server: Running) -> int:
    """Use all connections at the same time; return how many did not get all of their answers."""
    opened = asyncio.Barrier(CONNECTIONS)

    async def use(number: int) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        try:
            await opened.wait()  # no request is sent before all connections are open
            content = f"content {number}".encode() * 100
            upload = f"POST /upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={number}"
            await answer_to(reader, writer, upload, content)
            await opened.wait()  # all connections are kept open while they are used
            there = await answer_to(reader, writer, f"GET /storage/v1/b/{BUCKET}/o/{number}?alt=media", b"")
            listed = await answer_to(
                reader, writer, f"GET /storage/v1/b/{BUCKET}/o?maxResults=1&startOffset={number}", b""
            )
            return there == content and b'"items"' in listed
        except (OSError, EOFError):
            await opened.abort()
            return False
        except asyncio.BrokenBarrierError:
            return False
        finally:
            writer.close()

    results = await asyncio.wait_for(asyncio.gather(*(use(number) for number in range(CONNECTIONS))), 100)
    return results.count(False)


def test_every_request_is_answered(tmp_path):
    with running(tmp_path / "server") as server:
        assert asyncio.run(unanswered(server)) == 0
        assert server.client().call("GET", f"/storage/v1/b/{BUCKET}").status == 200


def test_a_small_limit_of_open_files_is_raised(tmp_path):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    before = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with running(tmp_path / "server") as server:
            resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))
            assert asyncio.run(unanswered(server)) == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


def test_an_unanswered_request_is_found(tmp_path):
    with running(tmp_path / "server", "unanswered") as server:
        assert asyncio.run(unanswered(server)) > 0
