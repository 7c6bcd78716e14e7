"""Everything that the graph says of one treatment, with who says it: three queries, whatever the number of facts."""

from __future__ import annotations

import datetime
import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pyoxigraph as ox

from treatkg import graph, namespaces
from treatkg.cards import EvidenceLine
from treatkg.explorer.passages import address_of
from treatkg.knowledge import Knowledge
from treatkg.results import Term, to_python, to_text

Values = Mapping[str, tuple[Term, ...]]
_OF_TREATMENT = """{
    SELECT DISTINCT ?fact WHERE {
      VALUES ?treatment { <%s> }
      ?fact tkg:treatment|tkg:treatment/^tkg:activeSubstance|^tkg:subjectTo ?treatment .
    }
  }"""
_FACTS = """
SELECT ?fact ?property ?value WHERE {
  %s
  ?fact ?property ?value .
  FILTER(?property != tkg:evidence && ?value != tkg:Fact && ?value != tkg:TreatmentFact)
}
"""
_PARTS = """
SELECT ?fact ?kind ?part ?property ?value WHERE {
  %s
  VALUES ?kind { tkg:population tkg:condition tkg:phase }
  ?fact ?kind ?part .
  ?part ?property ?value .
}
"""
_SUBSTANCES = "SELECT ?substance WHERE { <%s> tkg:activeSubstance ?substance }"
_EVIDENCE = """
SELECT ?fact ?source ?locator ?finding ?anchor ?direction WHERE {
  %s
  ?fact tkg:evidence ?evidence .
  ?evidence prov:wasDerivedFrom ?source ; tkg:locator ?locator ; tkg:finding ?finding .
  ?evidence tkg:evidenceDirection ?direction .
  OPTIONAL { ?evidence tkg:anchorText ?anchor }
}
"""
_SOURCES = """
SELECT ?source ?title ?date ?precision ?doi ?web ?via WHERE {
  { SELECT DISTINCT ?source WHERE { %s ?fact tkg:evidence/prov:wasDerivedFrom ?source } }
  ?source dcterms:title ?title ; dcterms:date ?date .
  OPTIONAL { ?source tkg:datePrecision ?precision }
  OPTIONAL { ?source tkg:doi ?doi }
  OPTIONAL { ?source schema:url ?web }
  OPTIONAL { ?source tkg:readVia ?via }
}
"""
# A day on which something was seen, and before which a page must not show it.
_SEEN = {"DevelopmentStatus", "LabelCheck"}
_LENGTHS = {"Year": 4, "Month": 7}


class Status(StrEnum):
    """How a fact stands to the day that a page speaks of."""

    IN_FORCE = "in force"
    UNDATED = "undated"
    ENDED = "no longer in force"
    LATER = "not yet in force"
    LATER_SAID = "said only by later sources"

    @property
    def holds(self) -> bool:
        """Whether the fact is shown as one that holds on the day."""
        return self in (Status.IN_FORCE, Status.UNDATED)


@dataclass(frozen=True)
class Named:
    """A thing by its IRI and label."""

    iri: str
    label: str


@dataclass(frozen=True)
class Fact:
    """One fact about a treatment; `values` by local name of the property, `parts` are its populations and so on.

    `about` is the group or substance that the fact is stated of, where that is not the treatment itself. `start` and
    `end` are days (end exclusive); `start_text` and `end_text` are no more exact than the source.
    """

    iri: str
    cls: str
    label: str
    status: Status
    values: Values
    about: Named | None = None
    by_group: bool = False
    start: datetime.date | None = None
    end: datetime.date | None = None
    start_text: str = ""
    end_text: str = ""
    parts: Mapping[str, tuple[Values, ...]] = field(default_factory=dict)
    evidence: tuple[EvidenceLine, ...] = ()

    def all(self, name: str) -> tuple[Term, ...]:
        """Return the values of a property."""
        return self.values.get(name, ())

    def one(self, name: str) -> Term:
        """Return the first value of a property, if it has one."""
        return next(iter(self.all(name)), None)

    def iri_of(self, name: str) -> str:
        """Return the IRI at a property; empty if there is none."""
        return graph.iri_of(self.one(name))

    def text(self, name: str) -> str:
        """Return the literal at a property as text; empty if there is none."""
        return to_text(self.one(name))

    def number(self, name: str) -> float | None:
        """Return the number at a property, if there is one."""
        term = self.one(name)
        return float(term.value) if isinstance(term, ox.Literal) else None

    @property
    def negative(self) -> bool:
        """Whether the fact denies its content, or says that it is not shown."""
        return bool(self.all("polarity"))


def read(knowledge: Knowledge, treatment: str, day: datetime.date) -> list[Fact]:
    """Return every fact about a treatment, its substance and its groups, sorted by class and label.

    Args:
        knowledge: the graph.
        treatment: the IRI of the treatment.
        day: the day at which the status of each fact is given.
    """
    engine = knowledge.engine.fingerprint()
    stated = _kept(knowledge, engine, treatment) if engine else _stated(knowledge, treatment)
    return [_fact(one, day) for one in stated]


@dataclass(frozen=True)
class _Stated:
    """A fact as the graph states it, whatever the day."""

    iri: str
    values: Values
    about: Named | None
    by_group: bool
    parts: Mapping[str, tuple[Values, ...]]
    evidence: tuple[EvidenceLine, ...]


def _stated(knowledge: Knowledge, treatment: str) -> list[_Stated]:
    of_treatment = _OF_TREATMENT % treatment
    values: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for fact, prop, value in knowledge.select(_FACTS % of_treatment).terms:
        values[graph.iri_of(fact)][_local(prop)].append(value)
    parts = _parts(knowledge, of_treatment)
    evidence = _evidence(knowledge, of_treatment)
    substances = {graph.iri_of(row[0]) for row in knowledge.select(_SUBSTANCES % treatment).terms}
    facts = []
    for iri, found in values.items():
        subject = graph.iri_of(found["treatment"][0])
        facts.append(
            _Stated(
                iri=iri,
                values=_frozen(found),
                about=Named(subject, knowledge.terms.label(subject)) if subject != treatment else None,
                by_group=subject != treatment and subject not in substances,
                parts=parts.get(iri, {}),
                evidence=evidence.get(iri, ()),
            )
        )
    return sorted(facts, key=lambda fact: (_class(fact.values), to_text(fact.values["label"][0]), fact.iri))


# The same treatment is asked for at many days; a graph that has a fingerprint does not change under it.
_kept = functools.lru_cache(maxsize=32)(lambda knowledge, _, treatment: _stated(knowledge, treatment))


def evidence_of(knowledge: Knowledge, facts: Iterable[str]) -> dict[str, tuple[EvidenceLine, ...]]:
    """Return fact -> its evidence, oldest source first; `url` leads to where the passage was read, if words of it are.

    Args:
        knowledge: the graph.
        facts: their IRIs.
    """
    wanted = " ".join(f"<{iri}>" for iri in facts)
    return _evidence(knowledge, f"VALUES ?fact {{ {wanted} }}")


def _evidence(knowledge: Knowledge, which: str) -> dict[str, tuple[EvidenceLine, ...]]:
    sources = _sources(knowledge, which)
    found: dict[str, list[EvidenceLine]] = defaultdict(list)
    for fact, source, *rest, direction in knowledge.select(_EVIDENCE % which).terms:
        locator, finding, anchor = map(_plain, rest)
        iri = graph.iri_of(source)
        known = sources[iri]
        address = (known.web or known.via or known.doi) if anchor else (known.doi or known.web or known.via)
        found[graph.iri_of(fact)].append(
            EvidenceLine(
                iri.removeprefix(namespaces.BASE),
                known.title,
                known.date,
                locator,
                finding,
                anchor,
                f"tkg:{_local(direction)}",
                address,
            )
        )
    return {
        fact: tuple(sorted(lines, key=lambda line: (line.date, line.source, line.locator, line.finding)))
        for fact, lines in found.items()
    }


@dataclass(frozen=True)
class _Source:
    title: str
    date: str
    doi: str
    web: str
    via: str


def _sources(knowledge: Knowledge, which: str) -> dict[str, _Source]:
    found: dict[str, _Source] = {}
    for source, title, date, precision, *addresses in knowledge.select(_SOURCES % which).terms:
        found.setdefault(
            graph.iri_of(source), _Source(_plain(title), shown_date(date, precision), *map(_address, addresses))
        )
    return found


def shown_date(date: Term, precision: Term) -> str:
    """Return a date no more exactly than its source gives it: 2022, 2022-11 or 2022-11-29."""
    return _plain(date)[: _LENGTHS.get(_local(precision), 10)]


def _parts(knowledge: Knowledge, which: str) -> dict[str, dict[str, tuple[Values, ...]]]:
    nodes: dict[tuple[str, str, str], dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for fact, kind, part, prop, value in knowledge.select(_PARTS % which).terms:
        nodes[graph.iri_of(fact), _local(kind), graph.iri_of(part)][_local(prop)].append(value)
    found: dict[str, dict[str, tuple[Values, ...]]] = defaultdict(dict)
    for (owner, name, _), values in sorted(nodes.items()):
        found[owner][name] = (*found[owner].get(name, ()), _frozen(values))
    return found


def _fact(stated: _Stated, day: datetime.date) -> Fact:
    values = stated.values
    cls = _class(values)
    start = _date(values, "validFrom") or _date(values, "eventDate")
    end = _date(values, "validUntil")
    first = "validFrom" if "validFrom" in values else "eventDate"
    seen = _date(values, "observedOn") if cls in _SEEN else None
    return Fact(
        iri=stated.iri,
        cls=cls,
        label=to_text(values["label"][0]),
        status=_status(day, start or seen, end, stated.evidence),
        values=values,
        about=stated.about,
        by_group=stated.by_group,
        start=start,
        end=end,
        start_text=_shown(values, first),
        end_text=_shown(values, "validUntil"),
        parts=stated.parts,
        evidence=stated.evidence,
    )


def _shown(values: Values, name: str) -> str:
    return shown_date(*(next(iter(values.get(each, ())), None) for each in (name, f"{name}Precision")))


def _status(
    day: datetime.date, start: datetime.date | None, end: datetime.date | None, evidence: tuple[EvidenceLine, ...]
) -> Status:
    if end and end <= day:
        return Status.ENDED
    if start:
        return Status.LATER if start > day else Status.IN_FORCE
    # ISO dates of any length compare as text: a source of 2021 is there on every day of 2021.
    if evidence and all(line.date > day.isoformat() for line in evidence):
        return Status.LATER_SAID
    return Status.UNDATED


def _class(values: Values) -> str:
    classes = (_local(cls) for cls in values["type"] if graph.iri_of(cls).startswith(namespaces.TKG))
    return min(classes, default="TreatmentFact")


def _date(values: Values, name: str) -> datetime.date | None:
    value = to_python(next(iter(values.get(name, ())), None))
    return value if isinstance(value, datetime.date) else None


def _address(term: Term) -> str:
    return address_of(graph.iri_of(term) or (term.value if isinstance(term, ox.Literal) else ""))


def _local(term: Term) -> str:
    return _local_name(graph.iri_of(term))


@functools.lru_cache(maxsize=1024)
def _local_name(iri: str) -> str:
    return iri.rpartition("#")[2].rpartition("/")[2]


def _plain(term: Term) -> str:
    return term.value if isinstance(term, ox.Literal) else ""


def _frozen(values: Mapping[str, list[Term]]) -> Values:
    return {name: tuple(sorted(terms, key=str) if len(terms) > 1 else terms) for name, terms in values.items()}
