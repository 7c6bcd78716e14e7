"""Age limits in the words of labels and summaries of product characteristics, as months.

A range is half-open: from `minimum` months (included) to `maximum` months (excluded). "12 to 17 years" counts completed
years and so ends at 18 years; "less than 2 years" ends at 2 years; "adults" begin at 18 years. A number is an age only
with a sign of it ("aged", "of age", "years and older", "children 6 to 11 years"), so that the length of a treatment or
trial is none. Limits in weeks or days are not read: months cannot say them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ADULT = 18 * 12
_OLDEST = 150 * 12

_WORDS = {
    word: number
    for number, word in enumerate(
        (
            "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
            "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
        ),
        start=1,
    )
}  # fmt: skip
_NUMBER = rf"(?:(?<![\d.,])\d{{1,3}}(?![\d.,]*\d)|\b(?:{'|'.join(_WORDS)})\b)"
_ANY_NUMBER = re.compile(_NUMBER, re.IGNORECASE)
_UNIT = r"(?:years?|yrs?|months?)\b"
_GAP = r"[\s\u00a0-]{0,5}"
_OF_AGE = r"(?:[\s-]+(?:of[\s-]+age|olds?)\b)"
_YOUNG = r"(?:pa?ediatric|child|infant|toddler|adolescent|teenager|neonate|newborn)"
# Words that may stand straight before an age: who has it, or that it is one.
_WHO = (
    rf"(?:(?:\b(?:{_YOUNG}(?:s|ren)?|patients?|subjects?|participants?|adults?|persons?|people|individuals?|those|boys?|"
    r"girls?|males?|females?|men|women)\b[\s,(]{0,5}){1,3})"
)
_AGED = r"(?:(?:who are[\s]+)?(?:\baged?|\bages|\bbetween the ages of|\bthe ages? of)\b[\s:]{0,5})"
_TO = rf"(?P<to>{_GAP}(?:\bto\b|\bthrough\b|\band\b|[-\u2010-\u2015])\s*)"
_BELOW = r"(?:less than|below|under|younger than|<)\s*"
_OLDER = r"(?:older|over|above|up|upwards?|greater)\b"
_YOUNGER = r"(?:younger|under|below|less)\b"

_RANGE = re.compile(
    rf"(?P<who>{_WHO})?(?P<aged>{_AGED})?(?P<from>(?:from|between|of)\s+)?(?P<aged2>{_AGED})?"
    rf"(?:(?:\u2265|>=)\s*)?(?P<low>{_NUMBER})(?:{_GAP}(?P<unit>{_UNIT}))?{_OF_AGE}?"
    rf"{_TO}(?P<less>{_BELOW})?(?P<high>{_NUMBER})(?:{_GAP}(?P<unit2>{_UNIT}))?(?P<suffix>{_OF_AGE})?",
    re.IGNORECASE,
)
_FROM_ON = re.compile(
    rf"(?P<who>{_WHO})?(?P<aged>{_AGED})?(?P<low>{_NUMBER})(?:{_GAP}(?P<unit>{_UNIT}))?{_OF_AGE}?[\s,]*"
    rf"(?:(?:and|or|&)\s+{_OLDER})",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(
    rf"(?P<who>{_WHO})?(?P<aged>{_AGED})?(?P<sign>\u2265|>=|>|at least|over|above|older than|greater than|more than|"
    rf"from|starting (?:at|from)|beginning at)\s*(?P<aged2>{_AGED})?(?P<low>{_NUMBER}){_GAP}(?P<unit>{_UNIT})"
    rf"(?P<suffix>{_OF_AGE})?",
    re.IGNORECASE,
)
_UP_TO_NOW = re.compile(
    rf"(?P<who>{_WHO})?(?P<aged>{_AGED})?(?P<high>{_NUMBER})(?:{_GAP}(?P<unit>{_UNIT}))?{_OF_AGE}?[\s,]*"
    rf"(?:(?:and|or|&)\s+{_YOUNGER})",
    re.IGNORECASE,
)
_AT_MOST = re.compile(
    rf"(?P<who>{_WHO})?(?P<aged>{_AGED})?(?P<sign>\u2264|<=|<|less than|under|below|younger than|"
    rf"up to(?: and including)?)\s*(?P<aged2>{_AGED})?(?P<high>{_NUMBER}){_GAP}(?P<unit>{_UNIT})(?P<suffix>{_OF_AGE})?",
    re.IGNORECASE,
)
_ADULTS = re.compile(r"\badults?\b(?![\s-]*onset)", re.IGNORECASE)
_COMPARED = re.compile(r"\b(?:older|above|younger|below)$", re.IGNORECASE)
_YOUNGER_THAN = re.compile(r"(?:older|younger) than", re.IGNORECASE)
_NO_AGE = re.compile(r"[\s-]*(?:weeks?|days?|hours?|times?|k?g|mg|%)", re.IGNORECASE)
_OTHER_TIME = re.compile(r"\s+(?:after|before|following|prior|post|later|ago|of\s+(?!age))", re.IGNORECASE)
_CHILDREN = re.compile(rf"\b{_YOUNG}(?:s|ren)?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AgeRange:
    """Ages that a text names.

    Args:
        minimum: months, included; None where the text sets no lower limit.
        maximum: months, excluded; None where the text sets no upper limit.
        start: offset of the first character of the words.
        end: offset after their last character.
    """

    minimum: int | None
    maximum: int | None
    start: int
    end: int

    def values(self) -> dict[str, int]:
        """Return the keys of a population: minAgeMonths and maxAgeMonths, as far as there are limits."""
        limits = {"minAgeMonths": self.minimum, "maxAgeMonths": self.maximum}
        return {key: value for key, value in limits.items() if value is not None}


def find_ages(text: str) -> list[AgeRange]:
    """Return every age range that the text names, in its order.

    "Adults" is from 18 years; "children" without a number, and the like, is a range without limits. The text should be
    one clause that says for whom: what it denies ("not for children under 2 years") is found just the same.
    """
    found: list[AgeRange] = []
    forms = (_RANGE, _FROM_ON, _AT_LEAST, _UP_TO_NOW, _AT_MOST) if _ANY_NUMBER.search(text) else ()
    for form in forms:
        for match in form.finditer(text):
            one = _read(match)
            if one and not any(one.start < other.end and other.start < one.end for other in found):
                found.append(one)
    for form, minimum in ((_ADULTS, ADULT), (_CHILDREN, None)):
        for match in form.finditer(text):
            if not any(other.start <= match.start() < other.end for other in found):
                found.append(AgeRange(minimum, None, *match.span()))
    return sorted(found, key=lambda one: one.start)


def populations(text: str) -> list[AgeRange]:
    """Return the ages for which a clause speaks, joined where they meet; an empty list is no limit that can be told.

    A bare "children" takes its limits from those that the same text gives for children ("for adults and, of 0.03%, for
    children aged 2 to 15 years, is indicated in adults and children who ..."); without any it has none.
    """
    found = find_ages(text)
    limited = [one for one in found if one.values()]
    if len(limited) < len(found) and not any(one.minimum is None or one.minimum < ADULT for one in limited):
        return []
    return list(_joined(sorted(limited, key=lambda one: (one.minimum or 0, one.start))))


def _joined(ranges: Sequence[AgeRange]) -> Iterator[AgeRange]:
    """Join ranges that overlap or touch; they come by their minimum."""
    current: AgeRange | None = None
    for one in ranges:
        if current is None:
            current = one
        elif current.maximum is None or (one.minimum or 0) <= current.maximum:
            ends = [current.maximum, one.maximum]
            maximum = None if None in ends else max(end for end in ends if end is not None)
            start, end = min(current.start, one.start), max(current.end, one.end)
            current = AgeRange(current.minimum, maximum, start, end)
        else:
            yield current
            current = one
    if current and current.values():
        yield current


def _read(match: re.Match[str]) -> AgeRange | None:
    """Return what a form says, or None where the number is no age."""
    part = {key: value or "" for key, value in match.groupdict().items()}
    unit, last = part["unit"], part.get("unit2", "")
    if not _is_age(match, part):
        return None
    low = _months(part["low"], unit or last or "years") if "low" in part else None
    high = _months(part["high"], last or unit or "years") if "high" in part else None
    sign = part.get("sign", "").lower()
    excluded = bool(part.get("less")) or (bool(sign) and not sign.startswith(("up to", "\u2264", "<=")))
    if high is not None and not excluded:
        # Completed years or months: 17 years lasts until the 18th birthday.
        high += _months("1", last or unit or "years")
    if low is None and high is not None and re.match(r"adult", part["who"], re.IGNORECASE):
        low = ADULT
    if high is not None and not (low or 0) < high:
        return None
    if max(low or 0, high or 0) > _OLDEST:
        return None
    return AgeRange(low, high, *_without_outer_spaces(match))


def _is_age(match: re.Match[str], part: dict[str, str]) -> bool:
    """Return whether something beside the number says that it is an age."""
    aged = bool(part.get("aged") or part.get("aged2"))
    rest = match.string[match.end() :]
    if part.get("to", "").strip().lower() == "and" and not part["from"] and "between" not in part["aged"]:
        return False
    if not (part["unit"] or part.get("unit2")):
        return aged and not _NO_AGE.match(rest)
    if aged or re.search(_OF_AGE, match[0], re.IGNORECASE) or _YOUNGER_THAN.fullmatch(part.get("sign", "")):
        return True
    if match.re in {_FROM_ON, _UP_TO_NOW} and _COMPARED.search(match[0]):
        return True
    return bool(part["who"]) and not _OTHER_TIME.match(rest)


def _months(number: str, unit: str) -> int:
    count = int(number) if number.isdecimal() else _WORDS[number.lower()]
    return count if unit.lower().startswith("month") else count * 12


def _without_outer_spaces(match: re.Match[str]) -> tuple[int, int]:
    start = match.start() + len(match[0]) - len(match[0].lstrip(" \t\r\n\u00a0-,("))
    return start, match.end() - len(match[0]) + len(match[0].rstrip())
