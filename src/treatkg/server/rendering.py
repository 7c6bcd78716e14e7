"""HTML from templates; everything from the graph is escaped."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlencode

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from treatkg import __version__, namespaces
from treatkg.explorer.passages import passage
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

    def without(*names: str) -> str:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name not in names]
        return request.url.path + ("?" + urlencode(kept) if kept else "")

    page = _environment.get_template(template).render(
        version=__version__,
        path=request.url.path,
        parameters=request.query_params,
        without=without,
        today=datetime.datetime.now(datetime.UTC).date(),
        address=str(request.base_url).rstrip("/"),
        **values,
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


class _Said(Protocol):
    source: str
    url: str
    anchor: str


def _passage(line: _Said) -> str:
    return passage(line.url, line.anchor)


def _numbered(lines: Iterable[_Said], numbers: Mapping[str, int]) -> str:
    return "".join(f"[{number}]" for number in sorted({numbers[line.source] for line in lines}))


_environment.filters.update(
    link=link, outward=outward, iri=iri_of, shorten=namespaces.shorten, passage=_passage, numbered=_numbered
)
