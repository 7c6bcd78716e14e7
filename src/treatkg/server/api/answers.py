"""What may come back: media types with their schemas, and the refusals that many operations share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from treatkg.server.api.schemas import Schema, rows
from treatkg.server.negotiation import GRAPHS, JSON, JSONLD, PAGE, ROWS, XML, Offer

_TEXT: Schema = {"type": "string"}
_STRONG = {
    "ETag": {"description": "Changes with the graph and the question.", "schema": {"type": "string"}},
    "Link": {"description": "Leads to the description of the data and of the service.", "schema": {"type": "string"}},
}
_REFUSALS = {
    HTTPStatus.BAD_REQUEST: "The request is not right: a parameter, or the query. The text says what and where.",
    HTTPStatus.FORBIDDEN: "An update, SERVICE, FROM another graph, or a question that needs what this server lacks.",
    HTTPStatus.NOT_FOUND: "There is nothing of this name here; near names are suggested.",
    HTTPStatus.NOT_ACCEPTABLE: "None of the formats asked for is on offer; the text lists those that are.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The query or its result is larger than this server allows.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "A body that is neither a form nor a query.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The query hit a limit, or too many others wait. The text says which.",
}
ASKING = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


def components() -> dict[str, Any]:
    """Return the answers that operations refer to."""
    content = {
        "text/plain": {"schema": _TEXT},
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
    }
    refusals = {_name(status): {"description": said, "content": content} for status, said in _REFUSALS.items()}
    return {**refusals, "NotModified": {"description": "What the client has (If-None-Match) is still right."}}


def answers(content: Mapping[str, Any], said: str, refusals: Iterable[HTTPStatus], **extra: Any) -> dict[str, Any]:  # noqa: ANN401 (OpenAPI)
    """Return the answers of an operation: 200 with content, 304, the refusals, and others by status such as `_303`."""
    found: dict[str, Any] = {
        "200": {"description": said, "headers": _STRONG, "content": dict(content)},
        "304": {"$ref": "#/components/responses/NotModified"},
    }
    found |= {str(status.value): {"$ref": f"#/components/responses/{_name(status)}"} for status in refusals}
    return dict(sorted((found | {key.removeprefix("_"): value for key, value in extra.items()}).items()))


def of_rows(returns: Mapping[str, str]) -> dict[str, Any]:
    """Return the media types of rows; with columns, each says what it holds."""
    head = ",".join(returns)
    tables = (
        f"A line of columns ({head}), then a line for each row." if returns else "A line of columns, then the rows."
    )
    content: dict[str, Any] = {offer.media_type: {"schema": {**_TEXT, "description": tables}} for offer in ROWS}
    schema = (
        rows(returns) if returns else {"anyOf": [{"$ref": f"#/components/schemas/{n}"} for n in ("Rows", "Boolean")]}
    )
    content[JSON.media_type] = {"schema": schema}
    content[XML.media_type] = {"schema": {**_TEXT, "description": "SPARQL Query Results XML Format."}}
    return content


def of_graphs(offers: Iterable[Offer] = GRAPHS) -> dict[str, Any]:
    """Return the media types of graphs."""
    content: dict[str, Any] = {offer.media_type: {"schema": _TEXT} for offer in offers}
    if JSONLD in offers:
        content[JSONLD.media_type] = {"schema": {"type": ["object", "array"]}}
    return content


def page() -> dict[str, Any]:
    """Return the media type of a page for people."""
    return {PAGE.media_type: {"schema": _TEXT}}


def leads(said: str) -> dict[str, Any]:
    """Return an answer that leads elsewhere."""
    return {"description": said, "headers": {"Location": {"schema": {"type": "string", "format": "uri-reference"}}}}


def _name(status: HTTPStatus) -> str:
    return status.phrase.title().replace(" ", "").replace("-", "")
