"""What the page about a treatment shows, against the graph, whose facts are counted by other queries."""

import datetime
import itertools
import re

import pytest

import treatkg
from treatkg import graph, namespaces, queries
from treatkg.explorer.dossier import QUESTIONS, Dossier, dossier
from treatkg.explorer.facts import Status, evidence_of, read

TODAY = datetime.date(2026, 11, 28)


def local(name: str) -> str:
    return namespaces.BASE + name


def all_treatments() -> list[str]:
    return [str(row[0]) for row in treatkg.open().select("SELECT ?t WHERE { ?t a tkg:Treatment } ORDER BY ?t")]


def count(kg: treatkg.Knowledge, pattern: str, what: str = "?fact") -> int:
    ((number,),) = kg.select(f"SELECT (COUNT(DISTINCT {what}) AS ?number) WHERE {{ {pattern} }}")
    return int(str(number))


def at(kg: treatkg.Knowledge, name: str, day: datetime.date = TODAY) -> Dossier:
    return dossier(kg, local(name), day, TODAY)


@pytest.mark.parametrize("name", all_treatments())
def test_no_fact_and_no_evidence_is_lost(kg: treatkg.Knowledge, name: str) -> None:
    facts = read(kg, local(name), TODAY)
    about = f"""{{ ?fact tkg:treatment <{name}> }} UNION {{ <{name}> tkg:subjectTo ?fact }}
        UNION {{ <{name}> tkg:activeSubstance ?substance . ?fact tkg:treatment ?substance }}"""
    assert len(facts) == len({fact.iri for fact in facts}) == count(kg, about) > 0
    evidence = count(kg, f"{about} ?fact tkg:evidence ?one", "?one")
    assert sum(len(fact.evidence) for fact in facts) == evidence >= len(facts)


@pytest.mark.parametrize("name", all_treatments())
def test_every_source_has_one_number(kg: treatkg.Knowledge, name: str) -> None:
    page = at(kg, name)
    assert [reference.number for reference in page.references] == [*range(1, len(page.references) + 1)]
    shown = [fact for facts in (*page.by.values(), *page.gone.values()) for fact in facts]
    assert {line.source for fact in shown for line in fact.evidence} <= page.numbers.keys()
    assert [reference.printed for reference in page.references] == sorted(
        (reference.printed for reference in page.references), reverse=True
    )


@pytest.mark.parametrize(
    ("day", "status"),
    [
        ("2019-08-15", Status.LATER),
        ("2019-08-16", Status.IN_FORCE),
        ("2021-12-02", Status.IN_FORCE),
        ("2021-12-03", Status.ENDED),
    ],
)
def test_the_end_of_a_licence_is_exclusive(kg: treatkg.Knowledge, day: str, status: Status) -> None:
    (fact,) = (
        fact
        for fact in read(kg, local("upadacitinib"), datetime.date.fromisoformat(day))
        if fact.label.startswith("US: adults with rheumatoid arthritis after methotrexate")
    )
    assert fact.status is status


@pytest.mark.parametrize("day", ["2017-03-27", "2017-03-28", "2019-03-11", "2026-11-28"])
def test_what_is_licensed_on_a_day(kg: treatkg.Knowledge, day: str) -> None:
    page = at(kg, "dupilumab", datetime.date.fromisoformat(day))
    expected = {
        str(place)
        for (place,) in kg.select(
            f"""SELECT DISTINCT ?place WHERE {{
              ?licence tkg:treatment <dupilumab> ; a tkg:Indication ; tkg:disease MONDO:0004980 ;
                tkg:validFrom ?from ; tkg:jurisdiction ?place . FILTER(?from <= "{day}"^^xsd:date)
              MINUS {{ ?licence tkg:validUntil ?until . FILTER(?until <= "{day}"^^xsd:date) }} }}"""
        )
    }
    assert {f"tkg:{licence.place}" for licence in page.licences} == expected


def test_what_a_day_leaves_out_is_counted(kg: treatkg.Knowledge) -> None:
    day = datetime.date(2019, 3, 12)
    page = at(kg, "dupilumab", day)
    assert page.left_out[Status.LATER] > 0
    assert sum(page.left_out.values()) + sum(map(len, page.by.values())) == len(read(kg, local("dupilumab"), day))
    for fact in page.gone["TrialResult"]:
        assert min(line.date for line in fact.evidence) > "2019-03-12"


@pytest.mark.parametrize("name", ["dupilumab", "tacrolimus-ointment", "methotrexate"])
def test_every_licence_has_a_bar(kg: treatkg.Knowledge, name: str) -> None:
    page = at(kg, name)
    bars = [bar for _, picture, *_ in page.timelines for lane in picture.lanes for bar in lane.bars]
    assert len(bars) == count(kg, f"?fact tkg:treatment <{name}> ; a tkg:Indication")
    events = [event for _, picture, *_ in page.timelines for lane in picture.lanes for event in lane.events]
    assert len(events) == count(kg, f"?fact tkg:treatment <{name}> ; a tkg:RegulatoryEvent")
    for _, picture, *_ in page.timelines:
        ticks = [year for _, year in picture.ticks]
        assert ticks == sorted(ticks)
        assert all(0 < bar.x < picture.width and bar.width > 0 for lane in picture.lanes for bar in lane.bars)


def test_bars_stand_at_their_days(kg: treatkg.Knowledge) -> None:
    picture = at(kg, "dupilumab").timelines[0][1]
    first_of_2019 = next(x for x, year in picture.ticks if year == 2019)
    first_of_2020 = next(x for x, year in picture.ticks if year == 2020)
    (bar,) = (bar for lane in picture.lanes for bar in lane.bars if bar.title.startswith("2019-03-11"))
    assert bar.x == pytest.approx(first_of_2019 + (first_of_2020 - first_of_2019) * 69 / 365, abs=0.2)
    assert bar.open
    assert bar.holds
    assert bar.x + bar.width == pytest.approx(picture.day_x, abs=0.2)


@pytest.mark.parametrize("name", all_treatments())
def test_every_step_of_a_path_is_a_fact(kg: treatkg.Knowledge, name: str) -> None:
    path = at(kg, name).path
    if path is None:
        assert count(kg, f"?fact tkg:treatment|^tkg:subjectTo <{name}> ; a tkg:MechanismOfAction") == 0
        return
    links = {
        (graph.iri_of(link), graph.iri_of(start), graph.iri_of(end))
        for link, start, end in kg.select(
            "SELECT ?link ?start ?end WHERE { ?link a tkg:CausalLink ; tkg:from ?start ; tkg:to ?end }"
        ).terms
    }
    known = {node.thing.iri for node in path.nodes}
    mechanisms = {fact.iri for fact in at(kg, name).by["MechanismOfAction"]}
    for _, step in path.edges:
        assert {step.start.iri, step.end.iri} <= known
        assert step.evidence
        assert step.fact in mechanisms or (step.fact, step.start.iri, step.end.iri) in links
    places = [(node.x, node.y) for node in path.nodes]
    assert len(set(places)) == len(places)
    assert all(0 < x < path.width and 0 < y < path.height for x, y in places)


def test_the_path_from_dupilumab_to_itch(kg: treatkg.Knowledge) -> None:
    path = at(kg, "dupilumab").path
    assert path is not None
    steps = {(step.start.label, step.end.label): step for _, step in path.edges}
    way = ["dupilumab", "Interleukin-4 receptor subunit alpha", "Interleukin-13", "sensory neuron", "Pruritus"]
    for pair in itertools.pairwise(way):
        assert pair in steps
    assert steps["dupilumab", way[1]].weakens
    assert not steps["sensory neuron", "Pruritus"].weakens
    layers = {node.thing.label: node.x for node in path.nodes}
    assert [layers[label] for label in way] == sorted(layers[label] for label in way)
    stored = {
        str(row["link"]) for row in kg.query("mechanism-path", treatment="dupilumab", feature="HP:0000989").to_dicts()
    }
    assert {namespaces.shorten(steps[pair].fact) for pair in itertools.pairwise(way)} <= stored


@pytest.mark.parametrize("name", ["upadacitinib", "dupilumab", "abrocitinib"])
def test_reactions_beside_their_comparator(kg: treatkg.Knowledge, name: str) -> None:
    plot = at(kg, name).reactions
    assert plot is not None
    rows = [row for row in plot.full.rows if not row.heading]
    about = f"{{ ?fact tkg:treatment <{name}> }} UNION {{ <{name}> tkg:subjectTo ?fact }}"
    assert len(rows) == count(
        kg, f"{about} ?fact tkg:percent ?one ; tkg:comparatorPercent ?other ; a tkg:AdverseReaction"
    )
    assert all(row.x is not None and row.other_x is not None for row in rows)
    x = {name: place for place, name in plot.full.ticks}
    assert x["10"] - x["1"] == pytest.approx(x["100"] - x["10"], abs=0.2)
    assert x["0"] < x["0.1"]


def test_a_dot_stands_at_its_value(kg: treatkg.Knowledge) -> None:
    plots = {plot.unit: plot for plot in at(kg, "dupilumab").results}
    picture = plots["percent of patients"].full
    (row,) = (row for row in picture.rows if row.title.startswith("SOLO 1, 300 mg every 2 weeks: EASI-75"))
    zero, twenty = (next(x for x, name in picture.ticks if name == number) for number in ("0", "20"))
    assert row.x == pytest.approx(zero + (twenty - zero) * 51 / 20, abs=0.2)
    assert row.other_x == pytest.approx(zero + (twenty - zero) * 15 / 20, abs=0.2)
    change = plots["percent of change"].full
    assert all(row.x < change.ticks[-1][0] for row in change.rows if row.x is not None)


@pytest.mark.parametrize("name", all_treatments())
def test_every_result_in_percent_is_drawn(kg: treatkg.Knowledge, name: str) -> None:
    rows = [row for plot in at(kg, name).results for row in plot.full.rows if not row.heading]
    about = f"{{ ?fact tkg:treatment <{name}> }} UNION {{ <{name}> tkg:subjectTo ?fact }}"
    assert len(rows) == count(kg, f"{about} ?fact a tkg:TrialResult ; tkg:unit '%'")


def test_conditions_that_bar_only_together(kg: treatkg.Knowledge) -> None:
    grid = at(kg, "methotrexate").matrices["Contraindication"]
    (line,) = (line for line in grid.lines if set(line.terms) == {"pregnancy state", "psoriasis"})
    assert [*line.cells] == ["CA"]
    assert {"breast-feeding state"} in [set(line.terms) for line in grid.lines]
    entries = [entry for line in grid.lines for cell in line.cells.values() for entry in cell]
    assert len(entries) == count(kg, "?fact tkg:treatment <methotrexate> ; a tkg:Contraindication")


def test_none_listed_is_not_unknown(kg: treatkg.Knowledge) -> None:
    boxed = at(kg, "dupilumab").matrices["BoxedWarning"]
    assert not boxed.lines
    assert [check.iri_of("checkFinding") for check in boxed.checks["US"]] == [namespaces.TKG + "NoneListed"]
    assert boxed.unknown == ("CA",)
    assert at(kg, "dupilumab").matrices["Contraindication"].unknown == ("CN",)


def test_a_group_is_told_from_the_treatment(kg: treatkg.Knowledge) -> None:
    facts = {fact.iri: fact for fact in read(kg, local("upadacitinib"), TODAY)}
    by_group = {fact.iri for fact in facts.values() if fact.by_group}
    assert len(by_group) == count(kg, "<upadacitinib> tkg:subjectTo ?fact")
    substance = [fact for fact in read(kg, local("tacrolimus-ointment"), TODAY) if fact.about and not fact.by_group]
    assert {fact.about.label for fact in substance if fact.about} == {"tacrolimus"}


def test_panels_stand_side_by_side(kg: treatkg.Knowledge) -> None:
    page = at(kg, "dupilumab")
    assert len(page.panels) == count(
        kg, "?fact tkg:treatment <dupilumab> ; a tkg:Recommendation ; tkg:guideline ?guideline", "?guideline"
    )
    assert sum(len(panel.facts) for panel in page.panels) == count(
        kg, "?fact tkg:treatment <dupilumab> ; a tkg:Recommendation"
    )


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_takes_the_treatment(name: str) -> None:
    assert queries.find(name).params["treatment"].cls in (None, "Treatment", "TreatmentSubject")


def test_the_passage_is_where_it_was_read(kg: treatkg.Knowledge) -> None:
    (row,) = kg.select(
        """SELECT ?fact ?words WHERE {
          ?fact tkg:evidence ?one . ?one tkg:anchorText ?words ; prov:wasDerivedFrom <source/oetjen-2017>
        } LIMIT 1"""
    ).to_dicts()
    fact = local(str(row["fact"]))
    (line,) = (line for line in evidence_of(kg, [fact])[fact] if line.anchor)
    assert line.anchor == row["words"]
    assert line.url == "https://pmc.ncbi.nlm.nih.gov/articles/PMC5658016"


@pytest.mark.parametrize("name", all_treatments())
def test_no_line_passes_behind_a_thing_that_it_does_not_touch(kg: treatkg.Knowledge, name: str) -> None:
    path = at(kg, name).path
    boxes = {node.thing.iri: node for node in path.nodes} if path else {}
    for line, step in path.edges if path else ():
        levels = re.findall(r"([\d.]+) ([\d.]+)H([\d.]+)", line)
        start, end = boxes[step.start.iri], boxes[step.end.iri]
        skipped = {node.x for node in boxes.values() if start.x < node.x < end.x}
        assert len(levels) == len(skipped)
        for left, y, right in levels:
            crossed = [node for node in boxes.values() if float(left) < node.x < float(right)]
            assert crossed
            assert all(abs(node.y - float(y)) > 18 for node in crossed)
