"""Mappings as SSSOM: `ontology/mappings/*.sssom.tsv` are read into `skos` triples.

The matches of treatments, substances and groups stand in their curated files, and `drugs.sssom.tsv` is written from
these; every other mapping has its home in the folder. This reader is small so that nothing heavy is imported at start;
the tests hold the files against sssom-py and its schema.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import yaml

from treatkg import namespaces, resources
from treatkg.errors import BadInputError, StorageError, did_you_mean

FOLDER = resources.ONTOLOGY / "mappings"
GENERATED = "drugs.sssom.tsv"
# Prefixes that SSSOM needs beside those of the context, where our own ids are relative to the base.
EXTRA_PREFIXES = {"treatkg": namespaces.BASE, "semapv": "https://w3id.org/semapv/vocab/"}
PREDICATES = tuple(f"skos:{kind}Match" for kind in ("exact", "close", "broad", "narrow", "related"))
_REQUIRED = ("subject_id", "predicate_id", "object_id", "mapping_justification", "confidence")
_METADATA = ("mapping_set_id", "mapping_set_version", "license", "curie_map")
_LICENSE = "https://creativecommons.org/licenses/by/4.0/"
_NOT = "Not"


@dataclass(frozen=True)
class Mapping:
    """One mapping; subject, predicate and object are IRIs, `negative` says that they do not match."""

    subject: str
    predicate: str
    object: str
    subject_label: str
    object_label: str
    confidence: float
    file: Path
    line: int
    negative: bool = False

    def triple(self) -> ox.Triple:
        """Return the mapping as one SKOS statement."""
        return ox.Triple(ox.NamedNode(self.subject), ox.NamedNode(self.predicate), ox.NamedNode(self.object))


def prefixes() -> dict[str, str]:
    """Return prefix -> namespace of every CURIE in the mappings."""
    return namespaces.prefixes() | EXTRA_PREFIXES


def read_all(folder: Path = FOLDER) -> list[Mapping]:
    """Read the mappings that have their home in the folder (not the file that is generated).

    Raises:
        BadInputError: a file is not SSSOM as it is written here, or one mapping stands twice.
    """
    found: dict[tuple[str, str], Mapping] = {}
    for file in sorted(folder.glob("*.sssom.tsv")):
        for mapping in [] if file.name == GENERATED else read_file(file):
            other = found.setdefault((mapping.subject, mapping.object), mapping)
            if other is not mapping:
                raise BadInputError(f"{file}:{mapping.line}: the same pair stands in {other.file}:{other.line}")
    return list(found.values())


@functools.cache
def triples(folder: Path = FOLDER) -> frozenset[ox.Triple]:
    """Return the SKOS statements of the folder; what is said not to match gives none."""
    return frozenset(mapping.triple() for mapping in read_all(folder) if not mapping.negative)


def read_file(file: Path) -> list[Mapping]:
    """Read one mapping set.

    Raises:
        StorageError: the file cannot be read.
        BadInputError: with file, line and what is wrong.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{file}: cannot be read ({error})") from error
    head = sum(1 for line in lines if line.startswith("#"))
    curie_map = _curie_map(file, lines[:head])
    if len(lines) <= head:
        raise BadInputError(f"{file}:{head + 1}: no table after the head (# lines)")
    columns = lines[head].split("\t")
    for name in _REQUIRED:
        if name not in columns:
            raise BadInputError(f'{file}:{head + 1}: the column "{name}" is missing')
    return [
        _read_row(file, number, columns, line, curie_map)
        for number, line in enumerate(lines[head + 1 :], start=head + 2)
    ]


def _curie_map(file: Path, head: list[str]) -> dict[str, str]:
    try:
        metadata: Any = yaml.load("\n".join(line.removeprefix("#") for line in head), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise BadInputError(f"{file}: the head (# lines) is not valid YAML: {error}") from error
    for key in _METADATA:
        if not isinstance(metadata, dict) or key not in metadata:
            raise BadInputError(f'{file}: the head (# lines) needs "{key}"')
    curie_map: dict[str, str] = metadata["curie_map"]
    for prefix, namespace in curie_map.items():
        if prefixes().get(prefix) != namespace:
            expected = prefixes().get(prefix, f"unknown here{did_you_mean(prefix, prefixes())}")
            raise BadInputError(f'{file}: curie_map says {prefix} is "{namespace}"; it is {expected}')
    return curie_map


def _read_row(file: Path, number: int, columns: list[str], line: str, curie_map: dict[str, str]) -> Mapping:
    where = f"{file}:{number}"
    cells = line.split("\t")
    if len(cells) != len(columns):
        raise BadInputError(f"{where}: {len(cells)} cells under {len(columns)} columns")
    row = dict(zip(columns, cells, strict=True))
    if row["predicate_id"] not in PREDICATES:
        hint = did_you_mean(row["predicate_id"], PREDICATES)
        raise BadInputError(f'{where}: "{row["predicate_id"]}" is not one of {", ".join(PREDICATES)}{hint}')
    try:
        confidence = float(row["confidence"])
    except ValueError:
        confidence = -1.0
    if not 0 <= confidence <= 1:
        raise BadInputError(f'{where}: confidence is a number from 0 to 1, not "{row["confidence"]}"')
    _expand(row["mapping_justification"], curie_map, where)
    return Mapping(
        subject=_expand(row["subject_id"], curie_map, where),
        predicate=_expand(row["predicate_id"], curie_map, where),
        object=_expand(row["object_id"], curie_map, where),
        subject_label=row.get("subject_label", ""),
        object_label=row.get("object_label", ""),
        confidence=confidence,
        file=file,
        line=number,
        negative=row.get("predicate_modifier") == _NOT,
    )


def _expand(curie: str, curie_map: dict[str, str], where: str) -> str:
    prefix, colon, local = curie.partition(":")
    if not colon or not local or prefix not in curie_map:
        raise BadInputError(f'{where}: "{curie}" is not a CURIE of the curie_map{did_you_mean(prefix, curie_map)}')
    try:
        return ox.NamedNode(curie_map[prefix] + local).value
    except ValueError as error:
        raise BadInputError(f'{where}: "{curie}" is not an IRI: {error}') from error


def curie(iri: str) -> str:
    """Return an IRI as a CURIE of the mappings; our own ids begin with "treatkg:"."""
    if iri.startswith(namespaces.BASE):
        return "treatkg:" + iri.removeprefix(namespaces.BASE)
    table = sorted(prefixes().items(), key=lambda item: -len(item[1]))
    return next((f"{prefix}:{iri.removeprefix(space)}" for prefix, space in table if iri.startswith(space)), iri)


def matches(statements: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Return the SKOS matches among triples, in a fixed order."""
    wanted = {namespaces.expand(predicate) for predicate in PREDICATES}
    return sorted((t for t in statements if t.predicate.value in wanted), key=str)


def write_drugs(statements: Iterable[ox.Triple]) -> bytes:
    """Write the matches of treatments, substances and groups as a mapping set of the dataset's version.

    Args:
        statements: the triples of the curated files.
    """
    everything = list(statements)
    header = (namespaces.DATASET, namespaces.SCHEMA + "version")
    versions = [t.object for t in everything if (t.subject, t.predicate) == tuple(map(ox.NamedNode, header))]
    version = next((value.value for value in versions if isinstance(value, ox.Literal)), "")
    labels = {
        t.subject.value: t.object.value
        for t in everything
        if t.predicate.value == namespaces.RDFS + "label"
        and isinstance(t.subject, ox.NamedNode)
        and isinstance(t.object, ox.Literal)
    }
    rows = []
    for match in matches(everything):
        if isinstance(match.subject, ox.NamedNode) and isinstance(match.object, ox.NamedNode):
            subject, predicate, target = (curie(t.value) for t in (match.subject, match.predicate, match.object))
            # A curator chose "exact" or "close"; the number says no more than that.
            confidence = "0.95" if predicate == PREDICATES[0] else "0.8"
            label = labels.get(match.subject.value, "")
            justification = "semapv:ManualMappingCuration"
            rows.append([subject, label, predicate, target, justification, "The TreatKG authors", confidence])
    used = {cell.partition(":")[0] for row in rows for cell in (row[0], row[2], row[3], row[4])}
    return _document(rows, {prefix: prefixes()[prefix] for prefix in sorted(used)}, version)


def _document(rows: list[list[str]], curie_map: dict[str, str], version: str) -> bytes:
    metadata = {
        "mapping_set_id": "https://w3id.org/treatkg/mappings/drugs",
        "mapping_set_version": version,
        "mapping_set_title": "Treatments, substances and groups of TreatKG in other vocabularies",
        "mapping_set_description": "Written by `treatkg export sssom` from data/curated/: edit the matches there.",
        "license": _LICENSE,
        "creator_label": ["The TreatKG authors"],
        "curie_map": curie_map,
    }
    head = yaml.dump(metadata, sort_keys=False, allow_unicode=True, width=1000)
    columns = ["subject_id", "subject_label", "predicate_id", "object_id", "mapping_justification", "author_label"]
    lines = [f"# {line}" for line in head.splitlines()]
    lines += ["\t".join([*columns, "confidence"]), *("\t".join(row) for row in sorted(rows))]
    return ("\n".join(lines) + "\n").encode()
