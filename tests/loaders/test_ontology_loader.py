"""Ontologies: OBO, obographs and OWL say the same, what is no term is skipped, and the real files load whole."""

from __future__ import annotations

import datetime
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg import loading
from treatkg.errors import BadInputError
from treatkg.loading import inputs, recognise
from treatkg.loading.items import Document, Item, Record, Skip, Thing
from treatkg.loading.readers.obo import Clause
from treatkg.loading.resolving import Resolver
from treatkg.loading.writing import Writer

SOURCE = loading.find("ontology")
TRANSFORM = SOURCE.transform()
OBO = "http://purl.obolibrary.org/obo/"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
BOOLEAN = "http://www.w3.org/2001/XMLSchema#boolean"
DAY = datetime.date(2026, 1, 1)
RELATION = "a relation other than is_a"
NO_TERM = "no term: a relation, property, individual or the ontology itself"
STUB = "a term without a name, as an import leaves it"

AS_OBO = r"""format-version: 1.2
data-version: zor/releases/2026-03-04/zor.obo
synonymtypedef: abbreviation "an abbreviation" EXACT
ontology: zor
property_value: http://purl.org/dc/terms/license https://creativecommons.org/licenses/by/4.0/

[Term]
id: MONDO:9900001
name: zorvian eczema
alt_id: MONDO:9900009
def: "An \"eczema\" of Zor\nthat itches." [PMID:1]
synonym: "Zor itch" EXACT []
synonym: "ZE" abbreviation []
synonym: "itch" BROAD []
synonym: "Zor itch of the hand" NARROW []
synonym: "Zor rash" RELATED []
synonym: "zorvian eczema" EXACT []
xref: MESH:D003876 {source="MONDO:equivalentTo"}
xref: Orphanet:1
is_a: MONDO:0004980 {source="x"} ! atopic eczema
relationship: has_site UBERON:0002097

[Term]
id: MONDO:9900002
name: obsolete zorvian rash
is_obsolete: true
replaced_by: MONDO:9900001
consider: MONDO:0004980

[Term]
id: CHEBI:15377

[Typedef]
id: has_site
name: has site
"""
TERM = {
    "label": "zorvian eczema",
    "definition": 'An "eczema" of Zor\nthat itches.',
    "altLabel": ["Zor itch", "ZE"],
    "broadSynonym": ["itch"],
    "narrowSynonym": ["Zor itch of the hand"],
    "relatedSynonym": ["Zor rash"],
    "parent": [f"{OBO}MONDO_0004980"],
    "crossReference": ["MESH:D003876", "Orphanet:1"],
    "replacedBy": [],
    "formerTerm": ["MONDO:9900009"],
}
SCOPES = {"EXACT": ["Zor itch", "ZE"], "BROAD": ["itch"], "NARROW": ["Zor itch of the hand"], "RELATED": ["Zor rash"]}


def obographs(*, edges_first: bool = False) -> dict[str, Any]:
    synonyms = [
        {"pred": f"has{scope.capitalize()}Synonym", "val": name} for scope, names in SCOPES.items() for name in names
    ]
    nodes = [
        {
            "id": f"{OBO}MONDO_9900001",
            "lbl": "zorvian eczema",
            "type": "CLASS",
            "meta": {
                "definition": {"val": TERM["definition"], "xrefs": ["PMID:1"]},
                "synonyms": synonyms,
                "xrefs": [{"val": "MESH:D003876"}, {"val": "Orphanet:1"}],
                "basicPropertyValues": [
                    {"pred": "http://www.geneontology.org/formats/oboInOwl#hasAlternativeId", "val": "MONDO:9900009"}
                ],
            },
        },
        {
            "id": f"{OBO}MONDO_9900002",
            "lbl": "obsolete zorvian rash",
            "type": "CLASS",
            "meta": {
                "deprecated": True,
                "basicPropertyValues": [{"pred": f"{OBO}IAO_0100001", "val": "MONDO:9900001"}],
            },
        },
        {"id": f"{OBO}CHEBI_15377", "type": "CLASS"},
        {"id": f"{OBO}RO_9900001", "lbl": "has site", "type": "PROPERTY"},
        {"id": f"{OBO}zor#note", "lbl": "note"},
    ]
    edges = [
        {"sub": f"{OBO}MONDO_9900001", "pred": "is_a", "obj": f"{OBO}MONDO_0004980"},
        {"sub": f"{OBO}MONDO_9900001", "pred": f"{OBO}RO_9900001", "obj": f"{OBO}UBERON_0002097"},
    ]
    meta = {"version": f"{OBO}zor/releases/2026-03-04/zor.owl"}
    order = {"edges": edges, "nodes": nodes} if edges_first else {"nodes": nodes, "edges": edges}
    return {"graphs": [{**order, "id": f"{OBO}zor.owl", "meta": meta}]}


def owl() -> str:
    names = "".join(
        f"<oboInOwl:has{scope.capitalize()}Synonym>{name}</oboInOwl:has{scope.capitalize()}Synonym>"
        for scope, given in SCOPES.items()
        for name in given
    )
    return f"""<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [ <!ENTITY obo "{OBO}" > ]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:rdfs="{RDFS}"
  xmlns:owl="http://www.w3.org/2002/07/owl#" xmlns:obo="{OBO}" xmlns:terms="http://purl.org/dc/terms/"
  xmlns:oboInOwl="http://www.geneontology.org/formats/oboInOwl#">
<owl:Ontology rdf:about="&obo;zor.owl"><terms:title>Ontology of Zor</terms:title>
  <owl:versionIRI rdf:resource="&obo;zor/releases/2026-03-04/zor.owl"/>
  <terms:license rdf:resource="https://creativecommons.org/licenses/by/4.0/"/></owl:Ontology>
<owl:ObjectProperty rdf:about="&obo;RO_9900001"><rdfs:label>has site</rdfs:label></owl:ObjectProperty>
<owl:Class rdf:about="&obo;MONDO_9900001">
  <rdfs:label xml:lang="de">Zorsches Ekzem</rdfs:label><rdfs:label>zorvian eczema</rdfs:label>
  <obo:IAO_0000115>An "eczema" of Zor
that itches.</obo:IAO_0000115>
  {names}<oboInOwl:hasExactSynonym xml:lang="fr">eczéma</oboInOwl:hasExactSynonym>
  <oboInOwl:hasDbXref>MESH:D003876</oboInOwl:hasDbXref><oboInOwl:hasDbXref>Orphanet:1</oboInOwl:hasDbXref>
  <oboInOwl:hasAlternativeId>MONDO:9900009</oboInOwl:hasAlternativeId>
  <rdfs:subClassOf rdf:resource="&obo;MONDO_0004980"/>
  <rdfs:subClassOf><owl:Restriction><owl:onProperty rdf:resource="&obo;RO_9900001"/>
    <owl:someValuesFrom rdf:resource="&obo;UBERON_0002097"/></owl:Restriction></rdfs:subClassOf>
</owl:Class>
<owl:Class rdf:about="&obo;MONDO_9900002"><rdfs:label>obsolete zorvian rash</rdfs:label>
  <owl:deprecated rdf:datatype="http://www.w3.org/2001/XMLSchema#boolean">true</owl:deprecated>
  <obo:IAO_0100001 rdf:resource="&obo;MONDO_9900001"/></owl:Class>
<owl:Class rdf:about="&obo;CHEBI_15377"/>
</rdf:RDF>
"""


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def items(path: Path) -> list[Item]:
    (got,) = recognise(SOURCE, inputs.find([str(path)]))
    return [item for record in got.reader().records(got.file) for item in TRANSFORM(record)]


def terms(path: Path) -> dict[str, dict[str, Any]]:
    """Return what is said of each term, by IRI; empty lists count as nothing."""
    said: dict[str, dict[str, Any]] = {}
    for item in items(path):
        if isinstance(item, Thing):
            known = said.setdefault(item.id, {})
            known |= {key: value for key, value in item.values.items() if value not in ("", [], None)}
    return said


def triples(path: Path) -> tuple[set[str], Counter[str], Counter[str]]:
    """Return the triples of a file, the things by class, and the skips."""
    (got,) = recognise(SOURCE, inputs.find([str(path)]))
    writer = Writer(SOURCE, got.version, got.date, got.file.retrieved, Resolver())
    lines: set[str] = set()
    facts: Counter[str] = Counter()
    for record in got.reader().records(got.file):
        for block in writer.blocks(TRANSFORM(record), record.where):
            lines.update(block.lines())
            facts += block.facts
    return lines, facts, writer.skips


FORMS: dict[str, str | bytes] = {
    "zor.obo": AS_OBO,
    "zor.json": json.dumps(obographs()),
    "edges-first.json": json.dumps(obographs(edges_first=True)),
    "zor.json.gz": gzip.compress(json.dumps(obographs()).encode()),
    "zor.owl": owl(),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_format_says_the_same(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, FORMS[name])
    assert terms(path) == {
        f"{OBO}MONDO_9900001": {key: value for key, value in TERM.items() if value},
        f"{OBO}MONDO_9900002": {
            "label": "obsolete zorvian rash",
            "deprecated": True,
            "replacedBy": [f"{OBO}MONDO_9900001"],
        },
    }
    (got,) = recognise(SOURCE, inputs.find([str(path)]))
    assert (got.version, got.date.isoformat()) == ("2026-03-04", "2026-03-04")
    (key,) = {item.key for item in items(path) if isinstance(item, Document)}
    assert key == "zor"
    skipped = Counter(item.reason for item in items(path) if isinstance(item, Skip))
    assert skipped[STUB] == 1
    assert skipped[NO_TERM] >= 1
    assert skipped[RELATION] + skipped["a parent that is an anonymous class expression"] == 1


def test_the_document_says_which_ontology_and_under_which_licence(tmp_path: Path) -> None:
    for name, title in (("zor.obo", "zor"), ("zor.owl", "Ontology of Zor")):
        document = items(written(tmp_path, name, FORMS[name]))[0]
        assert isinstance(document, Document)
        assert (document.title, document.url) == (title, f"{OBO}zor.owl")
        assert document.values == {"license": "https://creativecommons.org/licenses/by/4.0/"}


def test_triples_are_those_of_the_model(tmp_path: Path) -> None:
    lines, facts, _ = triples(written(tmp_path, "zor.obo", AS_OBO))
    term = f"<{OBO}MONDO_9900001>"
    ours = "https://w3id.org/treatkg/ontology#"
    for line in (
        f"{term} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{ours}OntologyTerm> .\n",
        f'{term} <{RDFS}label> "zorvian eczema"@en .\n',
        f"{term} <{RDFS}subClassOf> <{OBO}MONDO_0004980> .\n",
        f'{term} <{ours}crossReference> "MESH:D003876" .\n',
        f'{term} <{ours}broadSynonym> "itch" .\n',
        f"<{OBO}MONDO_9900002> <http://purl.org/dc/terms/isReplacedBy> {term} .\n",
        f'<{OBO}MONDO_9900002> <http://www.w3.org/2002/07/owl#deprecated> "true"^^<{BOOLEAN}> .\n',
    ):
        assert line in lines
    assert facts == {"OntologyTerm": 2}
    assert not any("UBERON_0002097" in line or "exactMatch" in line for line in lines)


def test_a_merged_identifier_without_a_name_leads_to_its_heir(tmp_path: Path) -> None:
    heir = {"pred": f"{OBO}IAO_0100001", "val": f"{OBO}MONDO_9900001"}
    node = {"id": f"{OBO}MONDO_9900003", "meta": {"deprecated": True, "basicPropertyValues": [heir]}}
    path = written(tmp_path, "x.json", json.dumps({"graphs": [{"nodes": [node], "edges": []}]}))
    assert terms(path) == {f"{OBO}MONDO_9900003": {"deprecated": True, "replacedBy": [f"{OBO}MONDO_9900001"]}}


def test_the_date_of_the_header_counts_where_the_version_is_none(tmp_path: Path) -> None:
    text = "data-version: 185\ndate: 27:02:2020 18:48\nontology: chebi\n\n[Term]\nid: CHEBI:1\nname: a\n"
    document = items(written(tmp_path, "chebi.obo", text))[0]
    assert isinstance(document, Document)
    assert (document.key, document.date) == ("chebi", "2020-02-27")


@pytest.mark.parametrize("null", [None, [], {}])
def test_absent_null_and_empty_are_the_same(tmp_path: Path, null: object) -> None:
    node = {"id": f"{OBO}MONDO_9900001", "lbl": "a", "type": "CLASS", "meta": null or None}
    meta = {"definition": null or None, "synonyms": null or None, "xrefs": null or [], "basicPropertyValues": None}
    other = {**node, "id": f"{OBO}MONDO_9900002", "meta": meta}
    path = written(tmp_path, "x.json", json.dumps({"graphs": [{"nodes": [node, other], "edges": []}]}))
    assert terms(path) == {f"{OBO}MONDO_9900001": {"label": "a"}, f"{OBO}MONDO_9900002": {"label": "a"}}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Prefix(:=<http://z/>)\nOntology(<http://z/>)\n", "functional syntax"),
        ("Prefix: : <http://z/>\nOntology: <http://z/>\n", "Manchester syntax"),
        ('<?xml version="1.0"?><Ontology xmlns="http://www.w3.org/2002/07/owl#"/>', "OWL/XML"),
        ("subject\tpredicate\tobject\n", "load it as `kgx`"),
        ("id\tcategory\tname\n", "load it as `kgx`"),
        ("#curie_map:\n#  a: b\nsubject_id\tpredicate_id\tobject_id\n", "load it as `sssom`"),
        ("!gaf-version: 2.2\nUniProtKB\tP1\n", "not a file of"),
        ("", "the file is empty"),
        ("{", "not a file of"),
        ('{"graphs": []}', "not a file of"),
        (AS_OBO.encode("utf-16"), "not a file of"),
        ("<!DOCTYPE rdf:RDF [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><rdf:RDF>&a;</rdf:RDF>", "none is fetched"),
        (owl()[:-12], "cut short"),
        (AS_OBO + 'def: "cut', "quotation marks"),
        (json.dumps(obographs())[:-3], "not valid JSON"),
        (gzip.compress(json.dumps(obographs()).encode())[:-20], "or a broken one"),
    ],
)  # fmt: skip
def test_what_is_no_ontology_is_refused_with_its_reason(tmp_path: Path, content: str | bytes, reason: str) -> None:
    path = written(tmp_path, "x.dat", content)
    with pytest.raises(BadInputError, match=reason) as raised:
        items(path)
    assert str(path) in str(raised.value)


CLAUSES = st.lists(
    st.builds(
        Clause,
        value=st.text(max_size=8),
        text=st.text(max_size=8),
        words=st.lists(st.sampled_from(["EXACT", "BROAD", "MONDO:1", "x", ""]), max_size=3).map(tuple),
    ),
    max_size=3,
)
TAGS = [
    "name",
    "def",
    "synonym",
    "exact_synonym",
    "xref",
    "is_a",
    "replaced_by",
    "alt_id",
    "is_obsolete",
    "relationship",
]


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(TAGS), CLAUSES), CLAUSES)
def test_any_frame_gives_a_term_or_a_reason(data: dict[str, list[Clause]], ids: list[Clause]) -> None:
    record = Record({"id": ids, **data}, "line 1", {"ontology": ["zor"]}, "Term")
    found = list(TRANSFORM(record))
    assert found == list(TRANSFORM(record))
    assert isinstance(found[0], Document)
    assert [type(item) for item in found if not isinstance(item, Document)][-1] in {Thing, Skip}
    writer = Writer(SOURCE, "1", DAY, DAY, Resolver())
    assert [block.key for block in writer.blocks(found, record.where)] == ["zor"]


# --- the real files

REAL = {
    "ontology/cl_blood_and_immune_upper_slim.json": (
        "2026-06-08", "cl/subsets/blood_and_immune_upper_slim", 1070, {RELATION: 1377, NO_TERM: 185, STUB: 9}),
    "ontology/doid_rare_slim.obo": ("2026-07-31", "doid/subsets/DO_rare_slim", 3460, {}),
    "ontology/hp_slice.obo": ("2020-08-11", "hp", 2, {}),
    "ontology/ncit-disease-2018-06-08.obographs.json.gz": (
        "2018-06-08", "ncit", 20324, {RELATION: 21144, NO_TERM: 61}),
    "ontology/test_chebi.obo": ("185", "chebi", 18, {RELATION: 7, NO_TERM: 10}),
    "ontology/uberon_efo-slim.json": (None, "uberon/subsets/efo-slim", 616, {RELATION: 980, NO_TERM: 244}),
    "go/go-nucleus.json": (None, "go", 204, {RELATION: 244, NO_TERM: 114}),
    "go/go-nucleus.obo": ("2020-01-01", "go", 176, {RELATION: 119, NO_TERM: 97}),
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_the_real_files_load_whole(samples: Path, name: str) -> None:
    version, key, count, skipped = REAL[name]
    (got,) = recognise(SOURCE, inputs.find([str(samples / name)]))
    assert got.version == version or version is None
    found = items(samples / name)
    assert sum(isinstance(item, Thing) and item.types == ["OntologyTerm"] for item in found) == count
    assert Counter(item.reason for item in found if isinstance(item, Skip)) == skipped
    assert {item.key for item in found if isinstance(item, Document)} == {key}
    if count < 1000:
        assert triples(samples / name)[1] == {"OntologyTerm": count}


def test_pinned_terms_of_the_real_files(samples: Path) -> None:
    doid = terms(samples / "ontology" / "doid_rare_slim.obo")
    lupus = doid["https://bioregistry.io/DOID:0040093"]
    assert lupus["label"] == "drug-induced lupus erythematosus"
    assert lupus["altLabel"] == ["DIL", "DILE"]
    assert lupus["crossReference"][1] == "MESH:C000730515"
    assert doid["https://bioregistry.io/DOID:9997"]["formerTerm"] == ["DOID:11697", "DOID:11980"]
    nucleus = {name: terms(samples / "go" / f"go-nucleus.{name}") for name in ("obo", "json")}
    cytoplasm = f"{OBO}GO_0005737"
    assert nucleus["obo"][cytoplasm]["parent"] == nucleus["json"][cytoplasm]["parent"]
    assert nucleus["obo"][cytoplasm]["label"] == nucleus["json"][cytoplasm]["label"] == "cytoplasm"
    chebi = terms(samples / "ontology" / "test_chebi.obo")
    assert "altLabel" not in chebi["https://bioregistry.io/CHEBI:23367"]
    assert "molekulare Entitaet" in chebi["https://bioregistry.io/CHEBI:23367"]["relatedSynonym"]


def test_the_other_files_of_the_samples_are_refused(samples: Path) -> None:
    for name in ("ontology/mondo-rare_edges.tsv", "go/goa_500.gaf", "prefixes/obo.epm.json", "kgx/graph.json"):
        with pytest.raises(BadInputError, match=r"load it as `kgx`|not a file of"):
            items(samples / name)
