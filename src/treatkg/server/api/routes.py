"""`/openapi.json` and `/openapi.yaml` for programs, `/api` for people: one description."""

from __future__ import annotations

import json
from typing import Any

import yaml
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from treatkg.knowledge import Knowledge
from treatkg.server.answering import as_document
from treatkg.server.api import answers, schemas
from treatkg.server.api.paths import paths
from treatkg.server.keeping import kept
from treatkg.server.negotiation import JSON, PAGE, PLAIN_JSON, YAML, Offer, require
from treatkg.server.rendering import render

# Of the interface, not of the data or the program; docs/http-api.md says what it promises.
VERSION = "1.0.0"
_ABOUT = """Ask the TreatKG graph: every stored query is an address, and SPARQL is spoken at /sparql.

For research; no medical advice. All is read-only; no key is needed."""


def document(knowledge: Knowledge) -> dict[str, Any]:
    """Return the description (OpenAPI 3.1) of all that this version of the program serves from a graph."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "TreatKG",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "Data: CC BY 4.0; code: Apache-2.0", "identifier": "CC-BY-4.0 AND Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The server that gave this description."}],
        "tags": [{"name": name} for name in ("Stored queries", "SPARQL", "Data", "Server", "Quality checks")],
        "paths": paths(knowledge),
        "components": {"schemas": schemas.components(knowledge), "responses": answers.components()},
    }


async def as_json(request: Request) -> Response:
    """The description as JSON."""
    return await run_in_threadpool(_written, request, PLAIN_JSON)


async def as_yaml(request: Request) -> Response:
    """The description as YAML."""
    return await run_in_threadpool(_written, request, YAML)


async def page(request: Request) -> Response:
    """The description as a page, or as JSON or YAML for who prefers that."""
    offer = require(request, [PAGE, PLAIN_JSON, YAML])
    return await run_in_threadpool(_page if offer is PAGE else _written, request, offer)


def _described(request: Request) -> dict[str, Any]:
    """Return the description without what this server has no route for."""
    served = {route.path for route in request.app.routes if isinstance(route, Route)}
    found = document(request.app.state.knowledge)
    always = ("/queries/", "/id/")
    return found | {"paths": {p: what for p, what in found["paths"].items() if p.startswith(always) or p in served}}


def _page(request: Request, _offer: Offer) -> Response:
    found = kept(request, "api", lambda: _described(request))
    operations = [(path, *item) for path, methods in found["paths"].items() for item in methods.items()]
    return render(request, "api.html", api=found, operations=operations, columns=_columns)


def _columns(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of the rows that an operation answers with, if they are known."""
    schema = operation["responses"].get("200", {}).get("content", {}).get(JSON.media_type, {}).get("schema", {})
    if "properties" not in schema:
        return {}
    row = schema["properties"]["results"]["properties"]["bindings"]["items"]
    columns: dict[str, Any] = row["properties"]
    return columns


def _written(request: Request, offer: Offer) -> Response:
    text = json.dumps(kept(request, "api", lambda: _described(request)), ensure_ascii=False)
    if offer is YAML:
        text = kept(request, "api.yaml", lambda: _as_yaml(json.loads(text)))
    return as_document(request, text.encode(), offer)


def _as_yaml(found: Any) -> str:  # noqa: ANN401 (JSON)
    written: str = yaml.dump(found, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=120)
    return written


ROUTES = [
    Route("/openapi.json", as_json),
    Route("/openapi.yaml", as_yaml),
    Route("/api", page),
]
