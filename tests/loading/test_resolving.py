"""From what a source names to a term of the graph."""

import pyoxigraph as ox
import pytest

from treatkg import namespaces
from treatkg.loading.items import Mention
from treatkg.loading.resolving import Resolver, resolver_of

OBO = "http://purl.obolibrary.org/obo/"
UNIPROT = "http://purl.uniprot.org/uniprot/"


def _said(subject: str, cls: str, label: str, *matches: str) -> list[ox.Triple]:
    node = ox.NamedNode(subject)
    return [
        ox.Triple(node, ox.NamedNode(namespaces.RDF + "type"), ox.NamedNode(namespaces.TKG + cls)),
        ox.Triple(node, ox.NamedNode(namespaces.RDFS + "label"), ox.Literal(label, language="en")),
        *(ox.Triple(node, ox.NamedNode(namespaces.SKOS + "exactMatch"), ox.NamedNode(match)) for match in matches),
    ]


@pytest.fixture
def resolver() -> Resolver:
    heading = "https://bioregistry.io/mesh:D000001"
    return resolver_of(
        [
            *_said(f"{OBO}MONDO_0000001", "Disease", "an itch", heading),
            *_said(f"{OBO}HP_0000001", "Phenotype", "itching", heading),
            *_said(f"{UNIPROT}P00374", "Protein", "Dihydrofolate reductase"),
        ]
    )


@pytest.mark.parametrize(("kind", "iri"), [("Disease", "MONDO_0000001"), ("Phenotype", "HP_0000001")])
def test_identifier_that_a_disease_and_a_phenotype_share_gives_the_one_that_is_meant(
    resolver: Resolver, kind: str, iri: str
) -> None:
    found = resolver.find(Mention(kind, (), ("mesh:D000001",)), "x")
    assert (found.iri, found.known) == (OBO + iri, True)


def test_protein_with_its_own_accession_is_not_its_namesake_of_another_species(resolver: Resolver) -> None:
    found = resolver.find(Mention("Protein", ("Dihydrofolate reductase",), ("uniprot:P0ABQ4",)), "x")
    assert (found.iri, found.known) == (f"{UNIPROT}P0ABQ4", False)


def test_name_finds_what_has_no_identifier_of_the_graphs_own_vocabulary(resolver: Resolver) -> None:
    found = resolver.find(Mention("Protein", ("dihydrofolate reductase",), ("mesh:D013762",)), "x")
    assert (found.iri, found.known) == (f"{UNIPROT}P00374", True)
