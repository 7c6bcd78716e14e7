"""Curated evidence held against loaded documents: do the anchor words and the figures stand where the fact says?"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from treatkg import namespaces
from treatkg.errors import UsageError
from treatkg.knowledge import Knowledge, Stored


class Verdict(StrEnum):
    """What was found of the anchor words of a piece of evidence."""

    CITED_SECTION = "in the cited section"
    OTHER_SECTION = "in another section"
    NOT_FOUND = "not found"
    NO_ANCHOR = "no anchor words"


@dataclass(frozen=True)
class Checked:
    """One piece of evidence in one loaded document.

    `same` says whether the document is the one that is cited (maybe in another version) or only another document of the
    same treatment and jurisdiction; `missing` are figures of the finding that no looked-at section has.
    """

    fact: str
    evidence: str
    locator: str
    document: str
    same: bool
    verdict: Verdict
    place: str
    figures: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class _Section:
    kind: str
    locator: str
    text: str


# Numbers of sections: of the US labels, and of the European and British summaries of product characteristics.
_KINDS: Sequence[tuple[str, set[str]]] = (
    (r"\b4\.1\b|\bindication", {"IndicationsText"}),
    (r"\b4\.2\b|\bdos(?:e|age|ing)|posology", {"DosageText"}),
    (r"\b4\.3\b|contra-?indication", {"ContraindicationsText", "DoNotUseText"}),
    (r"\b4\.4\b|warning|precaution", {"WarningsText", "BoxedWarningText"}),
    (r"\b4\.5\b|interaction", {"InteractionsText"}),
    (r"\b4\.6\b|pregnan|lactation|breast", {"PregnancyText", "PopulationsText", "BreastFeedingText"}),
    (r"\b4\.8\b|adverse|undesirable", {"AdverseReactionsText"}),
    (r"boxed", {"BoxedWarningText"}),
    (r"mechanism|pharmacolog", {"MechanismText", "ClinicalPharmacologyText"}),
    (r"p(?:a)?ediatric|children", {"PediatricUseText", "PopulationsText"}),
    (r"clinical stud", {"ClinicalStudiesText"}),
    (r"eligib|criteria", {"EligibilityText"}),
)
_NUMBERED = {
    1: {"IndicationsText"},
    2: {"DosageText"},
    4: {"ContraindicationsText"},
    5: {"WarningsText"},
    6: {"AdverseReactionsText"},
    7: {"InteractionsText"},
    8: {"PopulationsText", "PregnancyText", "PediatricUseText", "GeriatricUseText", "BreastFeedingText"},
    12: {"MechanismText", "ClinicalPharmacologyText"},
    14: {"ClinicalStudiesText"},
}
_SECTION_NUMBER = re.compile(r"\bsections?\s+(\d{1,2})(?!\.\d.*4\.)\b|^(\d{1,2})(?:\.\d+)?\b", re.IGNORECASE)
_FIGURE = re.compile(r"(?<![\w.])(?<![A-Za-z]-)\d+(?:[.,]\d+)?(?![\w])")
_YEAR = re.compile(r"(?:19|20)\d\d")
# A set id of a US label, a number of a trial: what the address of a cited source and the key of a document share.
_KEY = "^.*(NCT[0-9]{8}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}).*$"
_CURRENT = f"FILTER NOT EXISTS {{ GRAPH <{namespaces.LOAD}register> {{ ?document prov:invalidatedAtTime ?day }} }}"
_CITED = f"""
SELECT DISTINCT ?fact ?evidence ?locator ?finding ?anchor ?document WHERE {{
  VALUES ?treatment {{ %s }}
  ?source schema:url|tkg:readVia ?address .
  BIND(REPLACE(STR(?address), "{_KEY}", "$1") AS ?key)
  GRAPH ?graph {{ ?document tkg:recordKey ?key ; a tkg:SourceRecord }}
  {_CURRENT}
  ?evidence prov:wasDerivedFrom ?source ; tkg:locator ?locator ; tkg:finding ?finding .
  ?fact tkg:evidence ?evidence .
  OPTIONAL {{ ?evidence tkg:anchorText ?anchor }}
  OPTIONAL {{ ?fact tkg:treatment ?of }}
  FILTER(!BOUND(?treatment) || ?of = ?treatment)
}}
"""
_LIKE = f"""
SELECT DISTINCT ?fact ?evidence ?locator ?finding ?anchor ?document WHERE {{
  {{
    SELECT DISTINCT ?named ?jurisdiction ?document WHERE {{
      GRAPH ?graph {{
        ?loaded tkg:treatment ?named ; tkg:jurisdiction ?jurisdiction ; tkg:evidence/prov:wasDerivedFrom ?document .
        ?document tkg:hasSection ?section
      }}
      {_CURRENT}
    }}
  }}
  VALUES ?treatment {{ %s }}
  ?fact tkg:treatment ?of ; tkg:jurisdiction ?jurisdiction ; tkg:evidence ?evidence .
  ?of tkg:activeSubstance? ?named .
  FILTER(!BOUND(?treatment) || ?of = ?treatment)
  ?evidence prov:wasDerivedFrom ?source ; tkg:locator ?locator ; tkg:finding ?finding ; tkg:anchorText ?anchor .
  ?source tkg:sourceType tkg:PrescribingInformation .
}}
"""
_SECTIONS = """
SELECT ?document ?kind ?locator ?text WHERE {
  VALUES ?document { %s }
  GRAPH ?graph { ?document tkg:hasSection [ tkg:sectionKind ?kind ; tkg:locator ?locator ; tkg:text ?text ] }
}
"""


def check(knowledge: Knowledge, treatment: str = "") -> list[Checked]:
    """Look curated evidence up in the loaded documents.

    A cited document is one whose key stands in the address of the source. Evidence of which no cited document is loaded
    is looked up in the labels of the same treatment and jurisdiction.

    Args:
        knowledge: opened on a store.
        treatment: name or id, to check its facts alone.

    Raises:
        UsageError: not a store, or unknown treatment.
    """
    if not isinstance(knowledge.engine, Stored):
        raise UsageError("evidence is held against loaded sources: name a store with --on FOLDER")
    of = f"<{knowledge.terms.resolve(treatment, 'TreatmentSubject')}>" if treatment else "UNDEF"
    cited = _rows(knowledge, _CITED % of)
    known = {row["evidence"] for row in cited}
    like = [row for row in _rows(knowledge, _LIKE % of) if row["evidence"] not in known]
    sections = _sections(knowledge, sorted({row["document"] for row in [*cited, *like]}))
    found = [_checked(row, sections[row["document"]], same=True) for row in cited]
    best: dict[str, Checked] = {}
    for row in like:
        one = _checked(row, sections[row["document"]], same=False)
        best[one.evidence] = min(one, best.get(one.evidence, one), key=_rank)
    return sorted([*found, *best.values()], key=lambda one: (one.fact, one.evidence, one.document))


def _rank(one: Checked) -> tuple[int, int, str]:
    return list(Verdict).index(one.verdict), len(one.missing), one.document


def _rows(knowledge: Knowledge, query: str) -> list[dict[str, str]]:
    found = knowledge.select(query).to_dicts()
    return [{name: "" if value is None else str(value) for name, value in row.items()} for row in found]


def _sections(knowledge: Knowledge, documents: list[str]) -> Mapping[str, list[_Section]]:
    found: dict[str, list[_Section]] = defaultdict(list)
    for begin in range(0, len(documents), 100):
        wanted = " ".join(f"<{iri}>" for iri in documents[begin : begin + 100])
        for row in _rows(knowledge, _SECTIONS % wanted):
            kind = row["kind"].removeprefix("tkg:").removeprefix(namespaces.TKG)
            found[row["document"]].append(_Section(kind, row["locator"], plain(row["text"])))
    return found


def _checked(row: dict[str, str], sections: Iterable[_Section], *, same: bool) -> Checked:
    kinds = cited_kinds(row["locator"])
    anchor = plain(row["anchor"])
    everywhere = list(sections)
    cited = [section for section in everywhere if section.kind in kinds]
    holding = [section for section in everywhere if anchor and anchor in section.text]
    at = [section for section in holding if section in cited]
    verdict = (
        Verdict.NO_ANCHOR
        if not anchor
        else Verdict.CITED_SECTION
        if at
        else Verdict.OTHER_SECTION
        if holding
        else Verdict.NOT_FOUND
    )
    figures = sorted(set(figures_of(row["finding"])))
    looked_at = " ".join(section.text for section in [*cited, *holding] or everywhere)
    present = set(figures_of(looked_at))
    return Checked(
        fact=row["fact"],
        evidence=row["evidence"],
        locator=row["locator"],
        document=row["document"],
        same=same,
        verdict=verdict,
        place=(at or holding)[0].locator if holding else "",
        figures=len(figures),
        missing=tuple(figure for figure in figures if figure not in present),
    )


def cited_kinds(locator: str) -> set[str]:
    """Return the kinds of section that a locator such as "section 6.1" or "boxed warning" means."""
    folded = locator.casefold()
    kinds = {kind for pattern, named in _KINDS if re.search(pattern, folded) for kind in named}
    if kinds and re.search(r"\b4\.\d", folded):
        return kinds
    for numbered in _SECTION_NUMBER.finditer(locator):
        kinds |= _NUMBERED.get(int(numbered[1] or numbered[2]), set())
    return kinds


def figures_of(text: str) -> list[str]:
    """Return the numbers in a text, with a decimal point and without years, which a label seldom repeats."""
    numbers = (number.replace(",", ".") for number in _FIGURE.findall(text))
    return [number for number in numbers if not _YEAR.fullmatch(number)]


def plain(text: str) -> str:
    """Return text as it is compared: without case, kinds of quotes and dashes, marks and runs of spaces."""
    composed = unicodedata.normalize("NFKC", text).casefold()
    composed = re.sub("[\u2010-\u2015\u2212]", "-", composed)
    composed = re.sub("[\u2018\u2019\u201a\u201b`\u00b4]", "'", composed)
    composed = re.sub("[\u201c-\u201f\u00ab\u00bb]", '"', composed)
    return re.sub(r"\s+", " ", composed).strip()
