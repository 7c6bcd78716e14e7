"""Trusty URIs of nanopublications: identifiers that hold a hash of what they identify (module RA, for RDF).

The statements of a nanopublication are put in order, with a space where its own hash will stand, and hashed by SHA-256;
the hash, 43 characters of URL-safe base64, is written into every IRI of the nanopublication.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

import pyoxigraph as ox

_MODULE = "RA"
_PLACE = " "
_LineKey = tuple[str, str, str, bool, str, str, str]


def artifact_code(quads: Iterable[ox.Quad], draft: str) -> str:
    """Return the code of a nanopublication: `RA` and 43 characters.

    Args:
        quads: its statements, all in named graphs and without blank nodes.
        draft: the IRI that stands for it in the statements, with a last segment of its own; its parts are `draft#...`.
    """
    text = "".join(map(_lines, sorted({_key(quad, draft) for quad in quads})))
    digest = hashlib.sha256(text.encode()).digest()
    return _MODULE + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _key(quad: ox.Quad, draft: str) -> _LineKey:
    def named(term: object) -> str:
        iri = term.value if isinstance(term, ox.NamedNode) else ""
        own = iri == draft or iri.startswith(draft + "#")
        return draft.rpartition("/")[0] + "/" + _PLACE + iri.removeprefix(draft) if own else iri

    place = (named(quad.graph_name), named(quad.subject), named(quad.predicate))
    if not isinstance(quad.object, ox.Literal):
        return (*place, False, named(quad.object), "", "")
    language = quad.object.language or ""
    return (*place, True, quad.object.value, "" if language else quad.object.datatype.value, language)


def _lines(key: _LineKey) -> str:
    name, subject, prop, is_literal, value, datatype, language = key
    if is_literal:
        escaped = value.replace("\\", "\\\\").replace("\n", "\\n")
        value = f"@{language.lower()} {escaped}" if language else f"^{datatype} {escaped}"
    return f"{name}\n{subject}\n{prop}\n{value}\n"
