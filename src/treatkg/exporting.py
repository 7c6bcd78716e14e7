"""The graph in other formats."""

from __future__ import annotations

from treatkg import curation, graph, jsonld, resources
from treatkg.errors import UsageError, did_you_mean

_ALIASES = {"ttl": "turtle", "nt": "ntriples", "n-triples": "ntriples", "json-ld": "jsonld"}
FORMATS = ("turtle", "ntriples", "jsonld")


def export(name: str, subject: str | None = None) -> bytes:
    """Return the graph in a format.

    Args:
        name: turtle, ntriples (both: asserted and entailed) or jsonld (asserted, shaped like the curated files).
        subject: for jsonld, the id of one subject (a treatment, source, trial ...).

    Raises:
        UsageError: unknown format, or a subject that the graph does not have.
    """
    name = _ALIASES.get(name.lower(), name.lower())
    if name not in FORMATS:
        raise UsageError(f'unknown format "{name}"{did_you_mean(name, FORMATS)} ({", ".join(FORMATS)})')
    if name == "jsonld":
        return _jsonld(subject)
    if subject is not None:
        raise UsageError("--subject goes with jsonld")
    triples = graph.parse_file(resources.TRIPLES)
    return graph.canonical_turtle(triples) if name == "turtle" else graph.canonical_ntriples(triples)


def _jsonld(subject: str | None) -> bytes:
    corpus, _ = curation.asserted_triples()
    documents = jsonld.documents(corpus.triples)
    if subject is None:
        return jsonld.write(list(documents.values()))
    if subject not in documents:
        raise UsageError(f'no curated file is about "{subject}"{did_you_mean(subject, documents)}')
    return jsonld.write([documents[subject]])
