"""Answers to queries as HTTP responses: the format, validators for caches, and results of any size.

An answer is complete before its first byte is sent, so that none breaks off behind a status of 200; a large one waits
in a temporary file.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, TYPE_CHECKING

import pyoxigraph as ox
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from treatkg import __version__, namespaces, sparql_text
from treatkg.dataset import Dataset
from treatkg.errors import UsageError
from treatkg.knowledge import Knowledge, evaluating
from treatkg.server.negotiation import GRAPHS, ROWS, Offer, require

if TYPE_CHECKING:
    from treatkg.knowledge import Answer

_IN_MEMORY = 1024 * 1024
_CHUNK = 64 * 1024
_LINK = '</.well-known/void>; rel="describedby", </sparql>; rel="service-desc"'


@dataclass(frozen=True)
class Question:
    """A query and what it is asked of; `formats` are names of formats that the client gave beside the address."""

    text: str
    dataset: Dataset | None = None
    formats: tuple[str, ...] = ()

    @property
    def makes_graph(self) -> bool:
        """Whether the answer is a graph, not rows or a truth value."""
        return sparql_text.form_of(self.text) in ("CONSTRUCT", "DESCRIBE")


class _FromFile(StreamingResponse):
    """Sends what is in an open file and closes it, also if nobody reads it to its end."""

    def __init__(self, file: IO[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(iter(functools.partial(file.read, _CHUNK), b""), headers=headers)
        self.file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the content."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.file.close()


def answer(knowledge: Knowledge, question: Question, offer: Offer, output: IO[bytes]) -> None:
    """Run a query and write its answer: the one place where the server does so.

    Raises:
        UsageError: the query is not valid, or uses what the engine does not have.
    """
    found = knowledge.engine.ask(question.text, question.dataset)
    try:
        with evaluating():
            _write(found, offer, output)
    finally:
        del found  # the engine's answer belongs to this thread and must end here: no error may carry it elsewhere


async def respond(request: Request, question: Question, offer: Offer | None = None) -> Response:
    """Answer a query in the format that the client wants, or in a given one; 304 if it has this answer.

    Raises:
        NotAcceptableError: the client wants none of the formats on offer.
        UsageError: the query is not valid, or uses what the engine does not have.
    """
    knowledge: Knowledge = request.app.state.knowledge
    if offer is None:
        offer = require(request, list(GRAPHS if question.makes_graph else ROWS), question.formats)
    fingerprint = knowledge.engine.fingerprint()
    tag = ""
    if fingerprint and not sparql_text.is_volatile(question.text):
        tag = _tag(fingerprint, question.text, repr(question.dataset), offer.media_type)
        if is_known(request, tag):
            return not_modified(tag)
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
        await run_in_threadpool(answer, knowledge, question, offer, file)
        response = await run_in_threadpool(_sent, request, file, offer, tag)
        if isinstance(response, _FromFile):
            stack.pop_all()  # it closes the file
        return response


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


def _write(found: Answer, offer: Offer, output: IO[bytes]) -> None:
    if isinstance(found, ox.QueryTriples) and offer in GRAPHS:
        ox.serialize(found, output, format=GRAPHS[offer], prefixes=namespaces.prefixes())
    elif not isinstance(found, ox.QueryTriples) and offer in ROWS:
        found.serialize(output, format=ROWS[offer])
    else:
        raise UsageError("not clear whether this is a SELECT, ASK, CONSTRUCT or DESCRIBE: put a space after that word")


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
