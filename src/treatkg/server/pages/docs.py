"""Pages about the ontology, its lists and the shapes, made when they are first asked for."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Mapping
from http import HTTPStatus

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from treatkg import resources
from treatkg.documentation import STYLES, ontology, shapes, vocabulary
from treatkg.errors import UsageError
from treatkg.server.rendering import render

_HOME = "/"
# pyLODE needs seconds: who asks while a page is being made waits for that one.
_making = threading.Lock()


async def index(_: Request) -> Response:
    """Lead to the first page, below whose address the others are."""
    return RedirectResponse("/docs/index.html", status_code=HTTPStatus.SEE_OTHER)


async def page(request: Request) -> Response:
    """A page about the ontology, the lists, or a file of shapes."""
    name = request.path_params["name"]
    if name in STYLES:
        return RedirectResponse(f"/static/{name}", status_code=HTTPStatus.PERMANENT_REDIRECT)
    try:
        content = await run_in_threadpool(_made, name)
    except UsageError as missing:
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return render(request, "error.html", status=status, title="Not on this server", message=str(missing))
    if content is None:
        message = "There is no such page of documentation."
        return render(request, "error.html", status=HTTPStatus.NOT_FOUND, title="Not found", message=message)
    # Who opens the first page is likely to go on to the slow one.
    return HTMLResponse(content, background=BackgroundTask(_prepare) if name == "index.html" else None)


def _prepare() -> None:
    with contextlib.suppress(UsageError):
        _made("ontology.html")


def _made(name: str) -> bytes | None:
    with _making:
        return ontology_page() if name == "ontology.html" else _others().get(name)


@functools.cache
def ontology_page() -> bytes:
    """Return the page of the ontology, made once."""
    return ontology.page(_HOME)


@functools.cache
def _others() -> Mapping[str, bytes]:
    return {"vocabulary.html": vocabulary.page(_HOME), **dict(shapes.pages(resources.SHAPES, _HOME))}


ROUTES = [
    Route("/docs", index),
    Route("/docs/", index),
    Route("/docs/{name:path}", page),
]
