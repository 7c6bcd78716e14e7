"""The maps against the stored queries and the triples of the graph."""

import datetime

import treatkg
from treatkg import namespaces
from treatkg.explorer.maps import MOST, Matrix, Neighbourhood, as_json, matrix, neighbourhood

DAY = datetime.date(2026, 11, 28)


def short(iri: str) -> str:
    return namespaces.shorten(iri)


def cells(found: Matrix, what: str) -> set[tuple[str, str]]:
    return {
        (short(row.treatment.iri), short(column.cytokine.iri))
        for row in found.rows
        for column, place in zip(found.columns, row.places, strict=True)
        if place and getattr(place, what)
    }


def around(kg: treatkg.Knowledge, name: str) -> Neighbourhood:
    return neighbourhood(kg, kg.terms.resolve(name))


def test_the_matrix_is_what_the_queries_say(kg: treatkg.Knowledge) -> None:
    found = matrix(kg, DAY)
    blocked = {(str(row["drug"]), str(row["cytokine"])) for row in kg.query("drugs-blocking-cytokine").to_dicts()}
    assert cells(found, "blocks") == blocked
    assert cells(found, "binds") == {("lebrikizumab", "uniprot:P35225"), ("tralokinumab", "uniprot:P35225")}
    assert len(found.columns) == len(kg.select("SELECT DISTINCT ?c WHERE { ?c a tkg:Cytokine }"))
    for place, column in enumerate(found.columns):
        assert column.count == sum(1 for row in found.rows if row.places[place])


def test_unblocked_cytokines_and_licences_depend_on_the_day(kg: treatkg.Knowledge) -> None:
    def unblocked(day: datetime.date) -> set[str]:
        return {short(column.cytokine.iri) for column in matrix(kg, day).columns if column.unblocked}

    now, then = unblocked(DAY), unblocked(datetime.date(2016, 1, 1))
    asked = kg.query("unblocked-cytokines", disease="MONDO:0004980", asOf=DAY).to_dicts()
    assert now == {str(row["cytokine"]) for row in asked}
    assert "uniprot:P35225" in then - now, "IL-13, before dupilumab"
    licensed = {short(row.treatment.iri): row.licensed for row in matrix(kg, datetime.date(2016, 1, 1)).rows}
    assert not licensed["dupilumab"]


def test_short_names_of_cytokines(kg: treatkg.Knowledge) -> None:
    symbols = {short(column.cytokine.iri): column.symbol for column in matrix(kg, DAY).columns}
    assert symbols["uniprot:P35225"] == "IL-13"
    assert all(len(symbol) <= 8 for symbol in symbols.values())


def test_neighbours_of_a_cytokine(kg: treatkg.Knowledge) -> None:
    found = around(kg, "IL-13")
    stated = {(short(edge.start), short(edge.fact)) for edge in found.edges if edge.fact}
    asked = kg.select("SELECT ?from ?f WHERE { ?f a tkg:CausalLink ; tkg:from|tkg:to uniprot:P35225 ; tkg:from ?from }")
    assert stated == {(str(start), str(fact)) for start, fact in asked}
    kinds = dict(found.nodes.values())
    assert kinds["dupilumab"] == "treatments"
    assert kinds["T-helper 2 cell"] == "processes, pathways, cells"
    assert "facts" not in kinds.values()
    assert all(edge.start in found.nodes and edge.end in found.nodes for edge in found.edges)


def test_a_full_neighbourhood_says_what_it_leaves_out(kg: treatkg.Knowledge) -> None:
    found = around(kg, "upadacitinib")
    relations = "tkg:hasTarget|tkg:blocksSignallingOf|tkg:activeSubstance|tkg:indicatedFor|tkg:memberOf"
    asked = kg.select(
        f"SELECT DISTINCT ?n WHERE {{ {{ <upadacitinib> {relations}|tkg:contraindicatedIn|tkg:mayCause ?n }} }}"
    )
    assert len(found.nodes) - 1 + found.left_out == len(asked)
    assert len(found.nodes) <= MOST + 1
    group = around(kg, "MONDO:0004980")
    assert group.left_out == 0 or len(group.nodes) == MOST + 1


def test_json_names_each_end(kg: treatkg.Knowledge) -> None:
    found = around(kg, "IL-31")
    said = as_json(found, dict.fromkeys(found.nodes, "/x"))
    nodes, edges = said["nodes"], said["edges"]
    assert isinstance(nodes, list)
    assert isinstance(edges, list)
    known = {node["id"] for node in nodes}
    assert {edge["source"] for edge in edges} | {edge["target"] for edge in edges} == known
