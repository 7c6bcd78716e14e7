"""SPARQL 1.1 Protocol, query operation: GET, POST with a form, POST with the query as body."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import parse_qs

import pyoxigraph as ox
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from treatkg import namespaces, sparql_text
from treatkg.errors import LimitError, UsageError
from treatkg.knowledge import Answer, Knowledge, evaluating
from treatkg.server.negotiation import GRAPHS, ROWS, Offer, choose
from treatkg.sparql_text import ForbiddenQueryError

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_UPDATE = "application/sparql-update"
_MAX_BODY = 4 * sparql_text.MAX_QUERY_BYTES
_METHODS = "GET, HEAD, POST, OPTIONS"


class NotAcceptableError(UsageError):
    """None of the formats on offer is one that the client takes."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__(
            "none of the formats you accept is on offer; there are: " + ", ".join(o.media_type for o in offers)
        )


class _UnsupportedBodyError(UsageError):
    pass


async def endpoint(request: Request) -> Response:
    """Answer a SPARQL query; updates are refused with 403."""
    if request.method == "OPTIONS":
        return Response(
            status_code=HTTPStatus.NO_CONTENT, headers={"Allow": _METHODS, "Access-Control-Allow-Headers": "*"}
        )
    try:
        query = await _query(request)
        sparql_text.check_untrusted(query)
    except ForbiddenQueryError as error:
        return PlainTextResponse(f"{error}\n", status_code=HTTPStatus.FORBIDDEN)
    except _UnsupportedBodyError as error:
        return PlainTextResponse(f"{error}\n", status_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    if request.app.state.pool:
        from treatkg.server import running

        return await running.respond(request, request.app.state.pool, query)
    return await run_in_threadpool(respond, request, query)


def respond(request: Request, query: str) -> Response:
    """Answer a query in the format that the client wants.

    The engine's answer belongs to the thread that asked, and must end there: no error may carry it elsewhere.

    Raises:
        NotAcceptableError: the client wants none of the formats on offer.
    """
    knowledge: Knowledge = request.app.state.knowledge
    answer = knowledge.engine.ask(query)
    try:
        offers = list(GRAPHS) if isinstance(answer, ox.QueryTriples) else list(ROWS)
        offer = choose(request, offers)
        if offer is None:
            raise NotAcceptableError(offers)
        with evaluating():
            return Response(_serialise(answer, offer), media_type=with_charset(offer))
    finally:
        del answer


def _serialise(answer: Answer, offer: Offer) -> bytes | None:
    try:
        if isinstance(answer, ox.QueryTriples):
            return ox.serialize(answer, format=GRAPHS[offer], prefixes=namespaces.prefixes())
        return answer.serialize(format=ROWS[offer])
    finally:
        del answer


def with_charset(offer: Offer) -> str:
    """Return the value of Content-Type."""
    return f"{offer.media_type}; charset=utf-8" if offer.media_type.startswith("text/") else offer.media_type


async def _query(request: Request) -> str:
    if request.method in ("GET", "HEAD"):
        return _only_query(_form(request.url.query))
    _refuse_unsupported(_form(request.url.query))
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    body = await _body(request)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError("the body is not UTF-8") from error
    if media == _FORM:
        return _only_query(_form(text))
    if media == _QUERY:
        return text
    if media == _UPDATE:
        raise ForbiddenQueryError("this graph is read-only: updates are not run here")
    raise _UnsupportedBodyError(f"send a form ({_FORM}) with query=... or the query itself ({_QUERY})")


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise LimitError(f"the body is longer than {_MAX_BODY // 1024} KiB")
    return body


def _form(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise UsageError(f"the parameters are not a form in UTF-8: {error}") from error


def _refuse_unsupported(values: dict[str, list[str]]) -> None:
    if "update" in values:
        raise ForbiddenQueryError("this graph is read-only: updates are not run here")
    for name in ("default-graph-uri", "named-graph-uri"):
        if name in values:
            raise UsageError(f"{name} is not supported: there is one graph, the default graph")


def _only_query(values: dict[str, list[str]]) -> str:
    _refuse_unsupported(values)
    given = values.get("query", [])
    if len(given) != 1:
        raise UsageError(
            "give one query: ?query=SELECT..." if not given else "the parameter query is given more than once"
        )
    return given[0]
