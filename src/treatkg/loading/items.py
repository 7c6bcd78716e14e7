"""What a transform yields: documents, their sections, facts with the passage they stand in, things, and skips.

The keys and values of facts and things are those of the curated files (`ontology/context.jsonld`, and
`ontology/loading.jsonld` for what only loaded data has), so one context reads both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a source as its reader found it.

    Args:
        data: the record in Python's types (dict, list, str ...), numbers and ids as the format writes them.
        where: its place in the file, for messages and as default locator ("results[3]", "line 12").
        header: what the file says of itself once, such as its date; the same for all records of a file.
        kind: which of several kinds of record of the format this is.
    """

    data: Any
    where: str
    header: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A version of a document of the source; what is yielded after it, up to the next one, stands in it.

    Args:
        key: what stays the same from version to version (set id, NCT number, accession, row id).
        version: the version; of two, the one that sorts higher (numbers as numbers) is newer. Without it, the
            version of the source counts.
        title: its title, as the source gives it.
        date: day of this version, YYYY-MM-DD (see `dates`); without it, the day of the source's version.
        precision: Month or Year where `date` was made from less than a day.
        url: where a person can read it.
        values: further keys, such as sourceType where it is not that of source.yaml.
    """

    key: str
    title: str
    version: str = ""
    date: str = ""
    precision: str = ""
    url: str = ""
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """Text of the document that facts are located in.

    Args:
        name: short and stable within the document, lower case ("contraindications", "adverse-reactions-2").
        kind: a concept of tkg:SectionKind ("ContraindicationsText").
        locator: as a person would cite it ("4 Contraindications").
        text: verbatim; offsets count its characters.
    """

    name: str
    kind: str
    locator: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a fact stands.

    Args:
        locator: as a person would cite it ("column Therapeutic indication", "mechanism[4]").
        quote: the words of the source, verbatim; at most 2,000 characters.
        section: the name of the section of this document that holds it.
        start: offset of its first character in the section's text.
        end: offset after its last character.
        evidence_type: an ECO id where it is not that of source.yaml.
        direction: Supports, Contradicts or Insufficient.
    """

    locator: str
    quote: str = ""
    section: str = ""
    start: int | None = None
    end: int | None = None
    evidence_type: str = ""
    direction: str = "Supports"


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that the source names, to be found in the graph by its identifiers, else by its names.

    Args:
        kind: Treatment (also substance or group), Disease, Phenotype, Protein, ProteinFamily, ProteinComplex,
            BiologicalProcess, Pathway, CellType or Thing (of no class that the graph knows).
        names: as the source writes them, the most specific first (brand, then substance).
        ids: CURIEs with the prefixes of `ontology/context.jsonld` and `ontology/loading.jsonld`.
    """

    kind: str
    names: Sequence[str] = ()
    ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Own:
    """A `Thing` of the same document as a value, by the id (without a colon) under which the document has it."""

    id: str


@dataclass(frozen=True, slots=True)
class DayOfVersion:
    """As a value: the day of the document's version, for what is only known to hold in that version."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement.

    Args:
        type: the class of the fact ("Indication"); one of `gives` of source.yaml.
        name: the rest of its id, unique and stable within the document ("indication/atopic-dermatitis-1").
        label: what it states, in plain words.
        values: its keys; a value is text, a number, a bool, a `Mention`, an `Own`, a `DayOfVersion`, a nested node (a
            dict with "type"), or a list.
        passages: where it stands, one or more.
    """

    type: str
    name: str
    label: str
    values: Values
    passages: Sequence[Passage]


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing that the source itself defines: a trial, an arm, a protein, a term of an ontology.

    Args:
        id: a CURIE or an IRI; an id without a colon is made part of the document's.
        types: classes.
        values: its keys, as those of a fact.
    """

    id: str
    types: Sequence[str]
    values: Values


@dataclass(frozen=True, slots=True)
class Skip:
    """A record, or a part of it, that gives no fact; the report counts the reasons."""

    reason: str
    where: str = ""


Item = Document | Section | Fact | Thing | Skip
