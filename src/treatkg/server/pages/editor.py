"""The query editor, and what it completes from. Without scripts it is a form that asks the endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus

import pyoxigraph as ox
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from treatkg import namespaces, queries
from treatkg.errors import UsageError
from treatkg.knowledge import Knowledge
from treatkg.namespaces import DATASET, RDFS
from treatkg.publishing.description import VOID
from treatkg.server import description, vendor
from treatkg.server.rendering import render
from treatkg.server.stored import by_topic

EXAMPLE = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX tkg: <https://w3id.org/treatkg/ontology#>
PREFIX MONDO: <http://purl.obolibrary.org/obo/MONDO_>

SELECT ?drug ?label WHERE {
  ?drug tkg:indicatedFor MONDO:0004980 ; rdfs:label ?label .
}
ORDER BY ?label
"""
_PARTITIONS = {
    "classes": ("classPartition", "class", "entities"),
    "properties": ("propertyPartition", "property", "triples"),
}


async def editor(request: Request) -> Response:
    """The editor; `?stored=NAME` and the query's parameters put a stored query into it."""
    return await run_in_threadpool(_editor, request)


def _editor(request: Request) -> Response:
    knowledge: Knowledge = request.app.state.knowledge
    query, values, text, error, status = None, {}, EXAMPLE, "", HTTPStatus.OK
    try:
        query = _stored(request)
    except UsageError as unknown:
        error, status = str(unknown), HTTPStatus.NOT_FOUND
    if query is not None:
        values = _values(request, query)
        try:
            text = query.bind({k: v if len(v) > 1 else v[0] for k, v in values.items()}, knowledge.terms)
        except UsageError as refused:
            text, error, status = query.text, str(refused), HTTPStatus.BAD_REQUEST
    return render(
        request,
        "editor.html",
        status=status,
        topics=_answered_here(knowledge),
        query=query,
        values=values,
        text="\n".join(line for line in text.splitlines() if not line.startswith("#+")).strip() + "\n",
        error=error,
        script=vendor.address("yasqe.min.js"),
        style=vendor.address("yasqe.min.css"),
    )


def _stored(request: Request) -> queries.StoredQuery | None:
    names = {name for name in request.query_params.getlist("stored") if name}
    if len(names) > 1:
        raise UsageError("stored names more than one query")
    return queries.find(names.pop()) if names else None


def _values(request: Request, query: queries.StoredQuery) -> dict[str, list[str]]:
    """Return the filled fields of the form; a needed one that was not given has its example."""
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name != "stored" and value.strip():
            given.setdefault(name, []).append(value)
    needed = {p.name: [p.example] for p in query.params.values() if p.absent == "required"}
    return {**needed, **given}


def _answered_here(knowledge: Knowledge) -> Mapping[str, Iterable[queries.StoredQuery]]:
    """Return the stored queries that the endpoint answers: not those that ask others, or what is not loaded."""
    answered = {
        topic: [q for q in stored if not q.online and (knowledge.engine.has_loaded or not q.loaded)]
        for topic, stored in by_topic().items()
    }
    return {topic: stored for topic, stored in answered.items() if stored}


async def terms(request: Request) -> Response:
    """Answer with prefixes, and with the classes and properties in use: IRI, label, count; the most used first."""
    found = await run_in_threadpool(lambda: description.of(request).dataset)
    lists = {name: _partition(found, *parts) for name, parts in _PARTITIONS.items()}
    return JSONResponse({"prefixes": namespaces.prefixes(), **lists}, headers={"Cache-Control": "max-age=600"})


def _partition(void: list[ox.Triple], link: str, kind: str, count: str) -> list[tuple[str, str, int]]:
    said = {(t.subject, t.predicate.value): t.object for t in void}
    nodes = [t.object for t in void if t.predicate.value == VOID + link and t.subject == ox.NamedNode(DATASET)]
    found = []
    for node in nodes:
        term, size = said[node, VOID + kind], said[node, VOID + count]  # type: ignore[index]
        label = said.get((term, RDFS + "label"))  # type: ignore[arg-type]
        found.append((term.value, "" if label is None else label.value, int(size.value)))  # type: ignore[union-attr]
    return sorted(found, key=lambda each: (-each[2], each[0]))


ROUTES = [Route("/editor", editor), Route("/editor/terms.json", terms)]
