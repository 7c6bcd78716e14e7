"""UniProtKB: an entry, as the REST service writes it or as its RDF says it, to a protein and what is said of it.

Both ways lead to one intermediate form, so that they give the same triples where they say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treatkg.loading import dates
from treatkg.loading.items import Document, Fact, Item, Mention, Passage, Record, Section, Skip, Thing

DATABASES = ("ChEMBL", "DrugBank", "Ensembl", "GO", "HGNC", "Reactome")
_ACCESSION = re.compile(r"(?P<entry>[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2})(-[0-9]+)?")
_ECO = re.compile(r"ECO[:_]([0-9]{7})")
_PROCESS = "P:"
_TRUE = ("true", "1")
# The entry gives an ECO code for most annotations; for the rest, that of GO's evidence code (GO's mapping to ECO).
_GO_EVIDENCE = {
    "EXP": "0000269", "HDA": "0007005", "HEP": "0007007", "HGI": "0007003", "HMP": "0007001", "IBA": "0000318",
    "IC": "0000305", "IDA": "0000314", "IEA": "0000501", "IEP": "0000270", "IGC": "0000317", "IGI": "0000316",
    "IKR": "0000320", "IMP": "0000315", "IPI": "0000353", "IRD": "0000321", "ISA": "0000247", "ISM": "0000255",
    "ISO": "0000266", "ISS": "0000250", "NAS": "0000303", "TAS": "0000304",
}  # fmt: skip
# Nothing of the kind was seen in the samples, but a fact must never come of it; nor of what is "not known".
_DENIED = re.compile(
    r"\b(?:not|never|unlikely|no longer)\b[^.;]{0,60}?"
    r"\b(?:caus|associat|involv|implicat|responsib|pathogenic|due to|related|linked)",
    re.IGNORECASE,
)


@dataclass(kw_only=True)
class _Sourced:
    evidence: set[str] = field(default_factory=set)
    publications: set[str] = field(default_factory=set)


@dataclass
class _Disease(_Sourced):
    name: str
    accession: str = ""
    mim: str = ""
    note: str = ""


@dataclass
class _Process(_Sourced):
    id: str
    name: str
    notes: set[str] = field(default_factory=set)


@dataclass
class _Entry:
    """What is read of an entry, from either form."""

    accession: str
    name: str = ""
    mnemonic: str = ""
    status: str = ""
    version: str = ""
    date: str = ""
    organism: str = ""
    others: list[str] = field(default_factory=list)
    genes: list[str] = field(default_factory=list)
    former: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    functions: list[tuple[str, str]] = field(default_factory=list)
    diseases: list[_Disease] = field(default_factory=list)
    processes: list[_Process] = field(default_factory=list)
    obsolete: bool = False
    replaced_by: list[str] = field(default_factory=list)
    why: str = ""
    skips: list[str] = field(default_factory=list)


def transform(record: Record) -> Iterator[Item]:
    """Return the record of an entry: the protein, the text on its function, diseases and processes."""
    data = record.data
    if not isinstance(data, Mapping):
        yield Skip("not an entry")
        return
    entry = _from_rows(data) if isinstance(data.get("rows"), list) else _from_json(data)
    if not _ACCESSION.fullmatch(entry.accession):
        yield Skip("the accession is not of UniProt's form" if entry.accession else "no primary accession")
        return
    yield from _items(entry)


def _items(entry: _Entry) -> Iterator[Item]:
    name = entry.name or entry.mnemonic or entry.accession
    yield Document(
        # A reply with some fields only says no version; it must not take the place of the whole entry.
        key=entry.accession if entry.version or entry.obsolete else f"{entry.accession}.fields",
        title=f"{entry.mnemonic}: {name}" if entry.mnemonic and entry.name else name,
        version=entry.version,
        date=entry.date,
        url=f"https://www.uniprot.org/uniprotkb/{entry.accession}/entry",
        values={"note": entry.status},
    )
    yield _thing(entry, name)
    for number, (isoform, text) in enumerate(entry.functions, start=1):
        locator = f"Function ({isoform})" if isoform else "Function"
        yield Section(f"function-{number}", "FunctionText", locator, text)
    for number, disease in enumerate(entry.diseases, start=1):
        yield from _disease(entry, disease, number)
    for process in _merged(entry.processes):
        yield _process(entry, process)
    yield from (Skip(reason) for reason in entry.skips)


def _thing(entry: _Entry, name: str) -> Thing:
    values: dict[str, Any] = {
        "label": name,
        "altLabel": [other for other in _unique(entry.others) if other != name],
        "geneSymbol": _unique(entry.genes),
        "organism": entry.organism,
        "formerAccession": _unique(entry.former),
        "crossReference": _unique(entry.references),
    }
    if entry.obsolete:
        # Only a merge says what to use instead; an entry that was split has no one successor.
        successors = entry.replaced_by if len(entry.replaced_by) == 1 else []
        replaced_by = [_iri(accession) for accession in successors if _ACCESSION.fullmatch(accession)]
        values |= {"deprecated": True, "replacedBy": replaced_by, "note": entry.why}
    elif (isoform := _ACCESSION.fullmatch(entry.accession)) and isoform[2]:
        values["note"] = f"isoform of {isoform['entry']}"
    return Thing(_iri(entry.accession), ["Protein"], values)


def _iri(accession: str) -> str:
    return f"http://purl.uniprot.org/isoforms/{accession}" if "-" in accession else f"uniprot:{accession}"


def _disease(entry: _Entry, disease: _Disease, number: int) -> Iterator[Item]:
    if not disease.name:
        yield Section(f"disease-{number}", "OtherText", "Involvement in disease", disease.note)
        yield Skip("a disease comment without a disease: kept as text")
        return
    if _DENIED.search(disease.note):
        yield Section(f"disease-{number}", "OtherText", f"Involvement in disease: {disease.name}", disease.note)
        yield Skip("a disease comment that denies the involvement: kept as text")
        return
    ids = [f"omim:{disease.mim}"] if disease.mim else []
    ids += [f"uniprot.disease:{disease.accession}"] if disease.accession else []
    passages = _passages(f"Involvement in disease: {disease.name}", disease.note or disease.name, disease.evidence)
    name = f"disease/{disease.accession or disease.name}"
    yield _fact(entry, name, "involvement in disease", Mention("Disease", [disease.name], ids), passages, disease)


def _fact(entry: _Entry, name: str, relation: str, about: Mention, passages: Sequence[Passage], read: _Sourced) -> Fact:
    return Fact(
        "Association",
        name,
        f"{entry.name or entry.accession}: {relation}: {(*about.names, *about.ids)[0]}",
        {
            "subjectTerm": _iri(entry.accession),
            "statedRelation": relation,
            "objectTerm": about,
            "publication": sorted(read.publications),
        },
        passages,
    )


def _process(entry: _Entry, process: _Process) -> Fact:
    note = f" ({', '.join(sorted(process.notes))})" if process.notes else ""
    passages = _passages(f"GO annotation {process.id}{note}", process.name, process.evidence)
    about = Mention("BiologicalProcess", [process.name] if process.name else [], [process.id])
    name = f"process/{process.id.replace(':', '-')}"
    return _fact(entry, name, "GO annotation, biological process", about, passages, process)


def _passages(locator: str, quote: str, evidence: Iterable[str]) -> list[Passage]:
    # The engine cuts a longer quote; an empty evidence type is that of source.yaml.
    return [Passage(locator, quote, evidence_type=code) for code in sorted(evidence) or [""]]


def _merged(processes: Iterable[_Process]) -> list[_Process]:
    """Return one process a term: an entry may list a term once for each isoform or source."""
    by_id: dict[str, _Process] = {}
    for process in processes:
        first = by_id.setdefault(process.id, process)
        first.notes |= process.notes
        first.evidence |= process.evidence
        first.publications |= process.publications
    return list(by_id.values())


# --- the JSON of the REST service


def _from_json(data: Mapping[str, Any]) -> _Entry:
    audit, organism = _node(data.get("entryAudit")), _node(data.get("organism"))
    entry = _Entry(
        accession=_text(data.get("primaryAccession")),
        mnemonic=_text(data.get("uniProtkbId")),
        status=_text(data.get("entryType")),
        version=_text(audit.get("entryVersion")),
        date=dates.day(_text(audit.get("lastAnnotationUpdateDate")))[0],
        organism=_text(organism.get("scientificName")),
        former=[_text(former) for former in _list(data.get("secondaryAccessions"))],
        genes=[_text(_node(_node(gene).get("geneName")).get("value")) for gene in _list(data.get("genes"))],
        obsolete=_text(data.get("entryType")).lower() == "inactive",
    )
    _read_names(entry, _node(data.get("proteinDescription")))
    if entry.obsolete:
        _read_reason(entry, _node(data.get("inactiveReason")))
    for comment in map(_node, _list(data.get("comments"))):
        kind = _text(comment.get("commentType")).upper()
        if kind == "FUNCTION":
            texts = [_text(_node(text).get("value")) for text in _list(comment.get("texts"))]
            entry.functions += [(_text(comment.get("molecule")), text) for text in texts if text]
        elif kind == "DISEASE":
            _read_disease(entry, comment)
    for reference in map(_node, _list(data.get("uniProtKBCrossReferences"))):
        _read_reference(entry, reference)
    return entry


def _read_names(entry: _Entry, description: Mapping[str, Any]) -> None:
    recommended = _node(description.get("recommendedName"))
    submitted = [_node(name) for key in ("submissionNames", "submittedNames") for name in _list(description.get(key))]
    alternative = [_node(name) for name in _list(description.get("alternativeNames"))]
    full = [_text(_node(name.get("fullName")).get("value")) for name in (recommended, *submitted)]
    entry.name = next((name for name in full if name), "")
    entry.others += [name for name in full if name]
    for name in (recommended, *submitted, *alternative):
        entry.others.append(_text(_node(name.get("fullName")).get("value")))
        entry.others += [_text(_node(short).get("value")) for short in _list(name.get("shortNames"))]
    for key in ("cdAntigenNames", "innNames"):
        entry.others += [_text(_node(name).get("value")) for name in _list(description.get(key))]


def _read_reason(entry: _Entry, reason: Mapping[str, Any]) -> None:
    kind = _text(reason.get("inactiveReasonType")).upper()
    others = [_text(other) for other in _list(reason.get("mergeDemergeTo"))]
    if kind == "MERGED":
        entry.replaced_by = others
    detail = ", ".join(others) if others else _text(reason.get("deletedReason"))
    entry.why = f"{kind or 'INACTIVE'}: {detail}" if detail else kind or "INACTIVE"


def _read_disease(entry: _Entry, comment: Mapping[str, Any]) -> None:
    said, disease = _node(comment.get("note")), _node(comment.get("disease"))
    texts = [_text(_node(text).get("value")) for text in _list(said.get("texts"))]
    reference = _node(disease.get("diseaseCrossReference"))
    evidence = [
        *_list(disease.get("evidences")),
        *(e for t in _list(said.get("texts")) for e in _list(_node(t).get("evidences"))),
    ]
    codes, publications = _evidence(evidence)
    found = _Disease(
        name=_text(disease.get("diseaseId")),
        accession=_text(disease.get("diseaseAccession")),
        mim=_text(reference.get("id")) if _text(reference.get("database")).upper() == "MIM" else "",
        note=" ".join(text for text in texts if text),
        evidence=codes,
        publications=publications,
    )
    if found.name or found.note:
        entry.diseases.append(found)
    else:
        entry.skips.append("an empty disease comment")


def _read_reference(entry: _Entry, reference: Mapping[str, Any]) -> None:
    database, local = _text(reference.get("database")), _text(reference.get("id"))
    if database not in DATABASES or not local:
        return
    entry.references.append(_curie(database, local))
    if database != "GO":
        return
    properties = {_text(_node(p).get("key")): _text(_node(p).get("value")) for p in _list(reference.get("properties"))}
    term = properties.get("GoTerm", "")
    if term.startswith(_PROCESS) and re.fullmatch(r"GO:[0-9]{7}", local):
        codes, publications = _evidence(_list(reference.get("evidences")))
        code = properties.get("GoEvidenceType", "")
        stands_for = _GO_EVIDENCE.get(code.partition(":")[0])
        if not codes and stands_for:
            codes = {f"ECO:{stands_for}"}
        notes = {code, _text(reference.get("isoformId"))} - {""}
        name = term.removeprefix(_PROCESS)
        entry.processes.append(_Process(local, name, notes, evidence=codes, publications=publications))


def _evidence(entries: Iterable[Any]) -> tuple[set[str], set[str]]:
    """Return the ECO codes and the publications of a list of evidences."""
    codes, publications = set(), set()
    for evidence in map(_node, entries):
        if found := _ECO.fullmatch(_text(evidence.get("evidenceCode"))):
            codes.add(f"ECO:{found[1]}")
        if _text(evidence.get("source")) == "PubMed" and _text(evidence.get("id")):
            publications.add(f"pubmed:{_text(evidence.get('id'))}")
    return codes, publications


# --- the rows of the SPARQL endpoint (entries.rq)


def _from_rows(data: Mapping[str, Any]) -> _Entry:
    entry = _Entry(accession=_local(_text(data.get("key"))))
    names: dict[str, list[str]] = {"recommended": [], "submitted": [], "alternative": []}
    diseases: dict[str, _Disease] = {}
    functions: dict[str, tuple[str, str]] = {}
    for row in map(_node, data["rows"]):
        kind, value = _text(row.get("kind")), _text(row.get("value"))
        if kind in names:
            names[kind].append(value)
        elif kind == "go":
            _read_go(entry, row)
        elif kind == "function":
            isoform = _local(_text(row.get("detail")))
            functions.setdefault(_text(row.get("node")) or value, (f"isoform {isoform}" if isoform else "", value))
        elif kind == "disease":
            _add_disease(diseases, row)
        elif kind == "match":
            entry.references.append(_curie(_text(row.get("name")), _local(value)))
        else:
            _read_audit(entry, kind, value)
    full = [*names["recommended"], *names["submitted"]]
    entry.name = next(iter(full), "")
    entry.others = [*full, *names["alternative"]]
    entry.functions = list(functions.values())
    entry.diseases = list(diseases.values())
    if entry.obsolete:
        entry.why = "OBSOLETE" + (f": {', '.join(entry.replaced_by)}" if entry.replaced_by else "")
    return entry


def _read_audit(entry: _Entry, kind: str, value: str) -> None:
    lists = {"gene": entry.genes, "former": entry.former, "replacedBy": entry.replaced_by}
    if kind in ("version", "mnemonic", "organism"):
        setattr(entry, kind, value)
    elif kind in lists:
        lists[kind].append(value if kind == "gene" else _local(value))
    elif kind == "modified":
        entry.date = dates.day(value)[0]
    elif kind == "obsolete" and value in _TRUE:
        entry.obsolete, entry.status = True, "Inactive"
    elif kind == "reviewed" and not entry.obsolete:
        entry.status = f"UniProtKB {'reviewed (Swiss-Prot)' if value in _TRUE else 'unreviewed (TrEMBL)'}"


def _read_go(entry: _Entry, row: Mapping[str, Any]) -> None:
    term = _local(_text(row.get("value"))).replace("_", ":")
    entry.references.append(term)
    if _text(row.get("detail")) and re.fullmatch(r"GO:[0-9]{7}", term):
        entry.processes.append(_Process(term, _text(row.get("name")), evidence=_codes(row)))


def _add_disease(diseases: dict[str, _Disease], row: Mapping[str, Any]) -> None:
    number = _local(_text(row.get("value")))
    accession = f"DI-{int(number):05}" if number.isascii() and number.isdigit() else number
    found = diseases.setdefault(number, _Disease(_text(row.get("name")), accession))
    found.mim = found.mim or _local(_text(row.get("detail")))
    found.note = found.note or _text(row.get("note"))
    found.evidence |= _codes(row)


def _codes(row: Mapping[str, Any]) -> set[str]:
    found = _ECO.fullmatch(_local(_text(row.get("evidence"))))
    return {f"ECO:{found[1]}"} if found else set()


# --- small things


def _curie(database: str, local: str) -> str:
    """Return a cross-reference as text: some databases (GO, HGNC) put their name before the id themselves."""
    return local if local.startswith(f"{database}:") else f"{database}:{local}"


def _local(iri: str) -> str:
    return re.split(r"[/#]", iri)[-1]


def _node(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 (JSON)
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:  # noqa: ANN401 (JSON)
    """Return a list: of the one value where there is no list, empty where there is nothing."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:  # noqa: ANN401 (JSON)
    return "" if value is None or isinstance(value, (dict, list, bool)) else str(value).strip()


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))
