"""What Schemathesis cannot guess: texts of the formats that the description of the interface names."""

import json
from typing import Any

import schemathesis
from hypothesis import strategies as st

import treatkg
from treatkg import namespaces

_QUERIES = [
    "ASK {}",
    "SELECT ?drug WHERE { ?drug tkg:indicatedFor MONDO:0004980 }",
    'SELECT (1 AS ?x) (<urn:x> AS ?y) ("é"@en AS ?z) {}',
    "CONSTRUCT { ?s rdfs:label ?o } WHERE { ?s a tkg:Treatment ; rdfs:label ?o }",
    "DESCRIBE <dupilumab>",
]
_IRIS = [namespaces.expand("MONDO:0004980"), "https://example.org/a%20b?c#d", "http://example.org/é"]


def _things(name: str) -> list[str]:
    found = treatkg.open().select(f"SELECT ?thing {{ ?thing a/rdfs:subClassOf* tkg:{name} }} ORDER BY ?thing LIMIT 20")
    return [namespaces.shorten(str(row["thing"])) for row in found.to_dicts()]


schemathesis.openapi.format("sparql", st.sampled_from(_QUERIES))
schemathesis.openapi.format("iri", st.sampled_from(_IRIS))
for _class in ("Fact", "Source"):
    schemathesis.openapi.format(f"treatkg-{_class.lower()}", st.sampled_from(_things(_class)))


@schemathesis.hook
def before_load_schema(_context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Let a few values stand for all of a closed list: each would be asked for."""
    for schema in raw_schema["components"]["schemas"].values():
        if "enum" in schema:
            schema["enum"] = schema["enum"][:3]


@schemathesis.serializer("application/sparql-query")
def as_query(_context: schemathesis.SerializationContext, value: object) -> bytes:
    """Send a query as the body; what is no text, as whatever JSON makes of it."""
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "surrogatepass")
