"""Content negotiation: which of the offered formats a client wants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyoxigraph as ox
from starlette.requests import Request

from treatkg.errors import UsageError


@dataclass(frozen=True)
class Offer:
    """A format: its media type, the names by which it may be asked (`?format=`), other media types for it."""

    media_type: str
    names: tuple[str, ...]
    aliases: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The header's value: text says its charset, the others have none to say."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


class NotAcceptableError(UsageError):
    """None of the formats on offer is one that the client takes."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        listed = ", ".join(f"{offer.media_type} (?format={offer.names[0]})" for offer in offers)
        super().__init__(f"none of the formats you accept is on offer; there are: {listed}")


JSON = Offer("application/sparql-results+json", ("json", "srj"), ("application/json",))
XML = Offer("application/sparql-results+xml", ("xml", "srx"), ("application/xml", "text/xml"))
CSV = Offer("text/csv", ("csv",))
TSV = Offer("text/tab-separated-values", ("tsv",))
TURTLE = Offer("text/turtle", ("turtle", "ttl", "n3"), ("application/x-turtle", "text/n3"))
NTRIPLES = Offer("application/n-triples", ("ntriples", "nt"), ("text/plain",))
JSONLD = Offer("application/ld+json", ("jsonld", "json-ld", "json"), ("application/json",))
RDFXML = Offer("application/rdf+xml", ("rdfxml", "rdf+xml", "rdf", "xml"), ("application/xml", "text/xml"))
NQUADS = Offer("application/n-quads", ("nquads", "nq"), ("text/x-nquads",))
TRIG = Offer("application/trig", ("trig",), ("application/x-trig",))
PLAIN_JSON = Offer("application/json", ("json",))
YAML = Offer("application/yaml", ("yaml", "yml"), ("application/x-yaml", "text/yaml"))
PAGE = Offer("text/html", ("html",), ("application/xhtml+xml",))

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
    NQUADS: ox.RdfFormat.N_QUADS,
    TRIG: ox.RdfFormat.TRIG,
}
SUFFIXES: Mapping[str, Offer] = {
    "ttl": TURTLE,
    "nt": NTRIPLES,
    "jsonld": JSONLD,
    "rdf": RDFXML,
    "nq": NQUADS,
    "trig": TRIG,
}

# Possessive, and a string may lack its end: what is hostile is read once, from left to right.
_PART = re.compile(r"""(?:[^,"]|"(?:[^"\\]|\\.)*+\\?"?)++""", re.DOTALL)
_PIECE = re.compile(r"""(?:[^;"]|"(?:[^"\\]|\\.)*+\\?"?)++""", re.DOTALL)


@dataclass(frozen=True)
class _Wanted:
    """How much a media range is wanted, and its place in the header (the first is 0)."""

    quality: float
    place: int


def require(request: Request, offers: Sequence[Offer], formats: Iterable[str] = ()) -> Offer:
    """Return the offer that the client wants (see `choose`).

    Raises:
        NotAcceptableError: it wants none of them.
    """
    offer = choose(request, offers, formats)
    if offer is None:
        raise NotAcceptableError(offers)
    return offer


def choose(request: Request, offers: Sequence[Offer], formats: Iterable[str] = ()) -> Offer | None:
    """Return the offer that `?format=` names or that the Accept header prefers; the first one if neither says anything.

    Among equals the more exactly named one is chosen, then the one named first. None: nothing is acceptable (406).

    Args:
        request: its address and its header count.
        offers: the server's own preference first.
        formats: names of a format given elsewhere, as in a form.
    """
    named = {name.lower() for name in [*request.query_params.getlist("format"), *formats] if name}
    if named:
        return next((offer for offer in offers if named & {*offer.names, offer.media_type}), None)
    accept = ",".join(request.headers.getlist("accept")).strip()
    if not accept:
        return offers[0]
    ranges = _ranges(accept)
    ranked = [(rank, offer) for offer in offers if (rank := _rank(offer, ranges))]
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _ranges(accept: str) -> dict[str, _Wanted]:
    ranges: dict[str, _Wanted] = {}
    for place, part in enumerate(_PART.findall(accept)):
        media, *parameters = (piece.strip().lower() for piece in _PIECE.findall(part))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            wanted = _Wanted(min(max(float(quality), 0.0), 1.0), place)
        except ValueError:
            wanted = _Wanted(0.0, place)
        if media not in ranges or ranges[media].quality < wanted.quality:
            ranges[media] = wanted
    return ranges


def _rank(offer: Offer, ranges: Mapping[str, _Wanted]) -> tuple[float, int, int] | None:
    """Return quality, exactness and (negative) place of the best reason to choose an offer; None if it is unwanted.

    The most exact range that fits decides on the media type itself; another name of the format can only speak for it.
    """
    family = offer.media_type.split("/", maxsplit=1)[0] + "/*"
    reasons = []
    for exactness, pattern in ((2, offer.media_type), (1, family), (0, "*/*")):
        if pattern in ranges:
            reasons.append((exactness, ranges[pattern]))
            break
    if offer.media_type in ranges and ranges[offer.media_type].quality == 0:
        return None
    reasons += [(2, ranges[alias]) for alias in offer.aliases if alias in ranges]
    # By a wildcard all are named at the same place: then the server's order counts.
    found = [(wanted.quality, exact, -wanted.place if exact == 2 else 0) for exact, wanted in reasons if wanted.quality]
    return max(found, default=None)
