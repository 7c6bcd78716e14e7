"""Stored queries over HTTP: `/queries` lists them, `/queries/NAME?parameter=value` runs one, in any format."""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from treatkg import namespaces, queries, results
from treatkg.errors import UsageError, did_you_mean
from treatkg.knowledge import Knowledge
from treatkg.queries import ParameterError
from treatkg.server.answering import as_document, respond, rows_of
from treatkg.server.asking import Question
from treatkg.server.choices import choices
from treatkg.server.keeping import kept
from treatkg.server.negotiation import GRAPHS, PAGE, PLAIN_JSON, ROWS, Offer, choose, require
from treatkg.server.refusals import explained
from treatkg.server.rendering import render

_SHOWN = 1000  # rows of a page; files have all


async def listing(request: Request) -> Response:
    """List the stored queries with what each takes and returns: JSON, or the start page for a browser."""
    if require(request, [PLAIN_JSON, PAGE]) is PAGE:
        return render(request, "start.html", topics=by_topic(), active="queries")
    content = await run_in_threadpool(kept, request, "queries", lambda: _listed(request.app.state.knowledge))
    return as_document(request, content, PLAIN_JSON)


async def run(request: Request) -> Response:
    """Run a stored query with the parameters of the address; a browser gets a page with a form."""
    name, suffix = request.path_params["name"], request.path_params.get("suffix")
    try:
        query = queries.find(name)
    except queries.UnknownQueryError:
        return _unknown(request, name)
    offers = offers_of(query)
    if suffix is None:
        browsing = "text/html" in request.headers.get("accept", "")
        offer = require(request, [PAGE, *offers] if browsing else [*offers, PAGE])
    else:
        found = next((offer for offer in [*offers, PAGE] if suffix in offer.names), None)
        if found is None:
            endings = ", .".join(offer.names[0] for offer in [*offers, PAGE])
            return explained(request, HTTPStatus.NOT_FOUND, f"{query.name} is there as .{endings}")
        offer = found
    if offer is PAGE:
        return await _page(request, query)
    if refused := _elsewhere(request, query):
        return explained(request, HTTPStatus.FORBIDDEN, refused)
    return await respond(request, Question(await run_in_threadpool(_bound, request, query)), offer)


def offers_of(query: queries.StoredQuery) -> list[Offer]:
    """Return the formats of a query's answer: those of rows, or of graphs."""
    return list(GRAPHS if Question(query.text).makes_graph else ROWS)


def by_topic() -> dict[str, list[queries.StoredQuery]]:
    """Group the stored queries by topic, quality checks last."""
    topics: dict[str, list[queries.StoredQuery]] = {}
    for query in sorted(queries.catalogue().values(), key=lambda query: (query.topic == "qc", query.topic, query.name)):
        topics.setdefault(query.topic, []).append(query)
    return topics


def _unknown(request: Request, name: str) -> Response:
    message = f'no stored query "{name[:80]}"{did_you_mean(name[:80], queries.catalogue())} (/queries lists them)'
    if "text/html" in request.headers.get("accept", "") and choose(request, [PAGE]):
        return render(request, "error.html", status=HTTPStatus.NOT_FOUND, title="Not found", message=message)
    return explained(request, HTTPStatus.NOT_FOUND, message)


def _arguments(request: Request, *, blanks: bool) -> dict[str, queries.Value]:
    """Return the parameters of the address; with `blanks`, empty fields of a form count as left out."""
    given: dict[str, list[str]] = {}
    for key, value in request.query_params.multi_items():
        if key != "format" and (value or not blanks):
            given.setdefault(key, []).append(value)
    return {key: values if len(values) > 1 else values[0] for key, values in given.items()}


def _bound(request: Request, query: queries.StoredQuery) -> str:
    knowledge: Knowledge = request.app.state.knowledge
    try:
        return query.bind(_arguments(request, blanks=False), knowledge.terms)
    except ParameterError as error:
        taken = query.params.get(error.parameter)
        if error.allowed or taken is None:
            raise
        raise ParameterError(str(error), error.parameter, choices(knowledge, taken)) from error


async def _page(request: Request, query: queries.StoredQuery) -> Response:
    knowledge: Knowledge = request.app.state.knowledge
    result, text, answered = None, query.text, False
    elsewhere = error = _elsewhere(request, query)
    waits = bool(elsewhere) or any(
        p.absent == "required" and not request.query_params.get(p.name) for p in query.params.values()
    )
    if not waits:
        try:
            text = await run_in_threadpool(query.bind, _arguments(request, blanks=True), knowledge.terms)
            result = await rows_of(request, text) if offers_of(query)[0] in ROWS else None
            answered = True
        except UsageError as refused:
            error = str(refused)
    status = HTTPStatus.BAD_REQUEST if error and not elsewhere else HTTPStatus.OK
    return await run_in_threadpool(_shown, request, query, status, result, text=text, error=error, answered=answered)


def _shown(
    request: Request, query: queries.StoredQuery, status: HTTPStatus, result: results.Result | None, **said: object
) -> Response:
    knowledge: Knowledge = request.app.state.knowledge
    shown = None if result is None else results.Result(result.columns, result.terms[:_SHOWN])
    return render(
        request,
        "query.html",
        status=status,
        query=query,
        count=0 if result is None else len(result),
        result=shown,
        formats=[offer.names[0] for offer in offers_of(query)] if said["answered"] else [],
        choices={p.name: choices(knowledge, p) for p in query.params.values()},
        chosen={p.name: _chosen(knowledge, p, request.query_params.get(p.name, "")) for p in query.params.values()},
        columns={} if shown is None else shown.for_people(knowledge.terms.readable),
        **said,
    )


def _chosen(knowledge: Knowledge, parameter: queries.Parameter, text: str) -> str:
    """Return a value as the list of choices has it, however it was written; one that fits none as it is."""
    if parameter.type != "iri" or text in ("", queries.ANY):
        return text
    try:
        return namespaces.shorten(knowledge.terms.resolve(text.strip(), parameter.cls))
    except UsageError:
        return text


def _elsewhere(request: Request, query: queries.StoredQuery) -> str:
    """Say why a query is not run here, or nothing."""
    if query.loaded and not request.app.state.knowledge.engine.has_loaded:
        return "This question compares the graph with loaded sources, and this server has none: start it with --store."
    if not query.online:
        return ""
    whom = ", ".join(query.online)
    return (
        f"This question asks {whom} too, and this server sends no requests: run it on the command line, with --online."
    )


def _listed(knowledge: Knowledge) -> bytes:
    listed = [_as_json(knowledge, query) for query in queries.catalogue().values()]
    return json.dumps(listed, ensure_ascii=False).encode()


def _as_json(knowledge: Knowledge, query: queries.StoredQuery) -> dict[str, object]:
    return {
        "name": query.name,
        "topic": query.topic,
        "summary": query.summary,
        "description": query.description,
        "parameters": {
            name: {
                "type": p.type,
                "class": p.cls,
                "description": p.description,
                "absent": p.absent,
                "example": p.example,
                "many": p.many,
                "allowed": [{"value": value, "label": label} for value, label in choices(knowledge, p).items()],
            }
            for name, p in query.params.items()
        },
        "returns": dict(query.returns),
        "formats": [offer.media_type for offer in offers_of(query)],
        "online": list(query.online),
        "loaded": query.loaded,
    }
