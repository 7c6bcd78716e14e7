"""The curated advice on reproduction, and how the disease is called."""

import pyoxigraph as ox

from treatkg import namespaces


def test_advice_on_contraception_is_not_advice_against_the_treatment(asserted: frozenset[ox.Triple]) -> None:
    """To use contraception during a treatment is another thing than not to use the treatment."""
    stage, level = (ox.NamedNode(namespaces.TKG + name) for name in ("reproductiveStage", "adviceLevel"))
    contraception = ox.NamedNode(namespaces.TKG + "ContraceptionStage")
    facts = {triple.subject for triple in asserted if triple.predicate == stage and triple.object == contraception}
    levels = {triple.object for triple in asserted if triple.predicate == level and triple.subject in facts}
    assert len(facts) == 14
    assert levels == {ox.NamedNode(namespaces.TKG + name) for name in ("UseEffectiveContraception", "MayBeUsed")}


def test_the_disease_is_not_called_after_a_score(asserted: frozenset[ox.Triple]) -> None:
    disease = ox.NamedNode(namespaces.expand("MONDO:0004980"))
    names = {
        triple.object.value
        for triple in asserted
        if triple.subject == disease and isinstance(triple.object, ox.Literal)
    }
    assert "atopic eczema" in names
    assert not [name for name in names if "score" in name]
