"""Coverage against the stored queries and against counts of triples."""

import treatkg
from treatkg import namespaces
from treatkg.explorer.coverage import coverage


def test_facts_and_primary_documents(kg: treatkg.Knowledge) -> None:
    found = coverage(kg)
    asked = {row["class"]: row for row in kg.query("primary-sources").to_dicts()}
    shown = {namespaces.shorten(bar.name.iri): (bar.total, bar.part, bar.percent) for bar in found.by_class.bars}
    for cls, numbers in shown.items():
        assert numbers == (asked[cls]["facts"], asked[cls]["onPrimary"], asked[cls]["percent"])
    assert set(asked) - set(shown) == {"tkg:Fact", "tkg:TreatmentFact"}
    ((facts,),) = kg.select("SELECT (COUNT(DISTINCT ?f) AS ?n) WHERE { ?f a tkg:Fact }")
    assert found.all_primary.total == facts


def test_bars_are_as_long_as_their_counts(kg: treatkg.Knowledge) -> None:
    for bars in (coverage(kg).by_class, coverage(kg).one_source):
        longest = bars.bars[0]
        for bar in bars.bars:
            assert abs(bar.length / longest.length - bar.total / longest.total) < 1e-9
            assert bar.part_length <= bar.length
            assert bars.names + bar.length < bars.width
            assert bar.y < bars.height


def test_facts_with_one_source(kg: treatkg.Knowledge) -> None:
    found = coverage(kg)
    asked = kg.query("facts-with-one-source").to_dicts()
    assert found.all_alone.part == len({row["fact"] for row in asked})
    warnings = {row["fact"] for row in asked if row["class"] == "tkg:Warning"}
    (bar,) = [bar for bar in found.one_source.bars if bar.name.label == "warning"]
    assert bar.part == len(warnings)


def test_what_treatments_lack(kg: treatkg.Knowledge) -> None:
    found = coverage(kg)
    asked = {(str(row["treatment"]), str(row["missing"])) for row in kg.query("missing-facts").to_dicts()}
    shown = {
        (namespaces.shorten(treatment.iri), namespaces.shorten(part.iri))
        for treatment, states in found.profile
        for part, state in zip(found.parts, states, strict=True)
        if state == "missing"
    }
    assert shown == asked
    assert found.missing == len(asked)
    assert len(found.profile) == len(kg.select("SELECT DISTINCT ?t WHERE { ?t a tkg:LicensedTreatment }"))
    topical = next(states for treatment, states in found.profile if treatment.label == "crisaborole")
    assert "" in topical, "interactions are asked for of systemic treatments only"


def test_source_types(kg: treatkg.Knowledge) -> None:
    found = {one.name.label: one for one in coverage(kg).by_type}
    ((sources,),) = kg.select(
        "SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE { ?e prov:wasDerivedFrom ?s . ?s tkg:sourceType tkg:Guideline }"
    )
    assert found["guideline"].sources == sources
    assert sum(one.pieces for one in found.values()) == coverage(kg).totals["pieces of evidence"]
