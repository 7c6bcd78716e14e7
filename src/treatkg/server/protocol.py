"""SPARQL 1.1 Protocol, query operation: GET, POST with a form, POST with the query as body. Updates are refused."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from treatkg import sparql_text
from treatkg.dataset import Dataset
from treatkg.errors import LimitError, UsageError
from treatkg.knowledge import Knowledge
from treatkg.server import description
from treatkg.server.answering import respond
from treatkg.server.asking import Question
from treatkg.server.negotiation import GRAPHS, PAGE, require
from treatkg.server.refusals import UnsupportedBodyError
from treatkg.sparql_text import ForbiddenQueryError

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
_UPDATE = "application/sparql-update"
_MAX_BODY = 4 * sparql_text.MAX_QUERY_BYTES
_READ_ONLY = "this graph is read-only: updates are not run here"
_DATASET = ("default-graph-uri", "named-graph-uri")
_Values = Mapping[str, list[str]]


async def endpoint(request: Request) -> Response:
    """Answer a SPARQL query; without one, describe the service (a browser is led to the editor)."""
    if request.method == "OPTIONS":
        headers = {"Allow": "GET, HEAD, POST, OPTIONS", "Accept-Post": f"{QUERY}, {FORM}"}
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    values = _form(request.scope["query_string"])
    if request.method != "POST" and not {"query", "update", *_DATASET} & set(values):
        return await _describe(request)
    question = await _posted(request, values) if request.method == "POST" else _asked(values)
    _check(request.app.state.knowledge, question)
    return await respond(request, question)


async def _describe(request: Request) -> Response:
    offer = require(request, [*GRAPHS, PAGE])
    if offer is PAGE:
        return RedirectResponse("/editor", status_code=HTTPStatus.SEE_OTHER)
    return await run_in_threadpool(description.service, request, offer)


async def _posted(request: Request, values: _Values) -> Question:
    """Read a POST request. The dataset may stand in the address or in the form; the query only in the body."""
    media, charset = _content_type(request)
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise UnsupportedBodyError(f"the body is encoded as {encoding[:40]}: send it as it is")
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnsupportedBodyError(f"the body is in {charset[:40]}: send UTF-8")
    body = await _body(request)
    if media == FORM:
        return _asked(_together(values, _form(body)))
    if media == _UPDATE:
        raise ForbiddenQueryError(_READ_ONLY)
    if media != QUERY:
        raise UnsupportedBodyError(f"send a form ({FORM}) with query=... or the query itself ({QUERY})")
    try:
        return _asked(_together(values, {"query": [body.decode("utf-8")]}))
    except UnicodeDecodeError as error:
        raise UsageError("the body is not UTF-8") from error


def _asked(values: _Values) -> Question:
    queries, updates = values.get("query", []), values.get("update", [])
    if queries and updates:
        raise UsageError("give a query or an update, not both")
    if updates:
        raise ForbiddenQueryError(_READ_ONLY)
    if not queries:
        raise UsageError("give one query: ?query=SELECT...")
    if len(queries) > 1:
        raise UsageError("the parameter query is given more than once")
    # Forms send fields that were left empty.
    default, named = (tuple(iri for iri in values.get(name, ()) if iri) for name in _DATASET)
    dataset = Dataset(default, named) if default or named else None
    return Question(queries[0], dataset, tuple(values.get("format", ())), _seconds(values.get("timeout", ())))


def _seconds(given: Sequence[str]) -> float | None:
    """Return how long the client wants to wait; the server's own limit holds all the same."""
    texts = [text for text in given if text]
    if not texts:
        return None
    with contextlib.suppress(ValueError):
        if len(texts) == 1 and 0 < (seconds := float(texts[0])) < math.inf:
            return seconds
    raise UsageError("timeout is one number of seconds, more than 0: timeout=10")


def _check(knowledge: Knowledge, question: Question) -> None:
    """Let only harmless queries through; the request's dataset beats the query's own, whose FROM then says nothing."""
    sparql_text.check_untrusted(question.text, None if question.dataset else knowledge.engine.graphs())


def _content_type(request: Request) -> tuple[str, str]:
    media, *parameters = request.headers.get("content-type", "").split(";")
    named = dict(parameter.strip().partition("=")[::2] for parameter in parameters)
    charset = next((value for name, value in named.items() if name.strip().lower() == "charset"), "")
    return media.strip().lower(), charset.strip().strip("\"'").lower()


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise LimitError(f"the body is longer than {_MAX_BODY // 1024} KiB")
    return bytes(body)


def _form(text: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(text.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError as error:
        raise UsageError(f"the parameters are not a form in UTF-8: {error}") from error


def _together(one: _Values, other: _Values) -> dict[str, list[str]]:
    return {name: [*one.get(name, ()), *other.get(name, ())] for name in {**one, **other}}
