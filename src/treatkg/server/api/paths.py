"""The operations that are always there: SPARQL, graphs, linked data, descriptions, and the server's own state."""

from __future__ import annotations

import contextlib
import re
from http import HTTPStatus
from typing import Any

from treatkg import namespaces, queries
from treatkg.errors import UsageError
from treatkg.knowledge import Knowledge
from treatkg.queries import StoredQuery
from treatkg.server.api import answers, schemas
from treatkg.server.api.answers import ASKING
from treatkg.server.graphs import all_graphs
from treatkg.server.negotiation import GRAPHS, PAGE, PLAIN_JSON, ROWS, Offer
from treatkg.server.stored import by_topic, offers_of

Operation = dict[str, Any]

_SEEN = "To the page or the document about the thing, in the format that the client wants."

_QUERY = {"type": "string", "format": "sparql", "maxLength": 65536}
_EXAMPLE = "SELECT ?drug WHERE { ?drug tkg:indicatedFor MONDO:0004980 } ORDER BY ?drug"
# Forms send fields that were left empty.
_IRI = {"anyOf": [{"type": "string", "format": "iri"}, {"const": ""}]}


def paths(knowledge: Knowledge) -> dict[str, Any]:
    """Return every path that is described, with its operations."""
    asked = [query for topic in by_topic().values() for query in topic]
    stored = {f"/queries/{query.name}": {"get": _of_query(knowledge, query)} for query in asked}
    data = {
        "/rdf-graphs": {"get": _graph(knowledge)},
        "/id/{local}": {"get": _thing()},
        "/resolve": {"get": _resolve()},
        "/.well-known/void": {"get": _void()},
    }
    return {"/sparql": _sparql(), "/queries": {"get": _listing()}, **stored, **data, **_state()}


def parameter(name: str, schema: Any, said: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (OpenAPI)
    """Return a parameter of the address."""
    return {"name": name, "in": "query", "description": said, "schema": schema} | more


def _formats(*offers: Offer) -> dict[str, Any]:
    names = [offer.names[0] for offer in offers]
    said = "The format, instead of the header Accept; empty, as a form sends it: by Accept."
    return parameter("format", {"type": "string", "enum": [*dict.fromkeys(names), ""]}, said, allowEmptyValue=True)


def _sparql() -> dict[str, Any]:
    content = answers.of_rows({}) | answers.of_graphs()
    dataset = [
        parameter(f"{kind}-graph-uri", {"type": "array", "items": _IRI}, f"Graphs that {says}; beats FROM.")
        for kind, says in (("default", "together are the default graph"), ("named", "GRAPH may name"))
    ]
    about = "SPARQL 1.1 Protocol, read-only. The prefixes of the graph are known without declaring them."
    form = {
        "type": "object",
        "required": ["query"],
        "properties": {
            "query": _QUERY,
            "default-graph-uri": {"type": "array", "items": _IRI},
            "named-graph-uri": {"type": "array", "items": _IRI},
        },
    }
    bodies = {
        "application/x-www-form-urlencoded": {"schema": form, "example": {"query": _EXAMPLE}},
        "application/sparql-query": {"schema": _QUERY, "example": _EXAMPLE},
    }
    done = answers.answers(content, "Rows, a truth value or a graph, by the form of the query.", ASKING)
    query = parameter("query", _QUERY, "A SELECT, ASK, CONSTRUCT or DESCRIBE query.", required=True, example=_EXAMPLE)
    formats = _formats(*ROWS, *GRAPHS)
    unsupported = answers.answers({}, "", [HTTPStatus.UNSUPPORTED_MEDIA_TYPE])["415"]
    return {
        "get": _operation("SPARQL", "sparql-get", "Ask a query", about, [query, *dataset, formats], done),
        "post": {
            **_operation(
                "SPARQL", "sparql-post", "Ask a long query", about, [*dataset, formats], {**done, "415": unsupported}
            ),
            "requestBody": {"required": True, "content": bodies},
        },
    }


def _listing() -> Operation:
    items = {"type": "array", "items": {"$ref": "#/components/schemas/StoredQuery"}}
    content = {"application/json": {"schema": items}}
    done = answers.answers(content, "The questions, with what they take and return.", [HTTPStatus.NOT_ACCEPTABLE])
    about = "A browser gets a page."
    return _operation("Stored queries", "queries", "List the stored queries", about, [_formats(PLAIN_JSON)], done)


def _of_query(knowledge: Knowledge, query: StoredQuery) -> Operation:
    offers = offers_of(query)
    content = answers.of_graphs() if offers[0] in GRAPHS else answers.of_rows(query.returns)
    ending = f"/queries/{query.name}.{offers[-1].names[0]}"
    about = f"{query.description} The format may also be an ending (`{ending}`). A browser gets a page.".strip()
    done = answers.answers(content, "The answer.", ASKING)
    operation = _operation(
        "Quality checks" if query.topic == "qc" else "Stored queries",
        f"queries-{query.name}",
        query.summary,
        about,
        [*(_of_parameter(knowledge, query, p) for p in query.params.values()), _formats(*offers)],
        done,
    )
    needs = {"x-needs-network": list(query.online)} if query.online else {}
    return {**operation, **needs, **({"x-needs-loaded-sources": True} if query.loaded else {})}


def _of_parameter(knowledge: Knowledge, query: StoredQuery, taken: queries.Parameter) -> dict[str, Any]:
    absent = {"any": "Left out: any.", "none": "Left out: none.", "today": "Left out: today."}.get(taken.absent, "")
    more: dict[str, Any] = {"required": True} if taken.absent == "required" else {}
    if taken.many:
        more |= {"style": "form", "explode": True}
    if taken.example:
        with contextlib.suppress(UsageError):  # another graph lacks the thing that our examples name
            example = _example(knowledge, taken)
            more["example"] = [example] if taken.many else example
    return parameter(taken.name, schemas.of_parameter(query, taken), f"{taken.description} {absent}".strip(), **more)


def _example(knowledge: Knowledge, taken: queries.Parameter) -> str | int | float:
    """Return the example as the schema has it: things by id, or by IRI where they are of no class."""
    if taken.type in ("integer", "decimal"):
        return schemas.number(taken.example)
    if taken.type != "iri":
        return taken.example
    iri = knowledge.terms.resolve(taken.example, taken.cls)
    return namespaces.shorten(iri) if taken.cls else iri


def _graph(knowledge: Knowledge) -> Operation:
    graphs = all_graphs(knowledge)
    graph = parameter("graph", {"type": "string", "enum": graphs}, "The graph's IRI; or write `?default`.")
    default = parameter("default", {"type": "string", "enum": [""]}, "The default graph.", allowEmptyValue=True)
    about = "SPARQL 1.1 Graph Store Protocol, read-only. Give `default` or `graph`, one of them."
    done = answers.answers(answers.of_graphs(), "The graph.", [*ASKING, HTTPStatus.NOT_FOUND])
    return _operation("Data", "graph", "A whole graph", about, [default, graph, _formats(*GRAPHS)], done)


def _thing() -> Operation:
    schema = {"type": "string", "minLength": 1}
    local = parameter("local", schema, "Its id.", **{"in": "path", "required": True, "example": "dupilumab"})
    missing = {
        "description": "The graph says nothing of it.",
        "content": answers.page() | {"text/plain": {"schema": {"type": "string"}}},
    }
    done = answers.answers({}, "", [HTTPStatus.NOT_ACCEPTABLE], _303=answers.leads(_SEEN), _404=missing)
    about = "What an IRI of this graph leads to."
    return _operation("Data", "thing", "The address of a thing", about, [local, _formats(PAGE, *GRAPHS)], _only(done))


def _resolve() -> Operation:
    known = "|".join(sorted(map(re.escape, namespaces.prefixes())))
    schema = {"type": "string", "pattern": f"^({known}):[A-Za-z0-9_.-]+$"}
    curie = parameter("curie", schema, "A CURIE; an IRI or id too.", required=True, example="MONDO:0004980")
    refusals = [HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND]
    done = answers.answers({}, "", refusals, _303=answers.leads(_SEEN))
    return _operation("Data", "resolve", "From a CURIE to what is said of it", "", [curie], _only(done))


def _void() -> Operation:
    about = "Licence, version, classes, properties and linksets with their numbers."
    done = answers.answers(answers.of_graphs(), "The description.", [HTTPStatus.NOT_ACCEPTABLE])
    return _operation("Data", "void", "The dataset described (VoID)", about, [_formats(*GRAPHS)], done)


def _state() -> dict[str, Any]:
    health = {"application/json": {"schema": {"type": "object", "required": ["status"]}}}
    metrics = {"text/plain": {"schema": {"type": "string"}}}
    return {
        path: {"get": _operation("Server", path[1:], summary, "", [], done)}
        for path, summary, done in (
            (
                "/health",
                "Whether queries are answered, and from which graph",
                {
                    "200": {"description": "They are.", "content": health},
                    "503": {"description": "No worker is alive.", "content": health},
                },
            ),
            ("/metrics", "Counts for Prometheus", {"200": {"description": "The counts.", "content": metrics}}),
        )
    }


def _only(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what an operation that only leads elsewhere does not answer."""
    return {status: answer for status, answer in found.items() if status not in ("200", "304")}


def _operation(
    tag: str, name: str, summary: str, about: str, parameters: list[Any], responses: dict[str, Any]
) -> Operation:
    found: Operation = {"tags": [tag], "operationId": name, "summary": summary, "description": about}
    return {**{k: v for k, v in found.items() if v}, "parameters": parameters, "responses": responses}
