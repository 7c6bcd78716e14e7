"""UniProt: entries as JSON in every wrapping, and the same entries through SPARQL, give the same triples."""

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg import graph, resources
from treatkg.errors import BadInputError, TreatKGError
from treatkg.linking.client import Client, Policy
from treatkg.loading import fetching, find, inputs, recognise
from treatkg.loading.items import Document, Fact, Record, Section, Skip, Thing
from treatkg.loading.resolving import Resolver, resolver_of
from treatkg.loading.writing import Block, Writer

SOURCE = find("uniprot")
TRANSFORM = SOURCE.transform()
SLICE = Path(__file__).parent / "data" / "uniprot" / "slice.ttl"
TKG = "https://w3id.org/treatkg/ontology#"


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return resolver_of(graph.parse_file(resources.TRIPLES))


def load(resolver: Resolver, *files: Path, version: str = "") -> tuple[dict[str, Block], Counter[str]]:
    blocks: dict[str, Block] = {}
    skips = Counter[str]()
    for got in recognise(SOURCE, inputs.find(map(str, files)), version):
        writer = Writer(SOURCE, got.version, got.date, got.file.retrieved, resolver)
        for record in got.reader().records(got.file):
            blocks |= {block.key: block for block in writer.blocks(TRANSFORM(record), record.where)}
        skips += writer.skips
    return blocks, skips


def facts(block: Block) -> dict[str, int]:
    return dict(block.facts)


def said(block: Block, about: str) -> set[str]:
    """Return "property value" of what a block says of a thing, both short."""
    lines = (line.removesuffix(" .\n").split(" ", 2) for line in block.lines())
    return {f"{p.strip('<>').split('#')[-1].split('/')[-1]} {o}" for s, p, o in lines if s == f"<{about}>"}


def protein(accession: str) -> str:
    return f"http://purl.uniprot.org/uniprot/{accession}"


def xref(database: str, id_: str, evidences: list[dict[str, str]] | None = None, **properties: str) -> dict[str, Any]:
    pairs = [{"key": key, "value": value} for key, value in properties.items()]
    return {"database": database, "id": id_, "properties": pairs, **({"evidences": evidences} if evidences else {})}


# The same as the slice says of it.
JAK1: dict[str, Any] = {
    "entryType": "UniProtKB reviewed (Swiss-Prot)",
    "primaryAccession": "P23458",
    "secondaryAccessions": ["Q59GQ2", "Q9UD26"],
    "uniProtkbId": "JAK1_HUMAN",
    "entryAudit": {"lastAnnotationUpdateDate": "2025-06-18", "entryVersion": 245, "sequenceVersion": 2},
    "organism": {"scientificName": "Homo sapiens", "commonName": "Human", "taxonId": 9606},
    "proteinDescription": {
        "recommendedName": {
            "fullName": {"value": "Tyrosine-protein kinase JAK1"},
            "ecNumbers": [{"value": "2.7.10.2"}],
        },
        "alternativeNames": [{"fullName": {"value": "Janus kinase 1"}, "shortNames": [{"value": "JAK-1"}]}],
    },
    "genes": [{"geneName": {"value": "JAK1"}, "synonyms": [{"value": "JAK1A"}]}],
    "comments": [
        {"commentType": "FUNCTION", "texts": [{"value": 'Phosphorylates STATs; a partner of JAK3 \u2014 and "more".'}]},
        {"commentType": "SUBUNIT", "texts": [{"value": "Binds many receptors."}]},
        {
            "commentType": "DISEASE",
            "disease": {
                "diseaseId": "Autoinflammation, immune dysregulation, and eosinophilia",
                "diseaseAccession": "DI-05905",
                "acronym": "AIIDE",
                "description": "A disorder.",
                "diseaseCrossReference": {"database": "MIM", "id": "618999"},
                "evidences": [{"evidenceCode": "ECO:0000269"}],
            },
            "note": {"texts": [{"value": "Caused by variants of the gene."}]},
        },
    ],
    "uniProtKBCrossReferences": [
        xref("PDB", "3EYG", Method="X-ray"),
        xref("DrugBank", "DB14973", GenericName="Abrocitinib"),
        xref("HGNC", "HGNC:6190", GeneName="JAK1"),
        xref("ChEMBL", "CHEMBL2835", Description="-"),
        xref("Reactome", "R-HSA-1059683", PathwayName="Interleukin-6 signaling"),
        xref("Ensembl", "ENST00000342505.5", GeneId="ENSG00000162434.14"),
        xref("GO", "GO:0005737", GoTerm="C:cytoplasm"),
        xref("GO", "GO:0019221", [{"evidenceCode": "ECO:0000304"}], GoTerm="P:cytokine-mediated signaling pathway"),
    ],
    "sequence": {"value": "M", "length": 1},
}


def written(folder: Path, content: object, name: str = "a.json") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content, indent=1).encode())
    return file


def changed(**values: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    return {**copy.deepcopy(JAK1), **values}


def items(entry: Mapping[str, Any]) -> list[Any]:
    return list(TRANSFORM(Record(entry, "entry")))


def of(kind: type, entry: Mapping[str, Any]) -> list[Any]:
    return [item for item in items(entry) if isinstance(item, kind)]


# --- what becomes of an entry


def test_an_entry(tmp_path: Path, resolver: Resolver) -> None:
    blocks, skips = load(resolver, written(tmp_path, JAK1))
    block = blocks["P23458"]
    assert (block.version, facts(block), skips) == ("245", {"Protein": 1, "Association": 2}, Counter())
    assert said(block, protein("P23458")) == {
        f"type <{TKG}Protein>",
        'label "Tyrosine-protein kinase JAK1"@en',
        'altLabel "Janus kinase 1"@en', 'altLabel "JAK-1"@en',
        'geneSymbol "JAK1"', 'organism "Homo sapiens"',
        'formerAccession "Q59GQ2"', 'formerAccession "Q9UD26"',
        'crossReference "DrugBank:DB14973"', 'crossReference "HGNC:6190"', 'crossReference "ChEMBL:CHEMBL2835"',
        'crossReference "Reactome:R-HSA-1059683"', 'crossReference "Ensembl:ENST00000342505.5"',
        'crossReference "GO:0005737"', 'crossReference "GO:0019221"',
    }  # fmt: skip
    record = said(block, block.iri)
    assert 'date "2025-06-18"^^<http://www.w3.org/2001/XMLSchema#date>' in record
    assert 'note "UniProtKB reviewed (Swiss-Prot)"@en' in record
    assert said(block, f"{block.iri}/disease/DI-05905") >= {
        f"type <{TKG}Association>",
        f"subjectTerm <{protein('P23458')}>",
        'statedRelation "involvement in disease"',
        "objectTerm <https://bioregistry.io/omim:618999>",
    }
    assert said(block, f"{block.iri}/process/GO-0019221") >= {
        "objectTerm <http://purl.obolibrary.org/obo/GO_0019221>",
        'statedRelation "GO annotation, biological process"',
    }
    assert 'text "Phosphorylates STATs; a partner of JAK3 \u2014 and \\"more\\"."' in said(
        block, f"{block.iri}/section/function-1"
    )


def test_nothing_is_a_mechanism_or_a_licence() -> None:
    assert SOURCE.gives == ("Association",)


def test_a_process_of_the_graph_is_found(tmp_path: Path, resolver: Resolver) -> None:
    known = [xref("GO", "GO:0061436", GoTerm="P:establishment of skin barrier", GoEvidenceType="IEA:Ensembl")]
    blocks, _ = load(resolver, written(tmp_path, changed(uniProtKBCrossReferences=known, comments=[])))
    assert not blocks["P23458"].unmapped
    (fact,) = of(Fact, changed(uniProtKBCrossReferences=known, comments=[]))
    # Without an ECO code in the entry, the one that GO's code stands for.
    assert [(p.locator, p.evidence_type) for p in fact.passages] == [
        ("GO annotation GO:0061436 (IEA:Ensembl)", "ECO:0000501")
    ]


def test_a_term_that_stands_twice_is_one_fact_with_both_evidences() -> None:
    twice = [
        xref("GO", "GO:0061436", [{"evidenceCode": "ECO:0000314", "source": "PubMed", "id": "1"}], GoTerm="P:x"),
        xref("GO", "GO:0061436", GoTerm="P:x", GoEvidenceType="IBA:GO_Central"),
    ]
    (fact,) = of(Fact, changed(uniProtKBCrossReferences=twice, comments=[]))
    assert [p.evidence_type for p in fact.passages] == ["ECO:0000314", "ECO:0000318"]
    assert fact.values["publication"] == ["pubmed:1"]


def disease(note: str | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    comment: dict[str, Any] = {"commentType": "DISEASE", **more}
    return comment | ({"note": {"texts": [{"value": note}]}} if note is not None else {})


@pytest.mark.parametrize(
    "note",
    [
        "The disease is not caused by variants of this gene.",
        "It is unlikely that variants are responsible.",
        "The gene is no longer considered to be involved",
        "Not clearly associated with it.",
    ],
)
def test_a_denied_involvement_is_text_and_no_fact(note: str) -> None:
    entry = changed(comments=[disease(note, disease={"diseaseId": "Some disease", "diseaseAccession": "DI-00001"})])
    assert not [fact for fact in of(Fact, entry) if fact.name.startswith("disease")]
    assert [section.text for section in of(Section, entry)] == [note]
    assert [skip.reason for skip in of(Skip, entry)] == ["a disease comment that denies the involvement: kept as text"]


@pytest.mark.parametrize(
    "note",
    [
        "The disease is caused by variants affecting the gene represented in this entry",
        "The gene represented in this entry may be involved in disease pathogenesis",
        "Caused by variants. Penetrance is not complete.",
    ],
)
def test_other_notes_are_facts(note: str) -> None:
    entry = changed(comments=[disease(note, disease={"diseaseId": "Some disease"})])
    (fact,) = [fact for fact in of(Fact, entry) if fact.name.startswith("disease")]
    assert fact.passages[0].quote == note
    assert fact.values["objectTerm"].ids == []


def test_disease_comments_without_a_disease_or_without_anything() -> None:
    entry = changed(comments=[disease("Susceptibility may vary."), disease(None), disease(None, disease=None)])
    assert [section.text for section in of(Section, entry)] == ["Susceptibility may vary."]
    assert [skip.reason for skip in of(Skip, entry)] == [
        "a disease comment without a disease: kept as text", "an empty disease comment", "an empty disease comment",
    ]  # fmt: skip


def test_text_on_an_isoform_says_so() -> None:
    comment = {"commentType": "FUNCTION", "molecule": "Isoform PDE4B1", "texts": [{"value": "A."}, {"value": "B."}]}
    assert [(s.name, s.locator, s.text) for s in of(Section, changed(comments=[comment]))] == [
        ("function-1", "Function (Isoform PDE4B1)", "A."), ("function-2", "Function (Isoform PDE4B1)", "B."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ({"inactiveReasonType": "MERGED", "mergeDemergeTo": ["P23458"]}, ("MERGED: P23458", ["uniprot:P23458"])),
        ({"inactiveReasonType": "DEMERGED", "mergeDemergeTo": ["P99999", "P99998"]}, ("DEMERGED: P99999, P99998", [])),
        ({"inactiveReasonType": "DEMERGED", "mergeDemergeTo": ["P99999"]}, ("DEMERGED: P99999", [])),
        ({"inactiveReasonType": "DELETED", "deletedReason": "Over-represented"}, ("DELETED: Over-represented", [])),
        ({"inactiveReasonType": "MERGED", "mergeDemergeTo": ["nonsense"]}, ("MERGED: nonsense", [])),
        (None, ("INACTIVE", [])),
    ],
)
def test_inactive_entries(reason: object, expected: tuple[str, list[str]]) -> None:
    entry = {
        "entryType": "Inactive",
        "primaryAccession": "P00001",
        "uniProtkbId": "CYC_HUMAN",
        "inactiveReason": reason,
    }
    (thing,) = of(Thing, entry)
    assert (thing.id, thing.values["deprecated"]) == ("uniprot:P00001", True)
    assert (thing.values["note"], thing.values["replacedBy"]) == expected


def test_isoforms_and_other_species_stay_what_they_are(tmp_path: Path, resolver: Resolver) -> None:
    mouse = changed(
        primaryAccession="P52332", organism={"scientificName": "Mus musculus", "taxonId": 10090}, comments=[]
    )
    isoform = changed(primaryAccession="P23458-2", comments=[], uniProtKBCrossReferences=[])
    blocks, _ = load(resolver, written(tmp_path, {"results": [mouse, isoform]}))
    assert 'organism "Mus musculus"' in said(blocks["P52332"], protein("P52332"))
    assert 'note "isoform of P23458"@en' in said(blocks["P23458-2"], "http://purl.uniprot.org/isoforms/P23458-2")


def test_an_unreviewed_entry_has_the_submitted_name() -> None:
    names = {"submissionNames": [{"fullName": {"value": "IL13 protein"}}, {"fullName": {"value": "Other"}}]}
    thing = of(Thing, changed(proteinDescription=names))[0]
    assert (thing.values["label"], thing.values["altLabel"]) == ("IL13 protein", ["Other"])


@pytest.mark.parametrize("accession", [None, "", 5, "JAK1", "P2345", "P23458.1", ["P23458"]])
def test_an_entry_without_an_accession_is_skipped(accession: object) -> None:
    assert [type(item) for item in items(changed(primaryAccession=accession))] == [Skip]


def test_a_projected_reply_has_what_it_has(tmp_path: Path, resolver: Resolver) -> None:
    entry = {"entryType": "UniProtKB reviewed (Swiss-Prot)", "primaryAccession": "P23458"}
    blocks, _ = load(resolver, written(tmp_path, entry), version="2025_03")
    # Its key is not that of the whole entry, whose place it must not take.
    assert {key: block.version for key, block in blocks.items()} == {"P23458.fields": "2025_03"}
    assert said(blocks["P23458.fields"], protein("P23458")) == {f"type <{TKG}Protein>", 'label "P23458"@en'}


# --- formats


def lines(blocks: Mapping[str, Block]) -> list[str]:
    return [line for key in sorted(blocks) for line in blocks[key].lines()]


def test_every_wrapping_gives_the_same(tmp_path: Path, resolver: Resolver) -> None:
    second = changed(primaryAccession="P52332")
    expected = lines(load(resolver, written(tmp_path, {"results": [JAK1, second]}))[0])
    rows = "".join(json.dumps(entry) + "\r\n" for entry in (JAK1, second)).encode()
    forms: list[object] = [
        [JAK1, second],
        {"results": [second, JAK1]},
        rows,
        b"\xef\xbb\xbf" + rows,
        b"\xef\xbb\xbf" + json.dumps({"results": [JAK1, second]}).encode(),
    ]
    for form in forms:
        assert lines(load(resolver, written(tmp_path, form))[0]) == expected
    singly = [written(tmp_path, JAK1, "1.json"), written(tmp_path, second, "2.json")]
    assert lines(load(resolver, *singly)[0]) == expected


def test_the_order_of_keys_does_not_matter(tmp_path: Path, resolver: Resolver) -> None:
    backwards = dict(reversed(JAK1.items()))
    expected = lines(load(resolver, written(tmp_path, JAK1))[0])
    assert lines(load(resolver, written(tmp_path, backwards))[0]) == expected


OTHERS = {
    "empty": b"",
    "truncated": json.dumps(JAK1, indent=1).encode()[:900],
    "truncated list": json.dumps({"results": [JAK1]}).encode()[:-30],
    "latin-1": json.dumps(JAK1, ensure_ascii=False, indent=1).encode("cp1252"),
    "deep": b'{"entryType": "x", "primaryAccession": "P23458", "a":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "html": b"<!DOCTYPE html><html></html>",
    "fasta": b">sp|P23458|JAK1_HUMAN\nMQYLNIK\n",
    "no hits": b'{"results": []}',
    "trial": b'{"protocolSection": {"identificationModule": {"nctId": "NCT00000001"}}}',
    "uniparc": b'{"results": [{"uniParcId": "UPI0000000001"}]}',
    "sparql of another query": b'{"head": {"vars": ["s"]}, "results": {"bindings": []}}',
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=list(OTHERS))
def test_other_and_broken_files_are_refused(tmp_path: Path, resolver: Resolver, content: bytes) -> None:
    with pytest.raises(BadInputError, match=r"P23458\.json"):
        load(resolver, written(tmp_path, content, "P23458.json"))


@pytest.mark.parametrize(
    ("content", "said_"),
    [
        (b'{"url": "http://rest.uniprot.org/x", "messages": ["Error encountered"]}', "an error message"),
        (b"Entry\tReviewed\tEntry Name\nP23458\treviewed\tJAK1_HUMAN\n", "download the JSON"),
    ],
)
def test_known_files_that_are_refused_say_why(tmp_path: Path, resolver: Resolver, content: bytes, said_: str) -> None:
    with pytest.raises(BadInputError, match=said_):
        load(resolver, written(tmp_path, content))


# --- any entry

VALUES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["P23458", "MIM", "GO", "P:x"])
)
JSON = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner), max_leaves=8
)


def places(value: object, path: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*path, number))


PLACES = [place for place in places(JAK1) if place]


@given(st.lists(st.tuples(st.sampled_from(PLACES), JSON), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_whatever_stands_where_it_gives_items_that_the_engine_takes(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    entry: Any = copy.deepcopy(JAK1)
    for place, value in changes:
        inside = entry
        try:
            for key in place[:-1]:
                inside = inside[key]
            inside[place[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue
    found = items(entry)
    assert found == items(entry)
    assert isinstance(found[0], (Document, Skip))
    import datetime

    day = datetime.date(2026, 1, 1)
    writer = Writer(SOURCE, "1", day, day, Resolver())
    for block in writer.blocks(found, "entry"):
        block.lines()


# --- SPARQL


def fetched(tmp_path: Path, url: str) -> Path:
    layout = fetching.online_format(SOURCE)
    client = Client(tmp_path / "cache", online=True, policy=Policy(timeout=30, attempts=1))
    return fetching.fetch(SOURCE, layout, client, tmp_path, fetching.endpoint_of(layout, url))


def check_answers(blocks: Mapping[str, Block], skips: Counter[str], expected: list[str]) -> None:
    assert not skips
    assert set(blocks) == {"P23458", "P35225", "Q07343"}, "and not insulin, which the graph does not have"
    assert blocks["P23458"].lines() == expected
    assert said(blocks["P35225"], protein("P35225")) >= {'label "IL13 protein"@en', 'organism "Homo sapiens"'}
    assert 'locator "Function (isoform P35225-2)"' in said(
        blocks["P35225"], f"{blocks['P35225'].iri}/section/function-1"
    )
    assert 'note "UniProtKB unreviewed (TrEMBL)"@en' in said(blocks["P35225"], blocks["P35225"].iri)
    assert said(blocks["Q07343"], protein("Q07343")) >= {
        'deprecated "true"^^<http://www.w3.org/2001/XMLSchema#boolean>', f"isReplacedBy <{protein('P23458')}>",
    }  # fmt: skip


def test_our_own_server_says_the_same_as_the_json(
    tmp_path: Path, serve: Callable[[Path], str], resolver: Resolver
) -> None:
    expected = load(resolver, written(tmp_path, JAK1))[0]["P23458"].lines()
    check_answers(*load(resolver, fetched(tmp_path, serve(SLICE))), expected)


@pytest.mark.slow
def test_virtuoso_says_the_same_as_the_json(
    tmp_path: Path, start_virtuoso: Callable[[Mapping[str, Path]], str], resolver: Resolver
) -> None:
    expected = load(resolver, written(tmp_path, JAK1))[0]["P23458"].lines()
    check_answers(*load(resolver, fetched(tmp_path, start_virtuoso({"uniprot": SLICE}))), expected)


# --- the real files

DATABASES = ("ChEMBL", "DrugBank", "Ensembl", "GO", "HGNC", "Reactome")
# Read off the files: version, recommended name, and number of GO processes and diseases together.
GOLDEN = {
    "P23458_JAK1.json": ("P23458", "245", "Tyrosine-protein kinase JAK1", 25),
    "P29597_TYK2.json": ("P29597", "243", "Non-receptor tyrosine-protein kinase TYK2", 24),
    "P62942_FKBP1A.json": ("P62942", "201", "Peptidyl-prolyl cis-trans isomerase FKBP1A", 18),
    "Q07343_PDE4B.json": ("Q07343", "221", "3',5'-cyclic-AMP phosphodiesterase 4B", 15),
    "Q08209_PPP3CA.json": ("Q08209", "240", "Protein phosphatase 3 catalytic subunit alpha", 46),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_real_entries(samples: Path, resolver: Resolver, name: str) -> None:
    accession, version, label, associations = GOLDEN[name]
    file = samples / "uniprot" / name
    blocks, skips = load(resolver, file)
    block = blocks[accession]
    assert facts(block) == {"Protein": 1, "Association": associations}
    assert not skips
    assert block.version == version
    entry = json.loads(file.read_text(encoding="utf-8"))
    of_protein = said(block, protein(accession))
    assert f'label "{label}"@en' in of_protein
    references = [x for x in entry["uniProtKBCrossReferences"] if x["database"] in DATABASES]
    assert sum(line.startswith("crossReference") for line in of_protein) == len({x["id"] for x in references})
    processes = {x["id"] for x in references if x["database"] == "GO" and x["properties"][0]["value"].startswith("P:")}
    diseases = [c for c in entry["comments"] if c["commentType"] == "DISEASE"]
    assert associations == len(processes) + len(diseases)


def test_a_real_disease_and_a_real_drug(samples: Path, resolver: Resolver) -> None:
    blocks, _ = load(resolver, samples / "uniprot" / "P23458_JAK1.json")
    block = blocks["P23458"]
    fact = f"{block.iri}/disease/DI-05905"
    assert said(block, fact) >= {
        "objectTerm <https://bioregistry.io/omim:618999>",
        'publication "pubmed:28111307"',
        'publication "pubmed:32750333"',
    }
    assert 'crossReference "DrugBank:DB14973"' in said(block, protein("P23458"))
    assert not [line for line in block.lines() if "MechanismOfAction" in line or "abrocitinib" in line.lower()]


def test_the_real_projected_reply(samples: Path, resolver: Resolver) -> None:
    blocks, _ = load(resolver, samples / "uniprot" / "get_p15056_fields_20260812.json")
    block = blocks["P15056.fields"]
    assert facts(block) == {"Protein": 1}
    assert said(block, protein("P15056")) >= {'geneSymbol "BRAF"', 'altLabel "Proto-oncogene B-Raf"@en'}
    assert sum("FunctionText" in line for line in block.lines()) == 1


def test_files_of_other_sources_are_refused(samples: Path, resolver: Resolver) -> None:
    others = [file for file in samples.glob("*/*") if file.parent.name != "uniprot" and file.suffix != ".zip"]
    assert len(others) > 50
    for file in others:
        with pytest.raises(TreatKGError):
            load(resolver, file)
