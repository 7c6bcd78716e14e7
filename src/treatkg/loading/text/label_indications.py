"""What a label says that its product is indicated for: only statements whose disease is certain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from treatkg.loading.items import Mention
from treatkg.loading.text.ages import find_ages, populations
from treatkg.loading.text.disease_names import is_name, names_at
from treatkg.loading.text.pieces import LONGEST, Piece, pieces, without_references

_INDICATED = re.compile(r"(?<![\w-])indicated\b", re.IGNORECASE)
# "if clinically indicated", "not indicated", "was indicated": no statement of what it is licensed for.
_NO_STATEMENT = re.compile(
    r"\b(?:not|no longer|nor|if|when|where|unless|clinically|medically|as|otherwise|may be|might be|would be|was|were|"
    r"been|previously|formerly|never)(?:\s+(?:be|also|yet))?\s*$|\b(?:if|unless)\b[^,]*$|\bnot\b[^,.;]{0,30}$",
    re.IGNORECASE,
)
# "(1.4)" after an item of the highlights: it goes on with the list of indications, though something came between.
_INDICATIONS_FOLLOW = re.compile(r"\s*\(\s*1(?:\.\d{1,2})?\s*\)")
_LIMITATION = re.compile(r"\s*(?:\d+(?:\.\d+)?\s+)?limitations? of use", re.IGNORECASE)
_GROUP = (
    r"(?:(?:adults?|pa?ediatric|adolescents?|children|infants?|and|or|elderly|certain|appropriate|"
    r"non-immunocompromised|immunocompetent|male|female|postmenopausal|boys|girls),?\s+){0,6}"
    r"(?:patients?|adults?|children|adolescents?|infants?|individuals?|persons?|people|women|men)\b"
)
_ACTION = re.compile(
    r"\b(?:treatment|management|relief|therapy|control)\s+(?:and\s+(?:\w+\s+)?(?:treatment|management|prevention|"
    rf"prophylaxis|relief)\s+)?(?:of\s+|(?:in|for)\s+(?={_GROUP}))|\bto\s+treat\s+",
    re.IGNORECASE,
)
_BEFORE_ACTION = 250
# What is done about a disease that is not had yet, or not known yet.
_OTHER_AIM = re.compile(
    r"\b(?:prevent\w*|prophyla\w+|diagnos\w+|detect\w*|reduc\w+ (?:in )?(?:the )?risk)\b", re.IGNORECASE
)
_AIM = (
    r"(?:the\s+)?(?:(?:topical|short-term|symptomatic|maintenance|temporary)\s+){0,2}"
    r"(?:treatment|management|relief)\s+of\s"
)
_LISTED = re.compile(rf"\b{_AIM}", re.IGNORECASE)
_AND_FOR = re.compile(rf"(?<!treatment )(?<!management )(?<!relief )\b(?:and|or)\s+(?:for\s+)?{_AIM}", re.IGNORECASE)
_SIGNS = re.compile(
    r"(?:the\s+)?(?:[\w-]+\s+){0,4}?(?:manifestations|signs and symptoms|symptoms|signs)\s+of\s+", re.IGNORECASE
)
_PEOPLE_WITH = re.compile(
    rf"(?:{_GROUP})(?:(?!\bwho\b|\bwhose\b|[.;:]).){{0,150}}?\bwith\s+", re.IGNORECASE | re.DOTALL
)
_ITCH = re.compile(r"(?:mild|moderate|severe|to|and|or|[\s-])*\b(?P<sign>pruritus|itch|itching)\s+in\s+", re.IGNORECASE)
_SEVERITY = re.compile(
    r"\b(?P<from>mild|moderate|severe)(?:(?P<to>[\s-]*to[\s-]*|\s+(?:and|or)\s+)(?P<until>moderate|severe))?"
    r"(?=[,\s]+(?P<rest>.*))",
    re.IGNORECASE | re.DOTALL,
)
_SEVERITIES = ("Mild", "Moderate", "Severe")
_WEIGHT = re.compile(
    r"\bweigh(?:ing)?\s+(?:at least|\u2265|>=)\s*(?P<least>\d{1,3}(?:\.\d)?)\s*kg\b|"
    r"\bweigh(?:ing)?\s+(?P<more>\d{1,3}(?:\.\d)?)\s*kg\s+(?:or|and)\s+(?:more|above|over|greater)\b",
    re.IGNORECASE,
)
_PRIOR = re.compile(
    r"(?:not (?:been )?adequately controlled|failed to respond|inadequate response)[^.;]*?\b"
    r"(?P<kind>topical|systemic)\s+(?:prescription\s+)?(?:therap|treatment|drug product)[^.;]*\b"
    r"(?:not advisable|inadvisable)",
    re.IGNORECASE,
)
# Words that limit nothing beyond what is read of a statement elsewhere.
_PLAIN = re.compile(
    r"an?|the|of|in|for|with|to|and|or|as|is|are|its?|this|that|who|from|patients?|adults?|pa?ediatric|children|adolescents|"
    r"infants|women|men|people|treatment|management|therapy|topical|oral|systemic|years|months|aged?|older",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Use:
    """A licensed use: the disease (and the one sign of it, if only that), for whom, and where the text says so."""

    disease: str
    start: int
    end: int
    sign: str = ""
    populations: tuple[dict[str, Any], ...] = ()
    key: tuple[object, ...] = field(default=())


@dataclass(frozen=True)
class Unsure:
    """A statement of an indication whose disease is not certain."""

    start: int
    end: int


def uses(text: str, title: str = "", start: int = 0, end: int | None = None) -> Iterator[Use | Unsure]:
    """Return what a text, or a part of it, states.

    Args:
        text: of a section on indications.
        title: the title of the subsection without its number, if it has one; where a statement names it, it is taken.
        start: where the part begins.
        end: where it ends.

    What is denied, conditional, past or a limitation of use is no statement.
    """
    lead, broken = "", False
    for piece in (one for one in pieces(text, start, end) if len(one.text) <= LONGEST):
        found = _INDICATED.search(piece.text)
        if _LIMITATION.match(piece.text) or (found and _NO_STATEMENT.search(piece.text[: found.start()])):
            broken = True
        elif found:
            rest = piece.text[found.end() :].strip()
            lead, broken = rest if rest.endswith(":") and len(rest) < 80 else "", False
            if not lead:
                yield from _stated(piece, rest, title)
        elif without_references(piece.text):
            if lead and _is_item(piece.text) and (not broken or _INDICATIONS_FOLLOW.match(text, piece.end)):
                of = lead if _ACTION.search(lead.rstrip(":") + " ") else ""
                yield from _stated(piece, f"{of.rstrip(':')} {piece.text}", title)
            else:
                broken = True


def _is_item(text: str) -> bool:
    return not re.search(r"\b(?:is|are|should|must|may|need|was|were|can|will|has been|have been)\b", text[:60])


def _stated(piece: Piece, words: str, title: str) -> Iterator[Use | Unsure]:
    aims = list(_aims(words))
    for aim in aims:
        named, sign = _named(without_references(aim), title)
        if not named:
            yield Unsure(piece.start, piece.end)
        for name in named:
            whom = piece.text if len(aims) == 1 else aim
            found = tuple(_populations(without_references(aim), name, whom, sign=bool(sign)))
            key = (name.lower(), sign, *(repr({k: v for k, v in one.items() if k != "note"}) for one in found))
            yield Use(name, piece.start, piece.end, sign, found, key)


def _aims(words: str) -> Iterator[str]:
    """Return the aims of a statement: "for: the treatment of X in adults the treatment of Y in children" has two."""
    again = _LISTED if re.match(r"(?:for|in|as)?\s*(?:the following)?\s*:", words, re.IGNORECASE) else _AND_FOR
    begin = 0
    for found in list(again.finditer(words))[:20]:
        if words[begin : found.start()].strip(" :,.;") not in {"", "for", "in", "as", "as a", "as an"}:
            yield words[begin : found.start()]
            begin = found.start()
    yield words[begin:]


def _named(words: str, title: str) -> tuple[list[str], str]:
    """Return the diseases that a statement is certainly about, and the sign of them, if it is only about that."""
    action = _ACTION.search(words + " ", 0, _BEFORE_ACTION)
    target = words[action.end() :] if action else ""
    signs = _SIGNS.match(target)
    target = target[signs.end() :] if signs else target
    itch = _ITCH.match(target)
    target = target[itch.end() :] if itch else target
    people = _PEOPLE_WITH.match(target)
    target = target[people.end() :] if people else target
    sign = itch["sign"].lower() if itch else ""
    if title and _names(target or words, title) and not _OTHER_AIM.search(words):
        return [title], sign
    return ([] if itch and not people else names_at(target)), sign


def _names(target: str, title: str) -> bool:
    """Return whether a statement about a disease names the title; the title must be the name of a disease itself."""
    return is_name(title) and _plain(title) in _plain(target)


def _plain(text: str) -> str:
    return re.sub(r"[\s-]+", " ", text.replace("\u2019", "'")).lower()


def _populations(words: str, disease: str, sentence: str, *, sign: bool) -> Iterator[dict[str, Any]]:
    limits: dict[str, Any] = {}
    severity = [] if sign else severity_of(words, disease)
    if severity:
        limits["severity"] = severity
    if weight := _WEIGHT.search(words):
        limits["minWeightKg"] = Decimal(weight["least"] or weight["more"])
    if prior := _PRIOR.search(words):
        limits["priorTherapy"] = Mention("Treatment", [f"{prior['kind'].lower()} treatments"])
        limits["priorTherapyOutcome"] = "InadequateOrNotAdvisable"
    if _says_more(words, disease, sign=sign):
        limits["note"] = words[:500]
    for one in [age.values() for age in populations(sentence)] or [{}]:
        if one or limits:
            yield {"type": "Population", **one, **limits}


def severity_of(words: str, disease: str) -> list[str]:
    """Return Mild, Moderate, Severe as far as they stand before the name of the disease, at most three words away."""
    for found in _SEVERITY.finditer(words):
        between = found["rest"].lower().partition(disease.lower())
        if between[1] and len(between[0].split()) <= 3 and "," not in between[0]:
            first, last = found["from"].title(), (found["until"] or found["from"]).title()
            if "to" in (found["to"] or "").lower():
                return list(_SEVERITIES[_SEVERITIES.index(first) : _SEVERITIES.index(last) + 1])
            return sorted({first, last}, key=_SEVERITIES.index)
    return []


def _says_more(words: str, disease: str, *, sign: bool) -> bool:
    """Return whether the statement limits the use by more than the ages, the severity and the name that were read."""
    rest = list(words)
    for one in find_ages(words):
        rest[one.start : one.end] = " " * (one.end - one.start)
    left = re.sub(re.escape(disease), " ", "".join(rest), flags=re.IGNORECASE)
    left = re.sub(r"\([^)]*\)", " ", _WEIGHT.sub(" ", left))
    left = left if sign else _SEVERITY.sub(" ", left)
    return any(not _PLAIN.fullmatch(word) for word in re.findall(r"[A-Za-z]{2,}", left))
