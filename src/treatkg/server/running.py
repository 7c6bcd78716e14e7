"""Untrusted queries over HTTP: each runs in the pool, and ends when its client goes away."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Coroutine
from typing import IO

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from treatkg.server.negotiation import GRAPHS, ROWS, choose
from treatkg.server.pool import Pool
from treatkg.server.protocol import NotAcceptableError, with_charset

_IN_MEMORY = 1024 * 1024
_CHUNK = 64 * 1024


async def respond(request: Request, pool: Pool, query: str) -> Response:
    """Answer a query in the format that the client wants; it is complete before its first byte is sent.

    Raises:
        ClientDisconnect: the client went away.
        NotAcceptableError: it wants none of the formats on offer.
        StoppedError: the query hit a limit.
        UsageError: the query is not valid.
    """
    offers = {"rows": choose(request, list(ROWS)), "graph": choose(request, list(GRAPHS))}
    formats = {form: offer.media_type if offer else None for form, offer in offers.items()}
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
        form = await _while_connected(request, pool.run(query, formats, output, client_of(request)))
        if (offer := offers[form]) is None:
            raise NotAcceptableError(list(ROWS if form == "rows" else GRAPHS))
        size = output.tell()
        output.seek(0)
        if size <= _IN_MEMORY:
            return Response(output.read(), media_type=with_charset(offer))
        stack.pop_all()  # the file is closed when it has been sent
    headers = {"Content-Length": str(size)}
    return StreamingResponse(_chunks(output), media_type=with_charset(offer), headers=headers)


def client_of(request: Request) -> str:
    """Return the address that takes turns with others."""
    return request.client.host if request.client else ""


async def _while_connected(request: Request, running: Coroutine[None, None, str]) -> str:
    task = asyncio.create_task(running)
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientDisconnect
    finally:
        for one in (task, gone):
            one.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
