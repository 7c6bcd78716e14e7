"""Pages about targets, diseases and sources, against facts of the graph counted in another way."""

import datetime

import treatkg
from treatkg import namespaces
from treatkg.explorer.diseases import disease
from treatkg.explorer.entities import Page, Section, head
from treatkg.explorer.molecules import molecule
from treatkg.explorer.sources import source

DAY = datetime.date(2026, 11, 28)


def target(kg: treatkg.Knowledge, name: str) -> Page:
    found = head(kg, namespaces.expand(name))
    assert found
    return molecule(kg, found)


def illness(kg: treatkg.Knowledge, name: str, day: datetime.date = DAY) -> Page:
    found = head(kg, namespaces.expand(name))
    assert found
    return disease(kg, found, day)


def section(page: Page, title: str) -> Section:
    return next(one for one in page.sections if one.title == title)


def things(one: Section) -> set[str]:
    return {thing.label for lines in one.groups.values() for line in lines for thing in line.things}


def test_who_binds_il13_and_who_blocks_it(kg: treatkg.Knowledge) -> None:
    page = target(kg, "uniprot:P35225")
    assert things(section(page, "Treatments that act on it")) == {"lebrikizumab", "tralokinumab"}
    blocked = things(section(page, "Treatments that block its signalling"))
    assert blocked == {
        kg.terms.label(namespaces.expand(str(row["drug"])))
        for row in kg.query("drugs-blocking-cytokine", cytokine="IL-13").to_dicts()
    }
    assert {"dupilumab", "lebrikizumab", "tralokinumab"} <= blocked


def test_causal_links_are_all_shown(kg: treatkg.Knowledge) -> None:
    page = target(kg, "uniprot:P35225")
    titles = (
        "What produces, raises, lowers or activates it",
        "Receptors and other molecules that it acts on",
        "What it leads to",
    )
    shown = {line.fact for title in titles for lines in section(page, title).groups.values() for line in lines}
    asked = kg.select("SELECT DISTINCT ?f WHERE { ?f a tkg:CausalLink ; tkg:from|tkg:to uniprot:P35225 }")
    assert shown == {namespaces.expand(str(fact)) for (fact,) in asked}
    assert "T-helper 2 cell" in things(section(page, titles[0]))
    assert "type II IL-4 receptor" in things(section(page, titles[1]))
    assert "establishment of skin barrier" in things(section(page, titles[2]))


def test_every_fact_of_a_page_has_evidence(kg: treatkg.Knowledge) -> None:
    for page in (target(kg, "uniprot:P23458"), illness(kg, "MONDO:0004980"), illness(kg, "HP:0000989")):
        facts = {line.fact for one in page.sections for lines in one.groups.values() for line in lines}
        assert facts
        assert all(page.evidence[fact] for fact in facts)


def test_potency_is_shown_with_its_assay(kg: treatkg.Knowledge) -> None:
    page = target(kg, "uniprot:P23458")
    lines = section(page, "Potency").groups[""]
    measured = kg.select("SELECT DISTINCT ?f WHERE { ?f a tkg:PotencyMeasurement ; tkg:measuredTarget uniprot:P23458 }")
    assert {line.fact for line in lines} == {namespaces.expand(str(fact)) for (fact,) in measured}
    assert any("IC50" in mark for line in lines for mark in line.marks)


def test_components_of_a_complex(kg: treatkg.Knowledge) -> None:
    page = target(kg, "type-2/complex/il4r-type-2")
    assert "Interleukin-4 receptor subunit alpha" in {thing.label for thing in page.details["components"]}
    part = target(kg, "uniprot:P24394")
    assert "type II IL-4 receptor" in {thing.label for thing in part.details["part of"]}


def test_licences_of_a_disease_by_jurisdiction_and_day(kg: treatkg.Knowledge) -> None:
    for day in (DAY, datetime.date(2018, 1, 1)):
        grid = illness(kg, "MONDO:0004980", day).grid
        assert grid
        shown = {
            (thing.label, column)
            for thing, cells in grid.rows
            for column, cell in zip(grid.columns, cells, strict=True)
            if cell.lines
        }
        asked = kg.query("licensed-treatments", disease="MONDO:0004980", asOf=day).to_dicts()
        assert shown == {
            (kg.terms.label(namespaces.expand(str(row["treatment"]))), str(row["jurisdiction"]).removeprefix("tkg:"))
            for row in asked
        }
    assert ("dupilumab", "EU") in shown
    assert ("upadacitinib", "EU") not in shown, "in 2018"


def test_comorbidities_of_the_disease(kg: treatkg.Knowledge) -> None:
    known = section(illness(kg, "MONDO:0004980"), "What is known of it")
    asked = {
        namespaces.expand(str(row["fact"])) for row in kg.query("comorbidities", disease="MONDO:0004980").to_dicts()
    }
    assert asked <= {line.fact for lines in known.groups.values() for line in lines}


def test_whom_a_disease_bars(kg: treatkg.Knowledge) -> None:
    page = illness(kg, "MONDO:0005083")
    barred = section(page, "Treatments that it bars")
    asked = kg.query("contraindications", about="MONDO:0005083", asOf=DAY).to_dicts()
    assert {line.fact for lines in barred.groups.values() for line in lines} == {
        namespaces.expand(str(row["fact"])) for row in asked
    }
    together = {
        line.fact for lines in barred.groups.values() for line in lines if "only together" in " ".join(line.marks)
    }
    assert together == {namespaces.expand(str(row["fact"])) for row in asked if row["conditions"] != 1}


def test_everything_that_rests_on_a_source(kg: treatkg.Knowledge) -> None:
    found = head(kg, namespaces.expand("source/olumiant-pil-eu"))
    assert found
    page = source(kg, found)
    asked = kg.select("SELECT DISTINCT ?f WHERE { ?f tkg:evidence/prov:wasDerivedFrom <source/olumiant-pil-eu> }")
    assert page.count == len(asked)
    assert {about.label for about in page.facts} == {"baricitinib"}
    assert page.details["type"][0][0] == "prescribing information"
    assert page.address.startswith("https://")
    alone = kg.select(
        "SELECT DISTINCT ?f WHERE { ?f tkg:evidence/prov:wasDerivedFrom <source/olumiant-pil-eu> "
        "MINUS { ?f tkg:evidence/prov:wasDerivedFrom ?other . FILTER(?other != <source/olumiant-pil-eu>) } }"
    )
    assert page.alone == len(alone)


def test_what_the_graph_does_not_know_has_no_head(kg: treatkg.Knowledge) -> None:
    assert head(kg, "https://example.org/nothing") is None
