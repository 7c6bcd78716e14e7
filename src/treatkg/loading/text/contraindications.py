"""What a section on contraindications bars: statements and items of lists, each with the conditions that are certain.

A condition that is not of a plain form is kept whole, as a thing named by the words of the text, and never taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from treatkg.loading.items import Mention
from treatkg.loading.text.disease_names import is_name
from treatkg.loading.text.none_listed import heading_end, says_none
from treatkg.loading.text.pieces import LONGEST, Piece, pieces, without_references

_BARRED = re.compile(r"(?<!not )\bcontra-?indicated\b", re.IGNORECASE)
_DENIED = re.compile(r"\bnot\s+(?:absolutely\s+)?contra-?indicated\b", re.IGNORECASE)
_FORBIDDEN = re.compile(
    r"^(?:do not|must not|should not|never)\b|\b(?:should|must|may|do|can)\s?not\s+(?:be\s+)?(?:\w+\s+)?(?:used?|given|"
    r"administer(?:ed)?|taken?|prescribed?|co-?administer(?:ed)?|started?|initiated?)\b",
    re.IGNORECASE,
)
_AUXILIARY = r"(?:is|are|was|were|has|have|had|may|might|can|could|should|must|will|would|does|do)"
_VERB = re.compile(
    rf"\b(?:{_AUXILIARY}|occur(?:s|red)?|include[sd]?|varied|caused?|results?|resulted|revealed|showed|crosses|appears?|"
    r"suggests?|produces|leads|increases|decreases|exists?)\b",
    re.IGNORECASE,
)
# "who are or may become pregnant", "which may include", "because ...": verbs here do not make an item a sentence.
_SUBORDINATE = re.compile(
    r"\b(?:if|when|unless|because)\b[^,;]*|\b(?:who|whose|whom|that|which)\s+"
    rf"(?:{_AUXILIARY}(?:\s+(?:or|and)\s+{_AUXILIARY})?\s+)*\w+(?:\s+(?:or|and)\s+(?:{_AUXILIARY}\s+)+\w+)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^\d{1,2}(?:\.\d{1,2})?\s+(?=[A-Z])")
_NO_DISEASE = re.compile(
    r"\b(?:and|or|history|with|treatment|use|therapy|patients|children|women|men|surgery|administration|phase)\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"\b(?:who|whose|that|which)\s+(?:\w+\s+)?$", re.IGNORECASE)
# A list starts again with its own preposition and people: there, and only there, one sentence is two statements.
_AGAIN = re.compile(r",?\s+(?:and|or)\s+(?=in\s+(?:patients?|individuals?|persons?)\b)", re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:(?:for use\s+)?(?:in|with|for|during|when|to)\b\s*(?:the following\b[\w\s]*)?)?\s*:?\s*", re.IGNORECASE
)
_PEOPLE = re.compile(
    r"^(?:in\s+)?(?:(?:those\s+)?(?:patients?|individuals?|persons?|people|those|adults?)\s+)"
    r"(?:with|who have(?: had)?|having)\s+",
    re.IGNORECASE,
)
_HYPERSENSITIVE = re.compile(
    r"^(?:in\s+)?(?:(?:those\s+)?(?:patients?|individuals?|persons?|people|those)\s+)?"
    r"(?:(?:with|who have(?: previously)?(?: had| shown| demonstrated)?|who are|having)\s+)?(?:an?\s+)?"
    r"(?:(?:known|suspected|history of|prior|previous|serious|severe|documented|demonstrated|or|and|a)[\s,]+){0,6}"
    r"(?:hypersensitiv(?:ity|e)|allerg(?:y|ic)|anaphyla\w+|angioedema)"
    r"(?:\s+(?:reactions?|(?:and|or|/)\s+\w+))*\s+(?:reactions?\s+)?(?:to|with)\s+(?P<what>.+)$",
    re.IGNORECASE,
)
_EXCIPIENTS = re.compile(
    r"\b(?:components?|ingredients?|excipients?|constituents?|formulation|preparation|vehicle)\b", re.IGNORECASE
)
_ITSELF = re.compile(
    r"\b(?:this|the|its)\s+(?:drug|product|medication|medicine|preparation|formulation|components?|ingredients?|excipients?|"
    r"active)|\b(?:any|any of the|other)\s+(?:\w+\s+)?(?:components?|ingredients?|excipients?|constituents?)\b",
    re.IGNORECASE,
)
# "liver disease Known gout": items of a list whose marks are lost.
_RUN_ON = re.compile(r"\b[a-z]+\s+[A-Z][a-z]+\s+[a-z]")
_PREGNANT = re.compile(
    r"(?:(?:in|during)\s+)?(?:pregnancy|pregnant (?:women|patients|females)|"
    r"(?:women|patients|females) who are pregnant)(?:\s+\([^)]*\))?",
    re.IGNORECASE,
)
_BREAST_FEEDING = re.compile(
    r"(?:(?:in|during)\s+)?(?:breast-?\s?feeding|lactation|nursing(?: mothers| women)?|lactating women)"
    r"(?:\s+\([^)]*\))?",
    re.IGNORECASE,
)
_STATES = ((_PREGNANT, "tkg:PregnancyState"), (_BREAST_FEEDING, "tkg:BreastFeedingState"))
_PREGNANT_WITH = re.compile(r"(?:in\s+)?pregnant (?:women|patients|females) with (?P<rest>.+)", re.IGNORECASE)
_TOGETHER = re.compile(
    r"(?:for\s+)?(?:(?:concomitant|concurrent|simultaneous)\s+(?:use|administration|therapy|treatment)|co-?administration|"
    r"co-?administered)\s+(?:of|with)\s+(?P<what>.+?)(?:\s+in\s+patients\s+with\s+(?P<disease>.+))?",
    re.IGNORECASE,
)
_BOTH = re.compile(
    r"^(?P<what>.+?)\s+(?:is|are)\s+contra-?indicated\s+(?:for\s+use\s+)?with\s+(?P<product>.+)$", re.IGNORECASE
)
_PLAIN_DRUG = re.compile(r"[\w][\w\s'()/-]{1,80}")
_JOINED = re.compile(r"\b(?:and|or|within|if|unless|when|in|for|by|any|other)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Barred:
    """One contraindication: all its conditions must hold. `only_hypersensitivity`: it is one of nothing else."""

    words: str
    start: int
    end: int
    conditions: tuple[dict[str, Any], ...]

    @property
    def only_hypersensitivity(self) -> bool:
        """Whether it bars hypersensitive people and nobody else."""
        return all(one.get("kind") == "HypersensitivityCondition" for one in self.conditions)


@dataclass(frozen=True)
class Product:
    """What the text is about: the mention of it, and all names by which the text may call it."""

    mention: Mention
    names: Sequence[str]

    def is_named(self, text: str) -> bool:
        """Return whether a text names the product or one of its substances."""
        return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for name in self.names if name)


def barred(text: str, product: Product, start: int = 0) -> Iterator[Barred]:
    """Return what a section on contraindications bars, from `start` on; its heading is passed over."""
    begin = start + heading_end(text[start:])
    for piece in (one for one in pieces(text, begin) if len(one.text) <= LONGEST):
        words = _NUMBER.sub("", without_references(piece.text))
        if not words or _DENIED.search(words) or says_none(words):
            continue
        found = _BARRED.search(words)
        if found and not _RELATIVE.search(words[: found.start()]):
            rest = _LEAD.sub("", words[found.end() :].strip(), count=1).strip()
            if rest and not words.endswith(":"):
                yield from _statements(piece, words[found.end() :].strip(), words, product)
        elif _FORBIDDEN.search(words):
            yield Barred(words, piece.start, piece.end, (_unsure(words),))
        elif not _is_clause(words):
            yield from _statements(piece, words, words, product)


def reads_whole(text: str, found: Sequence[Barred]) -> bool:
    """Return whether everything in the section was taken, but for lead-ins and words about hypersensitivity."""
    return all(
        any(one.start <= piece.start and piece.end <= one.end for one in found)
        or piece.text.endswith(":")
        or not _NUMBER.sub("", without_references(piece.text))
        or re.search(r"hypersensitiv|anaphyla|allerg|angioedema|\breactions?\b", piece.text, re.IGNORECASE)
        for piece in pieces(text, heading_end(text))
    )


def _is_clause(words: str) -> bool:
    """Return whether it is a sentence of its own, which explains, and not an item of a list."""
    return bool(_VERB.search(_SUBORDINATE.sub(" ", words)))


def _statements(piece: Piece, rest: str, sentence: str, product: Product) -> Iterator[Barred]:
    both = _BOTH.match(sentence)
    if both and product.is_named(both["product"]) and not product.is_named(both["what"]):
        yield Barred(sentence, piece.start, piece.end, _together(both["what"], ""))
        return
    for part in _AGAIN.split(rest):
        phrase = _LEAD.sub("", part.strip(" ,"), count=1).strip()
        if phrase:
            yield Barred(phrase, piece.start, piece.end, _conditions(phrase, product))


def _conditions(phrase: str, product: Product) -> tuple[dict[str, Any], ...]:
    found = _HYPERSENSITIVE.fullmatch(phrase)
    if found:
        return (_hypersensitivity(found["what"], product) or _unsure(phrase),)
    for form, state in _STATES:
        if form.fullmatch(phrase):
            return (_node("StateCondition", state),)
    pregnant = _PREGNANT_WITH.fullmatch(phrase)
    if pregnant and is_name(pregnant["rest"]):
        return (_node("StateCondition", "tkg:PregnancyState"), _disease(pregnant["rest"]))
    together = _TOGETHER.fullmatch(phrase)
    if together:
        return _together(together["what"], together["disease"] or "", phrase)
    bare = _PEOPLE.sub("", phrase, count=1)
    if is_name(bare) and not _NO_DISEASE.search(bare) and not _RUN_ON.search(bare):
        return (_disease(bare),)
    return (_unsure(phrase),)


def _hypersensitivity(what: str, product: Product) -> dict[str, Any] | None:
    """Return hypersensitivity to the product, or to the one thing that is named; None where it is to several."""
    if product.is_named(what) or _ITSELF.search(what):
        node = _node("HypersensitivityCondition", product.mention)
        return {**node, "includesExcipients": True} if _EXCIPIENTS.search(what) else node
    if re.search(r"\b(?:and|or|who|with|when)\b|[,;]", what, re.IGNORECASE):
        return None
    return _node("HypersensitivityCondition", Mention("Thing", [what]))


def _together(what: str, disease: str, phrase: str = "") -> tuple[dict[str, Any], ...]:
    if not _PLAIN_DRUG.fullmatch(what) or _JOINED.search(what) or (disease and not is_name(disease)):
        return (_unsure(phrase or what),)
    drug = _node("CoMedicationCondition", Mention("Treatment", [what]))
    return (drug, _disease(disease)) if disease else (drug,)


def _disease(name: str) -> dict[str, Any]:
    kind = "InfectionCondition" if re.search(r"\binfections?$", name, re.IGNORECASE) else "DiseaseCondition"
    return _node(kind, Mention("Disease", [name]))


def _unsure(phrase: str) -> dict[str, Any]:
    return _node("StatedCondition", Mention("Thing", [phrase[:300]]))


def _node(kind: str, about: str | Mention) -> dict[str, Any]:
    return {"type": "Condition", "kind": kind, "about": about}
