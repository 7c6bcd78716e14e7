"""Answers to queries as HTTP responses: the format, validators for caches, and results of any size.

An answer is complete before its first byte is sent, so that none breaks off behind a status of 200; a large one waits
in a temporary file.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import tempfile
from collections.abc import AsyncIterator, Coroutine, Mapping
from http import HTTPStatus
from typing import IO, TypeVar

import pyoxigraph as ox
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from treatkg import __version__, graph, namespaces, results, sparql_text
from treatkg.server.asking import Question, answer
from treatkg.server.negotiation import GRAPHS, JSON, ROWS, Offer, require
from treatkg.server.pool import Pool

_T = TypeVar("_T")
_IN_MEMORY = 1024 * 1024
_CHUNK = 64 * 1024
_LINK = '</.well-known/void>; rel="describedby", </sparql>; rel="service-desc"'


class _FromFile(StreamingResponse):
    """Sends what is in an open file and closes it, also if nobody reads it to its end."""

    def __init__(self, file: IO[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(self._chunks(), headers=headers)
        self.file = file

    async def _chunks(self) -> AsyncIterator[bytes]:
        """Read here: that is quick, and all threads may be making pages."""
        while chunk := self.file.read(_CHUNK):
            yield chunk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the content."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.file.close()


async def respond(request: Request, question: Question, offer: Offer | None = None) -> Response:
    """Answer a query in the format that the client wants, or in a given one; 304 if it has this answer.

    Raises:
        ClientDisconnect: the client went away.
        NotAcceptableError: it wants none of the formats on offer.
        StoppedError: the query hit a limit.
        UsageError: the query is not valid, or uses what the engine does not have.
    """
    if offer is None:
        offer = require(request, list(GRAPHS if question.makes_graph else ROWS), question.formats)
    pool: Pool | None = None if question.quick else request.app.state.pool
    engine = request.app.state.knowledge.engine
    validator = functools.partial(_tag, question.text, repr(question.dataset), offer.media_type)
    fingerprint = pool.digest if pool else engine.fingerprint()
    lasting = bool(fingerprint) and not sparql_text.is_volatile(question.text)
    tag = validator(fingerprint) if lasting else ""
    if tag and is_known(request, tag):
        return not_modified(tag)
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
        if pool:
            digest = await while_connected(request, pool.run(question, offer, file, client_of(request)))
            tag = validator(digest) if lasting else ""  # of the graph that was asked, be there a newer one by now
        else:
            await run_in_threadpool(answer, engine, question, offer, file)
        sending = functools.partial(_sent, request, file, offer, tag)
        # No thread for what is quick.
        response = sending() if tag or file.tell() <= _IN_MEMORY else await run_in_threadpool(sending)
        if isinstance(response, _FromFile):
            stack.pop_all()  # it closes the file
        return response


async def rows_of(request: Request, text: str) -> results.Result:
    """Return the rows of a client's SELECT, from a process of the pool if there is one.

    Raises:
        ClientDisconnect: the client went away.
        StoppedError: the query hit a limit.
    """
    pool: Pool | None = request.app.state.pool
    if pool is None:
        return await run_in_threadpool(request.app.state.knowledge.select, text)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        await while_connected(request, pool.run(Question(text), JSON, file, client_of(request)))
        file.seek(0)
        return await run_in_threadpool(_read, file)


def _read(file: IO[bytes]) -> results.Result:
    return results.from_solutions(graph.rows(ox.parse_query_results(file, format=ROWS[JSON])))


async def while_connected(request: Request, running: Coroutine[None, None, _T]) -> _T:
    """Wait for something until the client goes away, which ends it.

    Raises:
        ClientDisconnect: it went away.
    """
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


def client_of(request: Request) -> str:
    """Return the address that takes turns with others."""
    return request.client.host if request.client else ""


def as_document(request: Request, content: bytes, offer: Offer) -> Response:
    """Answer with a document that is in memory; 304 if the client has it."""
    tag = _tag(hashlib.sha256(content).hexdigest())
    if is_known(request, tag, "*"):
        return not_modified(tag)
    return Response(content, headers=_headers(offer, tag))


def is_known(request: Request, *tags: str) -> bool:
    """Whether the client asks for what it has not got yet, and has got this."""
    if request.method not in ("GET", "HEAD"):
        return False
    given = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    return bool(given & {*tags})


def not_modified(tag: str) -> Response:
    """Say that what the client has is still right."""
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag, "Cache-Control": "no-cache"})


def graph_as(triples: list[ox.Triple], offer: Offer, prefixes: Mapping[str, str] | None = None) -> bytes:
    """Write triples in a format."""
    table = {**namespaces.prefixes(), **(prefixes or {})}
    return ox.serialize(triples, format=GRAPHS[offer], prefixes=table) or b""


def _sent(request: Request, file: tempfile.SpooledTemporaryFile[bytes], offer: Offer, tag: str) -> Response:
    size = file.tell()
    file.seek(0)
    tag = tag or _tag(hashlib.file_digest(file, "sha256").hexdigest())
    if is_known(request, tag, "*"):
        return not_modified(tag)
    file.seek(0)
    headers = _headers(offer, tag)
    if size <= _IN_MEMORY:
        return Response(file.read(), headers=headers)
    return _FromFile(file, headers | {"Content-Length": str(size)})


def _headers(offer: Offer, tag: str) -> dict[str, str]:
    return {"Content-Type": offer.content_type, "ETag": tag, "Cache-Control": "no-cache", "Link": _LINK}


def _tag(*parts: str) -> str:
    content = "\n".join([__version__, ox.__version__, *parts])
    return f'"{hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'
