"""A brand names a formulation, an identifier the molecule: of the two, the brand is what a source means."""

from __future__ import annotations

import pytest

from treatkg.loading import running
from treatkg.loading.items import Mention
from treatkg.loading.resolving import Resolver

ID = "https://w3id.org/treatkg/id/"


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return running.known_terms()[0]


def found(resolver: Resolver, *names: str, ids: tuple[str, ...] = ()) -> str:
    return resolver.find(Mention("Treatment", names, ids), "test").iri.removeprefix(ID)


def test_a_brand_is_found_before_the_identifier_and_the_name_of_its_molecule(resolver: Resolver) -> None:
    assert found(resolver, "tacrolimus", "Protopic", ids=("atc:D11AH01",)) == "tacrolimus-ointment"


def test_without_a_known_brand_the_identifier_decides(resolver: Resolver) -> None:
    assert found(resolver, "Zorabex", ids=("atc:D11AH01",)) == "tacrolimus"


def test_a_brand_of_several_formulations_decides_nothing(resolver: Resolver) -> None:
    assert found(resolver, "Zoryve") not in {"roflumilast-cream", "roflumilast-foam"}
    assert found(resolver, "Zoryve", "roflumilast") == "roflumilast"


def test_a_brand_is_no_name_of_other_things(resolver: Resolver) -> None:
    assert not resolver.find(Mention("Disease", ["Protopic"]), "test").known
