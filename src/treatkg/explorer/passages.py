"""Links that land on the passage of a source (URL fragment text directives, WICG scroll-to-text-fragment)."""

from __future__ import annotations

from urllib.parse import quote

from treatkg import namespaces


def address_of(reference: str) -> str:
    """Return the web address of a source given as an address, IRI or CURIE (DOI:10.1056/...); empty if it has none."""
    prefix, colon, _ = reference.partition(":")
    known = colon and prefix in namespaces.prefixes()
    address = namespaces.expand(reference) if known and prefix not in ("http", "https") else reference
    return address if address.startswith(("https://", "http://")) and not address.startswith(namespaces.BASE) else ""


def passage(reference: str, anchor: str) -> str:
    """Return the address of a source, with the words that a browser shall look for there; empty if it has none."""
    address = address_of(reference)
    if not address or not anchor:
        return address
    # A hyphen ends a prefix of the directive, and `quote` leaves it as it is.
    words = quote(" ".join(anchor.split()), safe="").replace("-", "%2D")
    return f"{address}{'' if '#' in address else '#'}:~:text={words}"
