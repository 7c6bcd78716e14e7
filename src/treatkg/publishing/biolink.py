"""Things of the graph as nodes of the Biolink Model: their CURIEs and categories."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from treatkg import namespaces
from treatkg.namespaces import BASE, SKOS, TKG
from treatkg.publishing.view import View

OWN_PREFIXES = {"treatkg": BASE, "tkg": TKG}
PROVIDER = "infores:treatkg"  # not in the registry of information resources
_PREFIXES = {  # prefix of the graph -> prefix of the Biolink Model
    "uniprot": "UniProtKB",
    "reactome": "REACT",
    "chembl.compound": "CHEMBL.COMPOUND",
    "chembl.target": "CHEMBL.TARGET",
    "drugbank": "DRUGBANK",
    "drugcentral": "DrugCentral",
    "unii": "UNII",
    "rxnorm": "RXCUI",
    "mesh": "MESH",
    "umls": "UMLS",
    "wikidata": "WIKIDATA",
    "hgnc": "HGNC",
    "pubmed": "PMID",
    "DOI": "doi",
}
_PREFERRED = ("CHEBI", "UNII", "CHEMBL.COMPOUND", "DRUGBANK", "MESH")  # Biolink's order for small molecules
_CATEGORIES = {
    "Disease": "Disease",
    "Phenotype": "PhenotypicFeature",
    "Protein": "Protein",
    "ProteinFamily": "ProteinFamily",
    "ProteinComplex": "MacromolecularComplex",
    "BiologicalProcess": "BiologicalProcess",
    "Pathway": "Pathway",
    "CellType": "Cell",
    "Risk": "ClinicalFinding",
    "State": "ClinicalFinding",
    "Outcome": "ClinicalEntity",
    "ManagementMeasure": "ClinicalEntity",
    "Population": "PopulationOfIndividualOrganisms",
    "TreatmentGroup": "Treatment",
}
_NO_DRUG = {TKG + name for name in ("ProcedureModality", "EmollientModality")}


@dataclass(frozen=True)
class Node:
    """A node: KGX's own columns, and the IRI that the CURIE stands for in the graph."""

    id: str
    category: str
    name: str
    synonym: tuple[str, ...]
    xref: tuple[str, ...]
    iri: str


def curie(iri: str) -> str:
    """Return the CURIE of an IRI in Biolink's prefixes.

    What the Biolink Model knows no prefix for gets `treatkg:` or `tkg:`, with slashes percent-encoded, since a CURIE of
    KGX holds none; web addresses stay as they are.
    """
    for prefix, namespace in OWN_PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{quote(iri.removeprefix(namespace), safe='')}"
    prefix, _, local = namespaces.shorten(iri).partition(":")
    if local.startswith("//"):
        doi = namespaces.prefixes()["DOI"]
        return f"doi:{iri.removeprefix(doi)}" if iri.startswith(doi) else iri
    return f"{_PREFIXES.get(prefix, prefix)}:{local}"


def node(view: View, iri: str) -> Node:
    """Return the node of a thing of the graph. Where a register that Biolink prefers has it, the node has that id."""
    matches = [curie(match) for match in view.texts(iri, SKOS + "exactMatch")]
    own = curie(iri)
    best = own
    if TKG + "TreatmentSubject" in view.classes(iri):
        known = [each for each in matches if _rank(each) < len(_PREFERRED)]
        best = min(known, key=lambda each: (_rank(each), each), default=own)
    xref = tuple(sorted({own, *matches} - {best}))
    names = sorted({*view.texts(iri, SKOS + "altLabel"), *view.texts(iri, TKG + "brandName")} - {view.label(iri)})
    return Node(best, f"biolink:{category(view, iri)}", view.label(iri), tuple(names), xref, iri)


def category(view: View, iri: str) -> str:
    """Return the category of a thing, the narrowest that holds."""
    classes = view.classes(iri)
    found = next((name for kind, name in _CATEGORIES.items() if TKG + kind in classes), None)
    if found:
        return found
    if view.first(iri, TKG + "modality") in _NO_DRUG:
        return "Treatment"
    if TKG + "Substance" in classes and TKG + "SmallMoleculeDrug" in classes:
        return "SmallMolecule"
    return "Drug"


def _rank(identifier: str) -> int:
    prefix = identifier.partition(":")[0]
    return _PREFERRED.index(prefix) if prefix in _PREFERRED else len(_PREFERRED)
