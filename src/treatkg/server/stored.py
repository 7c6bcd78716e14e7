"""Stored queries over HTTP: `/queries` lists them, `/queries/NAME?parameter=value` runs one."""

from __future__ import annotations

from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from treatkg import queries, results
from treatkg.errors import UsageError
from treatkg.graph import rows
from treatkg.knowledge import Knowledge, evaluating
from treatkg.server.answering import respond
from treatkg.server.asking import Question
from treatkg.server.negotiation import PAGE, ROWS, require
from treatkg.server.rendering import render


async def listing(request: Request) -> Response:
    """List the stored queries: JSON, or the start page for a browser."""
    if "text/html" in request.headers.get("accept", ""):
        return render(request, "start.html", topics=by_topic(), active="queries")
    return JSONResponse([_as_json(query) for query in queries.catalogue().values()])


async def run(request: Request) -> Response:
    """Run a stored query with the parameters of the address; a browser gets a page with a form."""
    try:
        query = queries.find(request.path_params["name"])
    except UsageError as error:
        return PlainTextResponse(f"{error}\n", status_code=HTTPStatus.NOT_FOUND)
    offers = [PAGE, *ROWS] if "text/html" in request.headers.get("accept", "") else [*ROWS, PAGE]
    if require(request, offers) is PAGE:
        return await run_in_threadpool(_page, request, query)
    if refused := _elsewhere(request, query):
        return PlainTextResponse(f"{refused}\n", status_code=HTTPStatus.FORBIDDEN)
    return await respond(request, Question(await run_in_threadpool(_bound, request, query)))


def by_topic() -> dict[str, list[queries.StoredQuery]]:
    """Group the stored queries by topic, quality checks last."""
    topics: dict[str, list[queries.StoredQuery]] = {}
    for query in sorted(queries.catalogue().values(), key=lambda query: (query.topic == "qc", query.topic, query.name)):
        topics.setdefault(query.topic, []).append(query)
    return topics


def _arguments(request: Request, *, blanks: bool) -> dict[str, queries.Value]:
    """Return the parameters of the address; with `blanks`, empty fields of a form count as left out."""
    given: dict[str, list[str]] = {}
    for key, value in request.query_params.multi_items():
        if key != "format" and (value or not blanks):
            given.setdefault(key, []).append(value)
    return {key: values if len(values) > 1 else values[0] for key, values in given.items()}


def _bound(request: Request, query: queries.StoredQuery) -> str:
    knowledge: Knowledge = request.app.state.knowledge
    return query.bind(_arguments(request, blanks=False), knowledge.terms)


def _page(request: Request, query: queries.StoredQuery) -> Response:
    knowledge: Knowledge = request.app.state.knowledge
    elsewhere = _elsewhere(request, query)
    result, text, error = None, query.text, elsewhere
    waits = bool(elsewhere) or any(
        p.absent == "required" and not request.query_params.get(p.name) for p in query.params.values()
    )
    if not waits:
        try:
            text = query.bind(_arguments(request, blanks=True), knowledge.terms)
            with evaluating():
                result = results.from_solutions(rows(knowledge.engine.ask(text)))
        except UsageError as refused:
            error = str(refused)
    status = HTTPStatus.BAD_REQUEST if error and not elsewhere else HTTPStatus.OK
    return render(
        request,
        "query.html",
        status=status,
        query=query,
        result=result,
        text=text,
        error=error,
        columns={} if result is None else result.for_people(knowledge.terms.readable),
    )


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


def _as_json(query: queries.StoredQuery) -> dict[str, object]:
    return {
        "name": query.name,
        "topic": query.topic,
        "summary": query.summary,
        "description": query.description,
        "parameters": {
            name: {
                "type": p.type,
                "description": p.description,
                "absent": p.absent,
                "example": p.example,
                "many": p.many,
            }
            for name, p in query.params.items()
        },
        "returns": dict(query.returns),
        "online": list(query.online),
        "loaded": query.loaded,
    }
