"""CURIEs through `curies`, with a frozen map: `ontology/prefixes.epm.json`.

The file is an extended prefix map: the prefixes of `ontology/context.jsonld` (their home; a test holds the two equal)
with other spellings that are read but never written. `curies` takes most of a second to import, so only the commands
under `treatkg link` use it; `namespaces.expand` and `shorten` do without.
"""

from __future__ import annotations

import functools
import json

import curies

from treatkg import resources

FILE = resources.ONTOLOGY / "prefixes.epm.json"


@functools.cache
def converter() -> curies.Converter:
    """Return the converter of the frozen prefix map."""
    return curies.Converter.from_extended_prefix_map(json.loads(FILE.read_text(encoding="utf-8")))


def curie(iri: str) -> str:
    """Return an IRI of any known spelling as a CURIE; another IRI as it is."""
    return converter().compress(iri) or iri
