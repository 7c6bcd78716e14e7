"""Search over the names of the real graph."""

import time

import pytest

import treatkg
from treatkg import namespaces
from treatkg.errors import UsageError
from treatkg.explorer.search import KINDS, Found, index


def search(kg: treatkg.Knowledge, query: str) -> Found:
    return index(kg).search(query)


@pytest.mark.parametrize(
    ("query", "kind", "first"),
    [
        ("dupilumab", "treatments", "dupilumab"),
        ("Adbry", "treatments", "tralokinumab"),
        ("リンヴォック", "treatments", "upadacitinib"),
        ("il 13", "cytokines", "uniprot:P35225"),
        ("IL-13", "cytokines", "uniprot:P35225"),
        ("P35225", "cytokines", "uniprot:P35225"),
        ("uniprot:P35225", "cytokines", "uniprot:P35225"),
        ("CHEMBL2108675", "treatments", "dupilumab"),
        ("MONDO:0004980", "diseases", "MONDO:0004980"),
        ("0004980", "diseases", "MONDO:0004980"),
        ("eczema", "diseases", "MONDO:0004980"),
        ("itch", "features and phenotypes", "HP:0000989"),
        ("NCT03569293", "trials", "nct:NCT03569293"),
        ("JAK1", "proteins and targets", "uniprot:P23458"),
        ("hepatitis b", "diseases", "MONDO:0005344"),
        ("b hepatitis", "diseases", "MONDO:0005344"),
    ],
)
def test_names_synonyms_brands_and_identifiers(kg: treatkg.Knowledge, query: str, kind: str, first: str) -> None:
    found = search(kg, query)
    assert not found.only_similar
    assert namespaces.shorten(found.groups[kind][0].iri) == first


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("dupilumb", "dupilumab"),
        ("upadacitnib", "upadacitinib"),
        ("tralokinumad", "tralokinumab"),
        ("Rinvok", "Rinvoq"),
        ("interlukin 31", "interleukin 31"),
        ("atopic dermatits", "atopic dermatitis"),
        ("psoriassis", "psoriasis"),
    ],
)
def test_typos(kg: treatkg.Knowledge, query: str, meant: str) -> None:
    found = search(kg, query)
    assert found.suggestion == meant
    assert not search(kg, meant).only_similar


def test_a_hit_says_by_which_name(kg: treatkg.Knowledge) -> None:
    (hit,) = search(kg, "Adbry").groups["treatments"]
    assert (hit.label, hit.by, hit.how) == ("tralokinumab", "Adbry", "brand")


def test_facts_are_found_by_several_words(kg: treatkg.Knowledge) -> None:
    hits = search(kg, "conjunctivitis dupilumab").groups["facts"]
    assert all("dupilumab" in hit.iri or "dupilumab" in hit.label.lower() for hit in hits)


def test_groups_stand_in_one_order_and_count(kg: treatkg.Knowledge) -> None:
    found = search(kg, "jak")
    order = list(KINDS)
    places = [order.index(kind) for kind in found.groups]
    assert places == sorted(places)
    assert found.count == sum(len(hits) for hits in found.groups.values())
    for hits in found.groups.values():
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.parametrize("query", ["", " ", "-", "zzzzqqq", "x" * 300, "<b>", "%", "日本", "🦠"])
def test_odd_words_find_nothing(kg: treatkg.Knowledge, query: str) -> None:
    assert search(kg, query).count == 0


@pytest.mark.parametrize("query", ["x" * 301, "word " * 2_000, "a\x00b", "\u202edup"])
def test_what_is_refused(kg: treatkg.Knowledge, query: str) -> None:
    with pytest.raises(UsageError, match="characters"):
        search(kg, query)


@pytest.mark.parametrize("query", ["a", "in", "dupilumab", "atopic dermatits", "e" * 300, "a b c d e f g h i j k"])
def test_it_is_quick(kg: treatkg.Knowledge, query: str) -> None:
    search(kg, query)
    took = []
    for _ in range(5):
        begin = time.process_time()
        search(kg, query)
        took.append(time.process_time() - begin)
    assert min(took) < 0.05
