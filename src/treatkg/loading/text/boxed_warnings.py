"""The risks that the heading of a boxed warning names."""

from __future__ import annotations

import re

from treatkg.loading.items import Mention
from treatkg.loading.text.pieces import pieces, without_references

_HEADING = re.compile(
    r"\s*(?:\[?boxed warning\]?\s*[:.-]?\s*)?(?:WARNINGS?\s*[:.\u2013-]\s*)?"
    r"(?P<risks>[A-Z][A-Z0-9 ,;/()&'\u2019\u2013-]{3,200}?)"
    r"(?=\s+(?:[A-Z][a-z]|A\s+[a-z]|See\b|\[|\((?:see\b|\d))|\s*[.:\u2022\n]|\s*$)"
)
_PREFIX = re.compile(r"^(?:(?:BOXED\s+)?WARNINGS?\s*[:.\u2013-]?\s*)+", re.IGNORECASE)
# Standard phrases of such headings and what they mean here; others are kept in their own words.
_RISKS = {
    "serious infections": "tkg:SeriousInfectionRisk",
    "serious infection": "tkg:SeriousInfectionRisk",
    "risk of serious infections": "tkg:SeriousInfectionRisk",
    "mortality": "tkg:MortalityRisk",
    "increased mortality": "tkg:MortalityRisk",
    "malignancy": "tkg:MalignancyRisk",
    "malignancies": "tkg:MalignancyRisk",
    "major adverse cardiovascular events": "tkg:MajorAdverseCardiovascularEvents",
    "major adverse cardiovascular events (mace)": "tkg:MajorAdverseCardiovascularEvents",
    "thrombosis": "tkg:ThrombosisRisk",
    "embryo-fetal toxicity": "tkg:EmbryoFetalToxicityRisk",
    "fetal toxicity": "tkg:EmbryoFetalToxicityRisk",
}


def heading(text: str, title: str = "") -> tuple[str, int, int]:
    """Return the words of the heading that name risks, and where they stand in the text; ("", 0, 0) without a heading.

    Args:
        text: of the section, which begins with its heading.
        title: the heading, where the source marks it as such; the text then begins with it.
    """
    if title:
        words = _PREFIX.sub("", title).strip()
        begin = text.find(words) if words else -1
        return (words, begin, begin + len(words)) if begin >= 0 else ("", 0, 0)
    found = _HEADING.match(text)
    words = _without_next(_PREFIX.sub("", found["risks"]).strip()) if found else ""
    if not words or words.lower() in {"warning", "warnings"}:
        return "", 0, 0
    begin = text.index(words)
    return words, begin, begin + len(words)


def _without_next(words: str) -> str:
    """Return a heading without that of the first part of the box, which follows in capitals too."""
    for found in re.finditer(r"\s+", words):
        before, after = words[: found.start()], words[found.end() :]
        if after.lower() in _RISKS and re.split(r",\s*(?:and\s+)?|\s+and\s+", before.lower())[-1] in _RISKS:
            return before
    return words


def risks(words: str) -> list[str | Mention]:
    """Return the risks of a heading: terms where every part is a phrase that is known, else one in its own words."""
    parts = [
        part.strip(" ,;.").lower()
        for part in re.split(r",\s*(?:and\s+)?|;\s*(?:and\s+)?|\s+and\s+", words, flags=re.IGNORECASE)
    ]
    known = [_RISKS[part] for part in parts if part in _RISKS]
    if parts and len(known) == len(parts):
        return list(dict.fromkeys(known))
    return [Mention("Thing", [words])]


def first_sentence(text: str) -> tuple[str, int, int]:
    """Return the first sentence that says anything, for a box without a heading."""
    for piece in pieces(text):
        words = _PREFIX.sub("", without_references(piece.text)).strip()
        if len(words.split()) > 2:
            return words[:300], piece.start, piece.end
    return "", 0, 0
