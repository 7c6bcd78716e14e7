"""Tables of identifiers to check against: a folder of TSV files, or the imports of the ontology."""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from treatkg import namespaces, resources
from treatkg.errors import BadInputError, StorageError
from treatkg.graph import iri_of, parse_file

Wanted = Mapping[str, Iterable[str]]


@dataclass(frozen=True)
class Entry:
    """What a table says of an identifier: its names (the preferred one first), and what became of it."""

    names: tuple[str, ...]
    obsolete: bool = False
    replaced_by: str = ""
    unordered: bool = False


@dataclass(frozen=True)
class Table:
    """A TSV file of a reference folder: which columns hold what, and whether it lists every identifier.

    `key` may hold several identifiers, `names` several names, each separated by "|"; the first name is the preferred
    one, unless the names are `unordered`. `form` is how the file writes a local identifier. `merged` lists identifiers
    that became the one of the row.
    """

    prefix: str
    file: str
    key: str
    names: tuple[str, ...]
    complete: bool = False
    obsolete: str = ""
    merged: str = ""
    form: str = "{}"
    unordered: bool = False


# HGNC names genes, not their proteins, and may name a protein as UniProt never does.
_GENE = ("symbol", "name", "alias_symbol", "prev_symbol")
TABLES = (
    Table("MONDO", "mondo.tsv", "id", ("label",), complete=True, obsolete="obsolete", form="MONDO:{}"),
    Table("DOID", "doid.tsv", "id", ("label",), complete=True, form="DOID:{}"),
    Table("HP", "hp.tsv", "id", ("label",), obsolete="obsolete", form="HP:{}"),
    Table("CL", "cl.tsv", "id", ("label", "exact_synonyms"), complete=True, obsolete="obsolete", form="CL:{}"),
    Table("GO", "go.tsv", "id", ("label",), obsolete="obsolete", form="GO:{}"),
    Table("UBERON", "uberon.tsv", "id", ("label",), form="UBERON:{}"),
    Table("uniprot", "hgnc.tsv", "uniprot_ids", _GENE, unordered=True),
    Table("hgnc", "hgnc.tsv", "hgnc_id", _GENE, complete=True, form="HGNC:{}"),
    Table("ncbigene", "hgnc.tsv", "entrez_id", _GENE),
    Table("ensembl", "hgnc.tsv", "ensembl_gene_id", _GENE),
    Table("chembl.target", "chembl_target_human.tsv", "chembl_id", ("name",), complete=True),
    Table("chembl.compound", "chembl_compound.tsv", "chembl_id", ("name",)),
    Table("drugbank", "drugbank.tsv", "drugbank_id", ("name", "synonyms"), complete=True, merged="secondary_ids"),
    Table("unii", "unii.tsv", "unii", ("names",), unordered=True),
    Table("CHEBI", "chebi.tsv", "id", ("names",), form="CHEBI:{}", unordered=True),
    Table("drugcentral", "drugcentral.tsv", "id", ("name",)),
    Table("rxnorm", "rxnorm.tsv", "rxcui", ("names",), unordered=True),
    Table("atc", "atc.tsv", "code", ("name",), complete=True),
    Table("mesh", "mesh.tsv", "id", ("names",), unordered=True),
    Table("NCIT", "ncit.tsv", "id", ("names",), unordered=True),
    Table("umls", "umls.tsv", "cui", ("names",), unordered=True),
    Table("reactome", "reactome_human.tsv", "id", ("name",), complete=True),
)
_IMPORTED = ("MONDO", "HP", "GO", "CL", "ECO", "uniprot", "reactome")
_NAMES = (namespaces.RDFS + "label", namespaces.SKOS + "altLabel", namespaces.SKOS + "notation")
_DEPRECATED = namespaces.OWL + "deprecated"
_REPLACED = namespaces.DCTERMS + "isReplacedBy"


@dataclass(frozen=True)
class Reference:
    """Entries by prefix and local identifier; a prefix that is complete lists every identifier there is."""

    entries: Mapping[str, Mapping[str, Entry]]
    complete: frozenset[str]
    name: str

    def covers(self, prefix: str) -> bool:
        """Say whether anything is known of a prefix."""
        return prefix in self.entries


def from_folder(folder: Path, wanted: Wanted) -> Reference:
    """Read the wanted identifiers from the tables of a folder. A table that is not there is left out.

    Raises:
        StorageError: there is no such folder, or no table in it.
        BadInputError: a table lacks a column.
    """
    entries: dict[str, dict[str, Entry]] = {}
    complete: set[str] = set()
    for table in TABLES:
        if (folder / table.file).is_file():
            entries[table.prefix] = _read_table(folder / table.file, table, set(wanted.get(table.prefix, ())))
            complete.update({table.prefix} if table.complete else ())
    if not entries:
        files = ", ".join(sorted({table.file for table in TABLES}))
        raise StorageError(f"{folder}: no reference table (one or more of {files})")
    return Reference(entries, frozenset(complete), str(folder))


def from_imports(folder: Path = resources.ONTOLOGY / "imports", curated: Path = resources.TRIPLES) -> Reference:
    """Read what the project describes: the imports hold every term that facts may use, but for the disease itself."""
    files = [*sorted(folder.glob("*.ttl")), *([curated] if curated.exists() else ())]
    names: dict[str, list[str]] = defaultdict(list)
    replaced: dict[str, str] = {}
    for triple in (triple for file in files for triple in parse_file(file)):
        subject, predicate = iri_of(triple.subject), triple.predicate.value
        if predicate in _NAMES and isinstance(triple.object, ox.Literal):
            position = 0 if predicate == _NAMES[0] else len(names[subject])
            names[subject].insert(position, triple.object.value)
        elif predicate in (_DEPRECATED, _REPLACED):
            replaced[subject] = replaced.get(subject) or namespaces.shorten(iri_of(triple.object) or "")
    entries: dict[str, dict[str, Entry]] = {prefix: {} for prefix in _IMPORTED}
    for iri, known in names.items():
        for prefix in _IMPORTED:
            if iri.startswith(namespaces.prefixes()[prefix]):
                gone = iri in replaced or known[0].startswith("obsolete ")
                local = iri.removeprefix(namespaces.prefixes()[prefix])
                entries[prefix][local] = Entry(tuple(known), gone, replaced.get(iri, ""))
    return Reference(entries, frozenset(_IMPORTED), "ontology/imports")


def _read_table(file: Path, table: Table, wanted: set[str]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    forms = {table.form.format(local): local for local in wanted}
    for row in _rows(file, table):
        for ident in _split(row[table.key]):
            if ident in forms:
                gone = bool(table.obsolete) and row[table.obsolete] not in ("", "0")
                names = tuple(name for column in table.names for name in _split(row[column]))
                known = found.get(forms[ident], Entry(()))
                found[forms[ident]] = Entry(known.names + names, gone, unordered=table.unordered)
        for ident in _split(row[table.merged]) if table.merged else ():
            if ident in forms:
                found.setdefault(forms[ident], Entry((), obsolete=True, replaced_by=f"{table.prefix}:{row[table.key]}"))
    if table.prefix == "atc":
        found |= {code: entry for code, entry in _retired_codes(file).items() if code in wanted and code not in found}
    return found


def _rows(file: Path, table: Table) -> Iterator[dict[str, str]]:
    csv.field_size_limit(sys.maxsize)
    try:
        with file.open(encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
            needed = {table.key, *table.names, *filter(None, (table.obsolete, table.merged))}
            missing = needed - set(reader.fieldnames or ())
            if missing:
                raise BadInputError(f"{file}:1: the column {', '.join(sorted(missing))} is missing")
            yield from reader
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{file}: cannot be read ({error})") from error


def _retired_codes(beside: Path) -> dict[str, Entry]:
    """Read the codes that the WHO took back, if a table of them stands beside the current ones."""
    file = beside.with_name("atc_retired.tsv")
    if not file.is_file():
        return {}
    table = Table("atc", file.name, "old_code", ("old_name",), merged="current_codes_with_same_name")
    return {
        row["old_code"]: Entry((row["old_name"],), obsolete=True, replaced_by=row[table.merged])
        for row in _rows(file, table)
    }


def _split(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]
