"""The application: routes and what all of them share."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from treatkg.errors import TreatKGError
from treatkg.knowledge import Knowledge
from treatkg.server import api, description, graphs, linked, pages, protocol, stored, watching
from treatkg.server.headers import Answers, Bounded, Compressed, Uncrowded
from treatkg.server.pool import Pool
from treatkg.server.refusals import refuse, unserved
from treatkg.server.serving import pooled
from treatkg.server.watching import LogFormat, Metrics, Observed


def create_app(
    knowledge: Knowledge, pool: Pool | None = None, *, watch: bool = False, log: LogFormat = "none"
) -> Starlette:
    """Return the ASGI application that serves a graph, read-only.

    Args:
        knowledge: the graph for pages, whose queries are known.
        pool: processes over the same graph for the queries of clients; in this process if not given.
        watch: whether to replace the graph when its files change.
        log: what to write of each request to standard error.
    """
    counts = Metrics()
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
            Route("/health", watching.health),
            Route("/metrics", watching.metrics),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        middleware=[
            Middleware(Observed, counts, log),
            Middleware(Answers),
            Middleware(Bounded),
            Middleware(Uncrowded),
            Middleware(Compressed),
        ],
        exception_handlers={TreatKGError: refuse, HTTPException: unserved},
        lifespan=(lambda running: pooled(running, pool, watch=watch)) if pool else None,
    )
    app.state.pool, app.state.metrics, app.state.version = pool, counts, knowledge.header()
    app.state.knowledge = knowledge
    return app
