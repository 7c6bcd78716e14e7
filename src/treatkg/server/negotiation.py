"""Content negotiation: which of the offered formats a client wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyoxigraph as ox
from starlette.requests import Request

HTML = "text/html"


@dataclass(frozen=True)
class Offer:
    """A format: its media type, the names by which it may be asked (`?format=`), other media types for it."""

    media_type: str
    names: tuple[str, ...]
    aliases: tuple[str, ...] = ()


JSON = Offer("application/sparql-results+json", ("json", "srj"), ("application/json",))
XML = Offer("application/sparql-results+xml", ("xml", "srx"), ("application/xml", "text/xml"))
CSV = Offer("text/csv", ("csv",))
TSV = Offer("text/tab-separated-values", ("tsv",))
TURTLE = Offer("text/turtle", ("turtle", "ttl", "n3"), ("application/x-turtle", "text/n3"))
NTRIPLES = Offer("application/n-triples", ("ntriples", "nt"), ("text/plain",))
JSONLD = Offer("application/ld+json", ("jsonld", "json-ld", "json"), ("application/json",))
RDFXML = Offer("application/rdf+xml", ("rdfxml", "rdf+xml", "rdf", "xml"), ("application/xml", "text/xml"))
PAGE = Offer(HTML, ("html",), ("application/xhtml+xml",))

ROWS: Mapping[Offer, ox.QueryResultsFormat] = {
    JSON: ox.QueryResultsFormat.JSON,
    XML: ox.QueryResultsFormat.XML,
    CSV: ox.QueryResultsFormat.CSV,
    TSV: ox.QueryResultsFormat.TSV,
}
GRAPHS: Mapping[Offer, ox.RdfFormat] = {
    TURTLE: ox.RdfFormat.TURTLE,
    NTRIPLES: ox.RdfFormat.N_TRIPLES,
    JSONLD: ox.RdfFormat.JSON_LD,
    RDFXML: ox.RdfFormat.RDF_XML,
}


def choose(request: Request, offers: Sequence[Offer]) -> Offer | None:
    """Return the offer that `?format=` names or that the Accept header prefers; the first one if neither says anything.

    None means that nothing on offer is acceptable (406).
    """
    named = {name.lower() for name in request.query_params.getlist("format")}
    if named:
        return next((offer for offer in offers if named & {*offer.names, offer.media_type}), None)
    accept = ",".join(request.headers.getlist("accept")).strip()
    if not accept:
        return offers[0]
    ranges = _ranges(accept)
    wanted = [offer for offer in offers if ranges.get(offer.media_type) != 0]
    ranked = [(max(_quality(offer.media_type, ranges), *_as_alias(offer, ranges)), offer) for offer in wanted]
    if not ranked:
        return None
    quality, best = max(ranked, key=lambda pair: pair[0])
    return best if quality > (0, 0) else None


def _ranges(accept: str) -> dict[str, float]:
    ranges: dict[str, float] = {}
    for part in accept.split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((text[2:] for text in parameters if text.lower().startswith("q=")), "1")
        try:
            ranges[media.lower()] = min(max(float(quality), 0.0), 1.0)
        except ValueError:
            ranges[media.lower()] = 0.0
    return ranges


def _as_alias(offer: Offer, ranges: dict[str, float]) -> list[tuple[float, int]]:
    return [(0.0, 0), *((ranges[alias], 2) for alias in offer.aliases if ranges.get(alias))]


def _quality(media: str, ranges: dict[str, float]) -> tuple[float, int]:
    """Return the quality of a media type and how exactly it was asked for (an exact name beats a wildcard)."""
    for exactness, pattern in ((2, media), (1, media.split("/", maxsplit=1)[0] + "/*"), (0, "*/*")):
        if pattern in ranges:
            return ranges[pattern], exactness if ranges[pattern] else 0
    return 0.0, 0
