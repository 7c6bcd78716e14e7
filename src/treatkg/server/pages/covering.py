"""Coverage: what the graph holds, on what it rests, and what is missing."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from treatkg.explorer.coverage import coverage
from treatkg.server.rendering import render


async def overview(request: Request) -> Response:
    """Counts by class and source, and the facts that treatments lack."""
    found = await run_in_threadpool(coverage, request.app.state.knowledge)
    return render(request, "coverage.html", found=found)


ROUTES = [Route("/coverage", overview)]
