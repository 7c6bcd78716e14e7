"""What kind of file an export is, by its suffix: media type and specification."""

from __future__ import annotations

from pathlib import PurePosixPath

_TYPES = {
    ".ttl": ("text/turtle", "https://www.w3.org/TR/turtle/"),
    ".nt": ("application/n-triples", "https://www.w3.org/TR/n-triples/"),
    ".nq": ("application/n-quads", "https://www.w3.org/TR/n-quads/"),
    ".trig": ("application/trig", "https://www.w3.org/TR/trig/"),
    ".rdf": ("application/rdf+xml", "https://www.w3.org/TR/rdf-syntax-grammar/"),
    ".owl": ("application/rdf+xml", "https://www.w3.org/TR/owl2-mapping-to-rdf/"),
    ".jsonld": ("application/ld+json", "https://www.w3.org/TR/json-ld11/"),
    ".rq": ("application/sparql-query", "https://www.w3.org/TR/sparql11-query/"),
    ".csv": ("text/csv", "https://www.w3.org/TR/tabular-data-model/"),
    ".tsv": ("text/tab-separated-values", ""),
    ".json": ("application/json", ""),
    ".jsonl": ("application/x-ndjson", ""),
    ".cyjs": ("application/json", ""),
    ".graphml": ("application/xml", "http://graphml.graphdrawing.org/specification.html"),
    ".txt": ("text/plain", ""),
    ".md": ("text/markdown", ""),
    ".html": ("text/html", ""),
}


def media_type(path: str) -> str:
    """Return the media type of a file."""
    return _TYPES.get(PurePosixPath(path).suffix, ("application/octet-stream", ""))[0]


def specification(path: str) -> str:
    """Return the address of the specification that a file conforms to; empty where none is sure from its name."""
    if path.endswith("csv-metadata.json"):
        return "https://www.w3.org/TR/tabular-metadata/"
    return _TYPES.get(PurePosixPath(path).suffix, ("", ""))[1]
