"""ChEMBL: mechanisms, indications with their phase, warnings, molecules and targets."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from treatkg.loading.items import DayOfVersion, Document, Fact, Item, Mention, Passage, Record, Skip, Thing

Row = Mapping[str, Any]

_CHEMBL_ID = re.compile(r"CHEMBL[0-9]{1,12}")
_UNIPROT = re.compile(r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2}")
_DISEASE_ID = re.compile(r"([A-Za-z]+)[:_]([A-Z]?[0-9]+)")
_SET_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NCT = re.compile(r"NCT[0-9]{8}")

# ChEMBL's action types that mean the same as one of ours. The others (inverse agonist, allosteric modulators,
# degrader ...) say more, or something else, than any of ours.
_ACTIONS = {
    "INHIBITOR": "Inhibitor",
    "ANTAGONIST": "Antagonist",
    "AGONIST": "Agonist",
    "MODULATOR": "Modulator",
    "BLOCKER": "Blocker",
    "BINDING AGENT": "BindingAgent",
    "ACTIVATOR": "Activator",
}
# -1: in people, but in which phase is not known. 0.5: early phase 1. ChEMBL's 4 is a licence somewhere, for some use.
_PHASES = {
    Decimal(-1): "Investigational",
    Decimal("0.5"): "Phase1",
    Decimal(1): "Phase1",
    Decimal(2): "Phase2",
    Decimal(3): "Phase3",
    Decimal(4): "Phase4",
}
_COUNTRIES = {
    "UNITED STATES": "US",
    "EUROPEAN UNION": "EU",
    "UNITED KINGDOM": "UK",
    "JAPAN": "JP",
    "CHINA": "CN",
    "CANADA": "CA",
}
_WARNINGS = {"black box warning": "BoxedWarning", "withdrawn": "RegulatoryEvent"}
_TARGETS = {"SINGLE PROTEIN": "Protein", "PROTEIN COMPLEX": "ProteinComplex", "PROTEIN FAMILY": "ProteinFamily"}
# The prefixes of ChEMBL's efo_id, which holds terms of many ontologies.
_ONTOLOGIES = {
    "EFO": "EFO",
    "MONDO": "MONDO",
    "HP": "HP",
    "DOID": "DOID",
    "NCIT": "NCIT",
    "ORPHANET": "Orphanet",
    "GO": "GO",
}
# By which key a record of a file with one kind of record is known for what it is; the first that it has.
_MARKS = {
    "warning_type": "warning",
    "max_phase_for_ind": "indication",
    "indication_refs": "indication",
    "mechanism_of_action": "mechanism",
    "mechanism_refs": "mechanism",
    "target_type": "target",
    "target_components": "target",
    "molecule_type": "molecule",
    "pref_name": "molecule",
    "molecule_synonyms": "molecule",
    "identifier": "name",
}


def transform(record: Record) -> Iterator[Item]:
    """Yield what one record of ChEMBL says, whatever its kind."""
    data = record.data.get("_source", record.data) if isinstance(record.data, dict) else None
    if not isinstance(data, dict):
        yield Skip("not a record with keys and values", record.where)
        return
    kind = record.kind or next((kind for key, kind in _MARKS.items() if key in data), "")
    if kind not in _KINDS:
        yield Skip("a record of another kind than mechanism, indication, warning, molecule and target", record.where)
        return
    yield from _KINDS[kind](data, record.where)


# --- facts


def _mechanism(row: Row, where: str) -> Iterator[Item]:
    subject = _subject(row)
    if not subject:
        yield Skip("a mechanism without a molecule", where)
        return
    target, stated = _id(row, "target_chembl_id"), _text(row, "mechanism_of_action")
    action = _text(row, "action_type")
    number = _text(row, "mec_id") or _digest(row, "target_chembl_id", "action_type", "mechanism_of_action")
    yield _document(row, "mechanism", number)
    yield Fact(
        "MechanismOfAction",
        "mechanism",
        stated or " ".join(filter(None, (_title(row), action.lower(), target))),
        {
            **subject,
            "target": Mention("Thing", (), (f"chembl.target:{target}",)) if target else None,
            "actionType": _ACTIONS.get(" ".join(action.upper().replace("_", " ").split())),
            "statedAction": action,
            "statedMechanism": stated,
            "directInteraction": _flag(row, "direct_interaction"),
            "diseaseEfficacy": _flag(row, "disease_efficacy"),
            "maxPhase": _number(row, "max_phase"),
            "publication": _publications(row.get("mechanism_refs")),
        },
        [Passage(_place("mec_id", row, where), stated)],
    )


def _indication(row: Row, where: str) -> Iterator[Item]:
    subject = _subject(row)
    disease = _term(_text(row, "efo_id"), _text(row, "efo_term"), row)
    if not subject or disease is None:
        yield Skip(f"an indication without a {'disease' if subject else 'molecule'}", where)
        return
    number = _number(row, "max_phase_for_ind")
    phase = _PHASES.get(number) if number is not None else None
    if phase is None:
        yield Skip("an indication without a phase that is known", where)
        return
    named = next(iter(disease.names), "") or disease.ids[0]
    stated = _text(row, "drugind_id") or _digest(row, "efo_id", "mesh_id", "efo_term", "mesh_heading")
    yield _document(row, "indication", stated)
    yield Fact(
        "DevelopmentStatus",
        "status",
        f"{_title(row)}: highest phase {number} in {named}",
        {
            **subject,
            "disease": disease,
            "developmentPhase": phase,
            "maxPhase": number,
            "observedOn": DayOfVersion(),
            "publication": _publications(row.get("indication_refs")),
        },
        [Passage(_place("drugind_id", row, where))],
    )


def _warning(row: Row, where: str) -> Iterator[Item]:
    subject, kind = _subject(row), _text(row, "warning_type").lower()
    if not subject:
        yield Skip("a warning without a molecule", where)
        return
    if kind not in _WARNINGS:
        yield Skip("a warning that is neither a black box warning nor a withdrawal", where)
        return
    countries = [part for part in map(str.strip, _text(row, "warning_country").split(";")) if part]
    places = list(dict.fromkeys(_COUNTRIES[c.upper()] for c in countries if c.upper() in _COUNTRIES))
    what = _text(row, "warning_description") or _text(row, "efo_term") or _text(row, "warning_class")
    keys = ("warning_type", "warning_class", "warning_country", "warning_year", "efo_id", "warning_description")
    yield _document(row, "warning", _text(row, "warning_id") or _digest(row, *keys))
    for place in places or [""]:
        yield Fact(
            _WARNINGS[kind],
            f"warning/{place.lower()}" if place else "warning",
            f"{_title(row)}: {': '.join(filter(None, (kind, what)))}",
            {
                **subject,
                **_when(row, kind, countries),
                "jurisdiction": place,
                "statedCountry": countries,
                "risk": _risks(row),
                "publication": _publications(row.get("warning_refs")),
            },
            [Passage(_place("warning_id", row, where), _text(row, "warning_description"))],
        )


def _when(row: Row, kind: str, countries: Sequence[str]) -> dict[str, str]:
    """Return what happened in which year; of several countries it is that of the first, nobody says which."""
    stated = _text(row, "warning_year").removesuffix(".0")
    year = stated if re.fullmatch("[0-9]{4}", stated) and stated > "0000" else ""
    if _WARNINGS[kind] == "BoxedWarning":
        return {"firstYear": year}
    if not year or len(countries) != 1:
        return {"eventType": "AuthorisationWithdrawn", "firstYear": year}
    return {"eventType": "AuthorisationWithdrawn", "eventDate": f"{year}-01-01", "eventDatePrecision": "Year"}


def _risks(row: Row) -> list[Mention]:
    """Return the effect and the class of effects that a warning names; many name neither."""
    effect = _term(_text(row, "efo_id"), _text(row, "efo_term"), {}, kind="Thing")
    general = _term(_text(row, "efo_id_for_warning_class"), _text(row, "warning_class"), {}, kind="Thing")
    found = [mention for mention in (effect, general) if mention is not None]
    return found[:1] if len(found) > 1 and found[0].ids and found[0].ids == found[1].ids else found


# --- things


def _molecule(row: Row, where: str) -> Iterator[Item]:
    molecule, name = _id(row, "molecule_chembl_id"), _text(row, "pref_name")
    if not molecule:
        yield Skip("a molecule without an identifier", where)
        return
    phase, synonyms = _number(row, "max_phase"), _synonyms(row, name)
    if not name and not synonyms and phase is None:
        yield Skip("a research compound without name and phase", where)
        return
    hierarchy = row.get("molecule_hierarchy")
    parent = _id(hierarchy, "parent_chembl_id") if isinstance(hierarchy, dict) else ""
    yield _document(row, "molecule")
    yield Thing(
        f"chembl.compound:{molecule}",
        ("Substance",),
        {
            "label": name or molecule,
            "altLabel": synonyms,
            "statedType": _text(row, "molecule_type"),
            "maxPhase": phase,
            "parentMolecule": f"chembl.compound:{parent}" if parent and parent != molecule else None,
            "crossReference": [f"atc:{code}" for code in row.get("atc_classifications") or () if isinstance(code, str)],
        },
    )


def _synonyms(row: Row, name: str) -> list[str]:
    """Return the other names, each once whatever its case; newer records give the case that older ones lack."""
    found: dict[str, str] = {}
    for entry in _rows(row.get("molecule_synonyms")):
        text = next(filter(None, (_text(entry, key) for key in ("molecule_synonym", "synonyms", "synonym"))), "")
        if text and text.casefold() != name.casefold():
            found.setdefault(text.casefold(), text)
    return list(found.values())


def _target(row: Row, where: str) -> Iterator[Item]:
    target, kind = _id(row, "target_chembl_id"), _text(row, "target_type").upper()
    if not target:
        yield Skip("a target without an identifier", where)
        return
    parts = _rows(row.get("target_components"))
    accessions = [code for code in (_text(part, "accession") for part in parts) if _UNIPROT.fullmatch(code)]
    label = _text(row, "pref_name") or target
    url = f"https://www.ebi.ac.uk/chembl/explore/target/{target}"
    yield Document(f"target-{target}", f"ChEMBL target {label}", url=url)
    if kind == "SINGLE PROTEIN" and len(parts) == len(accessions) == 1:
        yield Thing(
            f"uniprot:{accessions[0]}",
            ("Protein",),
            {"label": label, "statedType": kind, "exactMatch": f"chembl.target:{target}"},
        )
        return
    # A single protein without exactly one accession is none that could be named; other kinds have no class here.
    classes = [_TARGETS[kind]] if kind in _TARGETS and kind != "SINGLE PROTEIN" else []
    components = [
        Mention("Protein", tuple(filter(None, [_text(part, "component_description")])), (f"uniprot:{code}",))
        for part in parts
        if _UNIPROT.fullmatch(code := _text(part, "accession"))
    ]
    yield Thing(f"chembl.target:{target}", classes, {"label": label, "statedType": kind, "hasComponent": components})


def _name(row: Row, where: str) -> Iterator[Item]:
    """Yield the identity of a molecule from a row of PyOBO's table."""
    molecule, name = _id(row, "identifier"), _text(row, "name")
    if not molecule or not name:
        yield Skip("a row without a ChEMBL identifier or without a name", where)
        return
    yield from _molecule({"molecule_chembl_id": molecule, "pref_name": name}, where)


_KINDS: Mapping[str, Callable[[Row, str], Iterator[Item]]] = {
    "mechanism": _mechanism,
    "indication": _indication,
    "warning": _warning,
    "molecule": _molecule,
    "target": _target,
    "name": _name,
}


# --- parts of records


def _document(row: Row, kind: str, number: str = "") -> Document:
    """Return the document that one row is: rows of a molecule come on different pages, and so apart from each other."""
    molecule = _id(row, "molecule_chembl_id")
    url = f"https://www.ebi.ac.uk/chembl/explore/compound/{molecule}"
    key = "-".join(filter(None, (kind, molecule, number)))
    return Document(key, f"ChEMBL {kind} {_title(row)}", url=url)


def _subject(row: Row) -> dict[str, Any]:
    """Return the substance that a row is about: the parent, and beside it the salt or form that is named."""
    molecule, parent = _id(row, "molecule_chembl_id"), _id(row, "parent_molecule_chembl_id")
    if not molecule:
        return {}
    names = tuple(filter(None, [_text(row, "parent_molecule_name")]))
    form = Mention("Treatment", (), (f"chembl.compound:{molecule}",))
    if not parent or parent == molecule:
        return {"treatment": form}
    return {"treatment": Mention("Treatment", names, (f"chembl.compound:{parent}",)), "statedForm": form}


def _term(code: str, name: str, row: Row, kind: str = "Disease") -> Mention | None:
    """Return what an efo_id with its term, and the MeSH heading beside it, name; None where they name nothing."""
    names = [text for text in (name, _text(row, "mesh_heading")) if text]
    ids = []
    if (found := _DISEASE_ID.fullmatch(code)) and found[1].upper() in _ONTOLOGIES:
        ids.append(f"{_ONTOLOGIES[found[1].upper()]}:{found[2]}")
    # An HP term is a phenotype, also where ChEMBL has it as an indication.
    if kind == "Disease" and ids and ids[0].startswith("HP:"):
        kind = "Phenotype"
    if re.fullmatch("[CD][0-9]{6,9}", mesh := _text(row, "mesh_id").upper().removeprefix("MESH:")):
        ids.append(f"mesh:{mesh}")
    if code and not ids and not names:
        names = [code]
    return Mention(kind, tuple(names), tuple(ids)) if names or ids else None


def _publications(references: object) -> list[str]:
    """Return what is referred to, each once: NCT number, SPL set id, PMID:, DOI:, else the address, or type and id."""
    found: dict[str, None] = {}
    for entry in _rows(references):
        kind, url = _text(entry, "ref_type"), _text(entry, "ref_url")
        for code in filter(None, map(str.strip, _text(entry, "ref_id").split(","))):
            if _NCT.fullmatch(code) or _SET_ID.fullmatch(code.lower()):
                found[code] = None
            elif kind.lower() == "pubmed" and code.isdigit():
                found[f"PMID:{code}"] = None
            elif kind.lower() == "doi":
                found[f"DOI:{code}"] = None
            else:
                found[url if url.startswith(("http://", "https://")) else f"{kind} {code}".strip()] = None
    return list(found)


def _title(row: Row) -> str:
    return _text(row, "molecule_pref_name") or _text(row, "pref_name") or _id(row, "molecule_chembl_id")


def _place(key: str, row: Row, where: str) -> str:
    return f"{key} {_text(row, key)}" if _text(row, key) else where


def _rows(value: object) -> list[dict[str, Any]]:
    """Return the nodes of a list that may be null, absent, or a single node."""
    return [entry for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, dict)]


def _id(row: Row, key: str) -> str:
    """Return a ChEMBL identifier, or an empty string where there is none of this form."""
    text = _text(row, key).upper().rpartition(":")[2]
    return text if _CHEMBL_ID.fullmatch(text) else ""


def _text(row: Row, key: str) -> str:
    """Return a value as text; null, an absent key and what is no text or number are empty."""
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return ""
    return str(value).strip()


def _number(row: Row, key: str) -> Decimal | None:
    """Return a number that is written as an integer, a float or a text ("4.0"); None where it is none."""
    try:
        number = Decimal(_text(row, key))
    except InvalidOperation:
        return None
    return number.normalize() + 0 if number.is_finite() and abs(number) < 100 else None


def _flag(row: Row, key: str) -> bool | None:
    value = row.get(key)
    text = str(value).strip().lower()
    return {"1": True, "true": True, "0": False, "false": False, "1.0": True, "0.0": False}.get(text)


def _digest(row: Row, *keys: str) -> str:
    """Return a name made of the content, for rows whose number was left out."""
    return hashlib.sha256(json.dumps([_text(row, key) for key in keys]).encode()).hexdigest()[:10]
