"""The graph in other formats."""

from __future__ import annotations

import pyoxigraph as ox

from treatkg import curation, graph, jsonld, namespaces, resources
from treatkg.errors import UsageError, did_you_mean
from treatkg.linking import mappings

_ALIASES = {"ttl": "turtle", "nt": "ntriples", "n-triples": "ntriples", "json-ld": "jsonld"}
_DATASET = ox.NamedNode(namespaces.DATASET)
_VERSION = ox.NamedNode(namespaces.expand("schema:version"))
FORMATS = ("turtle", "ntriples", "jsonld", "sssom")


def export(name: str, subject: str | None = None) -> bytes:
    """Return the graph in a format.

    Args:
        name: turtle, ntriples (both: asserted and entailed), jsonld (asserted, shaped like the curated files) or sssom
            (the matches of treatments, substances and groups).
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
    if name == "sssom":
        return sssom(curation.asserted_triples()[0])
    triples = graph.parse_file(resources.TRIPLES)
    return graph.canonical_turtle(triples) if name == "turtle" else graph.canonical_ntriples(triples)


def sssom(corpus: curation.Corpus) -> bytes:
    """Return the matches that the curated files state, as an SSSOM mapping set of the dataset's version."""
    versions = (t.object for t in corpus.triples if t.predicate == _VERSION and t.subject == _DATASET)
    version = next((value.value for value in versions if isinstance(value, ox.Literal)), "")
    return mappings.write_drugs(corpus.triples, version)


def _jsonld(subject: str | None) -> bytes:
    corpus, _ = curation.asserted_triples()
    documents = jsonld.documents(corpus.triples)
    if subject is None:
        return jsonld.write(list(documents.values()))
    if subject not in documents:
        raise UsageError(f'no curated file is about "{subject}"{did_you_mean(subject, documents)}')
    return jsonld.write([documents[subject]])
