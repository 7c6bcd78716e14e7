"""Mappings as SSSOM: those of treatments, substances and groups are written, all others are SSSOM already."""

from __future__ import annotations

from collections.abc import Iterator

from treatkg import mappings
from treatkg.publishing.content import Content
from treatkg.publishing.formats import Output


def outputs(content: Content) -> Iterator[Output]:
    """Write every mapping set, those of the ontology as they are."""
    for file in sorted(mappings.FOLDER.glob("*.sssom.tsv")):
        if file.name != mappings.GENERATED:
            yield Output(file.name, file.read_bytes())
    yield Output(mappings.GENERATED, mappings.write_drugs(content.curated))
