"""The application: routes and what all of them share."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from treatkg.errors import TreatKGError
from treatkg.knowledge import Knowledge
from treatkg.server import api, description, graphs, linked, pages, protocol, stored
from treatkg.server.headers import Answers, Compressed
from treatkg.server.refusals import refuse


def create_app(knowledge: Knowledge) -> Starlette:
    """Return the ASGI application that serves a graph, read-only."""
    app = Starlette(
        routes=[
            *pages.ROUTES,
            Route("/sparql", protocol.endpoint, methods=["GET", "POST", "OPTIONS"]),
            Route("/rdf-graphs", graphs.read, methods=["GET", "OPTIONS"]),
            Route("/.well-known/void", description.dataset),
            Route("/queries", stored.listing),
            Route("/queries/{name}.{suffix}", stored.run),
            Route("/queries/{name}", stored.run),
            *api.ROUTES,
            Route("/id/{local:path}", linked.thing),
            Route("/data/{local:path}", linked.data),
            Route("/ontology", linked.ontology),
            Route("/ontology.{suffix}", linked.ontology_document),
            Route("/resolve", linked.resolve),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        middleware=[Middleware(Answers), Middleware(Compressed)],
        exception_handlers={TreatKGError: refuse},
    )
    app.state.knowledge = knowledge
    return app
