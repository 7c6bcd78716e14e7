"""From the sections of a drug label to facts, by rules on their text; the same for every source of US labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treatkg.loading.identifiers import slug
from treatkg.loading.items import Fact, Item, Mention, Passage, Section, Skip
from treatkg.loading.text import boxed_warnings
from treatkg.loading.text.contraindications import Barred, Product, barred, reads_whole
from treatkg.loading.text.label_indications import Unsure, Use, uses
from treatkg.loading.text.none_listed import says_none

UNSURE_DISEASE = "a statement of what it is indicated for whose disease is not certain"
UNLICENSED = "a statement of what an unapproved or monograph drug is indicated for: no licence"


@dataclass(frozen=True)
class LabelSection:
    """A section of a label.

    Args:
        kind: a concept of tkg:SectionKind.
        name: stable within the label ("contraindications", "indications-1.1").
        locator: as a person would cite it ("1.1 Rheumatoid Arthritis").
        text: verbatim, its heading included.
        title: the heading without its number, where the source marks it.
    """

    kind: str
    name: str
    locator: str
    text: str
    title: str = ""


@dataclass(frozen=True)
class Label:
    """A version of a label: what is to be said of each fact from it.

    Args:
        product: what it is about.
        sections: in its order.
        jurisdiction: whose label it is.
        authority: who licensed the product, where the label says that somebody did.
        licensed: False where the label says that nobody did; then what it is indicated for is no licence.
        over_the_counter: whether it is a label for lay people, whose boxes are no boxed warnings.
        values: further keys of every fact (observedOn, route, product ...).
    """

    product: Product
    sections: Sequence[LabelSection]
    jurisdiction: str
    authority: str = ""
    licensed: bool = True
    over_the_counter: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the product for labels of facts."""
        return next(iter(self.product.mention.names), "the product")


def items(label: Label) -> Iterator[Item]:
    """Return the sections of a label and the facts that are certain in them, each with the passage it stands in."""
    for section in label.sections:
        yield Section(section.name, section.kind, section.locator, section.text)
    merged = _Facts()
    for section in label.sections:
        if section.kind == "IndicationsText":
            yield from _indications(label, section, merged)
        elif section.kind == "BoxedWarningText" and not label.over_the_counter:
            _boxed_warning(label, section, merged)
    _contraindications(label, [one for one in label.sections if one.kind == "ContraindicationsText"], merged)
    yield from merged.facts()


class _Facts:
    """Facts of one label; what is said twice is one fact with two passages."""

    def __init__(self) -> None:
        self._found: dict[object, tuple[str, str, str, dict[str, Any], list[Passage]]] = {}
        self._names: Counter[str] = Counter()

    def add(self, kind: str, key: object, name: str, label: str, values: dict[str, Any], passage: Passage) -> None:
        known = self._found.get((kind, key))
        if known:
            if passage not in known[4]:
                known[4].append(passage)
            return
        self._names[name] += 1
        unique = name if self._names[name] == 1 else f"{name}-{self._names[name]}"
        self._found[kind, key] = (kind, unique, label, values, [passage])

    def facts(self) -> Iterator[Fact]:
        for kind, name, label, values, passages in self._found.values():
            yield Fact(kind, name, label, values, passages)


def _common(label: Label) -> dict[str, Any]:
    return {"treatment": label.product.mention, "jurisdiction": label.jurisdiction, **label.values}


def _passage(section: LabelSection, start: int, end: int) -> Passage:
    return Passage(section.locator, section.text[start:end][:2000], section.name, start, min(end, start + 2000))


def _indications(label: Label, section: LabelSection, merged: _Facts) -> Iterator[Skip]:
    for use in uses(section.text, section.title):
        if isinstance(use, Unsure):
            yield Skip(UNSURE_DISEASE, section.locator)
        elif not label.licensed:
            yield Skip(UNLICENSED, section.locator)
        else:
            _indication(label, section, use, merged)


def _indication(label: Label, section: LabelSection, use: Use, merged: _Facts) -> None:
    what = f"{use.sign} of {use.disease}" if use.sign else use.disease
    values = {
        **_common(label),
        "disease": Mention("Disease", [use.disease]),
        "manifestation": Mention("Phenotype", [use.sign]) if use.sign else None,
        "authority": label.authority,
        "population": list(use.populations),
    }
    merged.add(
        "Indication",
        use.key,
        f"indication/{slug(what)}",
        f"{label.jurisdiction} label: {label.name} is indicated for {what}",
        values,
        _passage(section, use.start, use.end),
    )


def _contraindications(label: Label, sections: Sequence[LabelSection], merged: _Facts) -> None:
    found = [(section, list(barred(section.text, label.product))) for section in sections]
    for section, one in ((section, one) for section, several in found for one in several):
        values = {**_common(label), "condition": list(one.conditions), "strength": "Absolute"}
        merged.add(
            "Contraindication",
            repr(one.conditions).lower(),
            f"contraindication/{slug(one.words)}",
            f"{label.jurisdiction} label: {label.name} is contraindicated: {one.words[:200]}",
            values,
            _passage(section, one.start, one.end),
        )
    if sections:
        _check(label, found, merged)


def _check(label: Label, found: Sequence[tuple[LabelSection, list[Barred]]], merged: _Facts) -> None:
    """Add that the section lists nothing, or nothing but hypersensitivity; a label without the section says neither."""
    if all(says_none(section.text) for section, _ in found):
        finding, words = "NoneListed", "lists no contraindication"
    elif any(several for _, several in found) and all(
        reads_whole(section.text, several) and all(one.only_hypersensitivity for one in several)
        for section, several in found
    ):
        finding, words = "OnlyHypersensitivityListed", "lists no contraindication but hypersensitivity"
    else:
        return
    values = {**_common(label), "checkedSection": "ContraindicationsSection", "checkFinding": finding}
    for section, _ in found:
        merged.add(
            "LabelCheck",
            finding,
            "label-check/contraindications",
            f"{label.jurisdiction} label: {label.name}: the section {words}",
            values,
            _passage(section, 0, len(section.text)),
        )


def _boxed_warning(label: Label, section: LabelSection, merged: _Facts) -> None:
    words, start, end = boxed_warnings.heading(section.text, section.title)
    risks = boxed_warnings.risks(words) if words else []
    if not words:
        words, start, end = boxed_warnings.first_sentence(section.text)
        risks = [Mention("Thing", [words])] if words else []
    if risks:
        merged.add(
            "BoxedWarning",
            words.lower(),
            "boxed-warning",
            f"{label.jurisdiction} label: boxed warning of {label.name}: {words[:200]}",
            {**_common(label), "authority": label.authority, "risk": risks},
            _passage(section, start, end),
        )
