"""How the product of a label is named, so that no fact about a combination is put on one of its substances."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from treatkg.loading.items import Mention
from treatkg.loading.text.contraindications import Product
from treatkg.terms import normalise

_ROUTES = {
    "TOPICAL": "CutaneousRoute",
    "CUTANEOUS": "CutaneousRoute",
    "ORAL": "OralRoute",
    "SUBCUTANEOUS": "SubcutaneousRoute",
    "INTRAVENOUS": "IntravenousRoute",
    "INTRAMUSCULAR": "IntramuscularRoute",
    "SUBLINGUAL": "SublingualRoute",
}
_LICENCE = re.compile(r"(?:NDA|ANDA|BLA)\s*[0-9]+", re.IGNORECASE)
_UNII = re.compile(r"[A-Z0-9]{10}")


def product(brands: Sequence[str], generics: Sequence[str], substances: Sequence[str], uniis: Iterable[str]) -> Product:
    """Return the product of a label.

    Args:
        brands: proprietary names.
        generics: non-proprietary names, as the product has them.
        substances: names of the active substances.
        uniis: their UNIIs.

    The identifier of a substance stands for the product only where it is the only active one; of several, none lends
    its name or identifier to the product.
    """
    codes = {code for code in uniis if _UNII.fullmatch(code)}
    several = len(codes) > 1 or len({normalise(name) for name in substances}) > 1
    names = _distinct([*brands, *generics])
    if several:
        alone = {normalise(name) for name in substances}
        names = [name for name in names if normalise(name) not in alone] or [" and ".join(_distinct(substances))]
    names = names or _distinct(substances)
    ids = [f"unii:{code}" for code in codes] if len(codes) == 1 and not several else []
    return Product(Mention("Treatment", names, ids), _distinct([*names, *brands, *generics, *substances]))


def route(names: Iterable[str]) -> str:
    """Return the route where a label has just one that the vocabulary knows, else an empty text."""
    found = {name.strip().upper() for name in names if name.strip()}
    return _ROUTES.get(next(iter(found)), "") if len(found) == 1 else ""


def is_licence(number: str) -> bool:
    """Return whether a number is that of an application that the FDA approved (NDA, ANDA, BLA); a monograph is none."""
    return bool(_LICENCE.fullmatch(number.strip()))


def title(brands: Sequence[str], generics: Sequence[str]) -> str:
    """Return "Brand (substance)", or the one name that there is."""
    names = _distinct([*brands[:1], *generics[:1]])
    return f"{names[0]} ({names[1]})" if len(names) == 2 else next(iter(names), "")


def _distinct(names: Iterable[str]) -> list[str]:
    known: dict[str, str] = {}
    for name in names:
        if name.strip():
            known.setdefault(normalise(name), name.strip())
    return list(known.values())
