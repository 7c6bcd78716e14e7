"""Who says each of many facts, asked in one query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from treatkg import graph
from treatkg.cards import EvidenceLine
from treatkg.explorer.asking import text
from treatkg.knowledge import Knowledge

_EVIDENCE = """
SELECT ?fact ?source ?title ?date ?precision ?locator ?finding ?anchor ?direction ?url WHERE {
  VALUES ?fact { %s }
  ?fact tkg:evidence ?evidence .
  ?evidence prov:wasDerivedFrom ?source ; tkg:locator ?locator ; tkg:finding ?finding ;
    tkg:evidenceDirection ?direction .
  ?source dcterms:title ?title .
  OPTIONAL { ?source dcterms:date ?date }
  OPTIONAL { ?source tkg:datePrecision ?precision }
  OPTIONAL { ?evidence tkg:anchorText ?anchor }
  OPTIONAL { ?source schema:url ?web }
  OPTIONAL { ?source tkg:doi ?doi }
  BIND(COALESCE(?doi, ?web) AS ?url)
} ORDER BY ?fact ?date ?source ?locator
"""
_LENGTH = {"tkg:Year": 4, "tkg:Month": 7}


def evidence_of_all(knowledge: Knowledge, facts: Iterable[str]) -> Mapping[str, list[EvidenceLine]]:
    """Return fact (IRI) -> its evidence, oldest source first; a fact that the graph does not hold has none."""
    wanted = sorted(set(facts))
    found: dict[str, list[EvidenceLine]] = defaultdict(list)
    if not wanted:
        return found
    query = _EVIDENCE % " ".join(f"<{iri}>" for iri in wanted)
    for fact, source, title, date, precision, *rest in knowledge.select(query).terms:
        day = text(date)[: _LENGTH.get(text(precision), 10)]
        line = EvidenceLine(text(source), text(title), day, *map(text, rest))
        found[graph.iri_of(fact)].append(line)
    return found
