"""What became of the identifiers that we use: asks public endpoints, and reports. Nothing curated is ever written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from treatkg import namespaces, sparql_text
from treatkg.endpoints import Endpoint, Question
from treatkg.errors import TreatKGError
from treatkg.linking import prefixes
from treatkg.linking.check import SEVERITIES, Finding, Identifiers, known_identifiers, plain
from treatkg.linking.client import Client, OfflineError, Row

BATCH = 50
_TRUE = ("true", "1")


@dataclass(frozen=True)
class Report:
    """What has changed, most severe first; how many identifiers were asked of each endpoint and how many it answered.

    `failures` are endpoints that did not answer, `offline` those of which the cache holds nothing.
    """

    findings: tuple[Finding, ...]
    asked: dict[str, int]
    answered: dict[str, int]
    failures: dict[str, str]
    offline: dict[str, int]

    @property
    def violations(self) -> tuple[Finding, ...]:
        """What must be mended."""
        return tuple(finding for finding in self.findings if finding.severity == "Violation")

    def as_dict(self) -> dict[str, object]:
        """Return the report for JSON."""
        return {**vars(self), "findings": [finding.as_dict() for finding in self.findings]}


def refresh(
    client: Client,
    endpoints: Mapping[str, Endpoint],
    identifiers: Identifiers | None = None,
    progress: Callable[[str], None] = lambda _step: None,
) -> Report:
    """Ask each endpoint of the identifiers that it knows, and compare its answer with ours.

    An endpoint that does not answer does not keep the others from being asked.

    Args:
        client: sends the questions, or finds their answers in its cache.
        endpoints: whom to ask.
        identifiers: of what; those of the graph and the mappings if not given.
        progress: is told of each question.
    """
    identifiers = known_identifiers() if identifiers is None else identifiers
    findings: set[Finding] = set()
    counts: dict[str, dict[str, int]] = {"asked": {}, "answered": {}, "offline": {}}
    failures: dict[str, str] = {}
    for endpoint in endpoints.values():
        for question in endpoint.questions:
            name = f"{endpoint.name} {question.name}"
            pattern = namespaces.identifier_patterns()[question.prefix]
            known = identifiers.by_prefix().get(question.prefix, {})
            wanted = sorted(local for local in known if pattern.fullmatch(local))
            progress(f"{name}: {len(wanted)} identifiers")
            counts["asked"][name] = len(wanted)
            try:
                for batch, rows in _answers(client, endpoint, question, wanted, counts["offline"]):
                    counts["answered"][name] = counts["answered"].get(name, 0) + len(batch)
                    findings |= set(_compare(endpoint, question, batch, rows, identifiers))
            except TreatKGError as error:
                failures[name] = str(error)
    order = sorted(findings, key=lambda finding: (SEVERITIES.index(finding.severity), finding))
    return Report(tuple(order), counts["asked"], counts["answered"], failures, counts["offline"])


def _answers(
    client: Client, endpoint: Endpoint, question: Question, wanted: Sequence[str], offline: dict[str, int]
) -> Iterator[tuple[Sequence[str], list[Row]]]:
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        text = sparql_text.bind(question.text, {"id": [_term(question, local) for local in batch]})
        try:
            yield batch, client.select(endpoint, text)
        except OfflineError:
            name = f"{endpoint.name} {question.name}"
            offline[name] = offline.get(name, 0) + len(batch)


def _term(question: Question, local: str) -> ox.NamedNode | ox.Literal:
    written = question.term.format(local)
    if written.startswith("<"):
        return ox.NamedNode(written[1:-1])
    return ox.Literal(written.strip('"'))


@dataclass
class _Known:
    """What an endpoint says of one identifier."""

    labels: set[str]
    replaced_by: set[str]
    matches: set[str]
    obsolete: bool = False
    seen: bool = False


def _compare(
    endpoint: Endpoint, question: Question, batch: Sequence[str], rows: Sequence[Row], identifiers: Identifiers
) -> Iterator[Finding]:
    for local, known in _by_identifier(question, batch, rows).items():
        curie = f"{question.prefix}:{local}"
        iri = namespaces.expand(curie)
        where = identifiers.users.get(iri, "")
        if not known.seen:
            yield Finding("Info", curie, f"{endpoint.name} does not know it", where)
            continue
        if known.obsolete or known.replaced_by:
            successors = ", ".join(sorted(known.replaced_by)) or "look up what replaces it"
            yield Finding("Violation", curie, f"{endpoint.name} says it is obsolete: {successors}", where)
        ours = identifiers.all_names(iri)
        if known.labels and ours and not {plain(name) for name in known.labels} & {plain(name) for name in ours}:
            shown = f'"{min(known.labels)}", here "{min(ours)}"'
            yield Finding("Warning", curie, f"{endpoint.name} names it {shown}", where)
        have = identifiers.neighbours(iri)
        for match in sorted(known.matches - {prefixes.curie(other) for other in have} - {curie}):
            yield Finding("Info", curie, f"{endpoint.name} also links it to {match}", where)


def _by_identifier(question: Question, batch: Sequence[str], rows: Sequence[Row]) -> dict[str, _Known]:
    found = {local: _Known(set(), set(), set()) for local in batch}
    by_term = {_term(question, local): local for local in batch}
    for row in rows:
        term = _plain_literal(row.get("id"))
        local = by_term.get(term) if term is not None else None
        if local is None:
            continue
        known = found[local]
        known.seen = True
        known.obsolete |= _text(row, "obsolete") in _TRUE
        known.labels |= {_text(row, "label")} - {""}
        known.replaced_by |= {prefixes.curie(_text(row, "replacedBy"))} - {""}
        match = _text(row, "match")
        if match and prefixes.converter().compress(match):
            known.matches.add(prefixes.curie(match))
    return found


def _plain_literal(term: object) -> ox.NamedNode | ox.Literal | None:
    """Return a literal without language or datatype: endpoints differ in how they type a string."""
    if isinstance(term, ox.Literal):
        return ox.Literal(term.value)
    return term if isinstance(term, ox.NamedNode) else None


def _text(row: Row, name: str) -> str:
    term = row.get(name)
    return term.value if isinstance(term, (ox.NamedNode, ox.Literal)) else ""
