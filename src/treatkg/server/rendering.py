"""HTML from templates; everything from the graph is escaped."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from treatkg import __version__, namespaces
from treatkg.graph import iri_of

_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(request: Request, template: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> HTMLResponse:
    """Return a page."""
    page = _environment.get_template(template).render(
        version=__version__, parameters=request.query_params, address=str(request.base_url).rstrip("/"), **values
    )
    return HTMLResponse(page, status_code=status)


def link(iri: str) -> str:
    """Return the address of the page about an IRI."""
    if iri.startswith(namespaces.BASE):
        return "/id/" + quote(iri.removeprefix(namespaces.BASE))
    return "/describe?iri=" + quote(iri, safe="")


def outward(iri: str) -> str:
    """Return the address of an IRI on the web, if it is one that a browser may open."""
    return iri if iri.startswith(("https://", "http://")) and not iri.startswith(namespaces.BASE) else ""


_environment.filters.update(link=link, outward=outward, iri=iri_of, shorten=namespaces.shorten)
