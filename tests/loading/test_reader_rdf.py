"""RDF by subject: RDF/XML as ontologies write it, Turtle, what guards against harmful XML, and what is no RDF."""

from __future__ import annotations

import http.server
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.errors import BadInputError, LimitError
from treatkg.loading import inputs
from treatkg.loading.inputs import Input
from treatkg.loading.readers import rdf, rdf_guard
from treatkg.loading.readers.rdf import RdfReader

OWL = "http://www.w3.org/2002/07/owl#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
MARKS = {"types": [f"{OWL}Ontology", f"{OWL}Class"]}
READER = RdfReader(header=f"{OWL}Ontology")
NAMESPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#" '
    'xmlns:owl="http://www.w3.org/2002/07/owl#" xml:base="http://zor.example/zor.owl"'
)
DOCTYPE = """<!DOCTYPE rdf:RDF [
    <!ENTITY owl "http://www.w3.org/2002/07/owl#" >
    <!-- the beginning of our own -->
    <!ENTITY zor "http://zor.example/" >
    <!ENTITY zr "&zor;ZR_" >
]>
"""
ONTOLOGY = (
    '<owl:Ontology rdf:about="http://zor.example/zor.owl">'
    '<owl:versionIRI rdf:resource="http://zor.example/releases/2026-03-04/zor.owl"/></owl:Ontology>'
)


def xml(body: str, doctype: str = DOCTYPE) -> str:
    return f'<?xml version="1.0"?>\n{doctype}<rdf:RDF {NAMESPACES}>\n{body}\n</rdf:RDF>\n'


def written(folder: Path, content: str | bytes, name: str = "zor.owl") -> Input:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (file,) = inputs.find([str(path)])
    return file


def test_a_description_is_a_record_as_expanded_json_ld(tmp_path: Path) -> None:
    body = (
        f'{ONTOLOGY}<owl:Class rdf:about="&zr;1"><rdfs:label xml:lang="en">dry &amp; red</rdfs:label>'
        '<rdfs:label>plain</rdfs:label><rdfs:subClassOf rdf:resource="&zr;2"/>'
        "<rdfs:subClassOf><owl:Restriction><owl:onProperty rdf:resource='&zr;p'/></owl:Restriction></rdfs:subClassOf>"
        "</owl:Class><!-- the end -->"
    )
    file = written(tmp_path, xml(body))
    assert READER.recognises(file, MARKS)
    ontology, term = READER.records(file)
    assert term.where == term.data["@id"] == "http://zor.example/ZR_1"
    assert term.data == {
        "@id": "http://zor.example/ZR_1",
        "@type": [f"{OWL}Class"],
        "anonymous": 1,
        f"{RDFS}label": [{"@value": "dry & red", "@language": "en"}, {"@value": "plain", "@language": ""}],
        f"{RDFS}subClassOf": [{"@id": "http://zor.example/ZR_2"}],
    }
    assert term.header == ontology.data
    assert READER.version(file, f"{OWL}versionInfo {OWL}versionIRI") == "http://zor.example/releases/2026-03-04/zor.owl"
    assert READER.version(file, f"{OWL}versionInfo") == ""


def test_turtle_and_ntriples_say_the_same(tmp_path: Path) -> None:
    turtle = f'# a comment\n@prefix rdfs: <{RDFS}> .\n<http://z/1> a <{OWL}Class> ; rdfs:label "eins"@de .\n'
    triples = (
        f"<http://z/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{OWL}Class> .\n"
        f'<http://z/1> <{RDFS}label> "eins"@de .\n'
    )
    one, other = (
        [record.data for record in READER.records(written(tmp_path, text, name))]
        for text, name in ((turtle, "z.ttl"), (triples, "z.nt"))
    )
    assert one == other == [
        {"@id": "http://z/1", "@type": [f"{OWL}Class"], "anonymous": 0,
         f"{RDFS}label": [{"@value": "eins", "@language": "de"}]}
    ]  # fmt: skip


def test_a_description_that_is_interrupted_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"<http://z/{n}> a <{OWL}Class> .\n" for n in range(5)]
    lines += [f'<http://z/{n}> <{RDFS}label> "{n}" .\n' for n in range(5)]
    file = written(tmp_path, "".join(lines))
    assert [len(record.data) for record in READER.records(file)] == [4] * 5
    monkeypatch.setattr(rdf, "_OPEN", 2)
    assert len(list(READER.records(file))) == 10


def test_links_that_are_no_iris_do_not_stop_the_file(tmp_path: Path) -> None:
    body = '<owl:Class rdf:about="&zr;1"><rdfs:seeAlso rdf:resource="http://x.org/a b|c"/></owl:Class>'
    (record,) = READER.records(written(tmp_path, xml(body)))
    assert record.data[f"{RDFS}seeAlso"] == [{"@id": "http://x.org/a b|c"}]


# --- harmful XML


def bomb(levels: int) -> str:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels))
    doctype = f'<!DOCTYPE rdf:RDF [<!ENTITY a0 "lol">{entities}]>'
    return xml(f'<owl:Class rdf:about="http://z/1"><rdfs:label>&a{levels - 1};</rdfs:label></owl:Class>', doctype)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (bomb(12), "expand beyond measure"),
        (xml("", f'<!DOCTYPE rdf:RDF [<!ENTITY a "{"x" * 5000}">]>'), "expand beyond measure"),
        (xml("", "<!DOCTYPE rdf:RDF [" + '<!ENTITY a "b">'.join(map(str, [])) + "".join(
            f'<!ENTITY e{n} "x">' for n in range(2100)) + "]>"), "expand beyond measure"),
        (xml("&a;", '<!DOCTYPE rdf:RDF [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "none is fetched"),
        (xml("&a;", '<!DOCTYPE rdf:RDF [<!ENTITY a PUBLIC "x" "http://127.0.0.1/x">]>'), "none is fetched"),
        (xml("", '<!DOCTYPE rdf:RDF [<!ENTITY % a SYSTEM "http://127.0.0.1/x"> %a;]>'), "none is fetched"),
        (xml("&a;", '<!DOCTYPE rdf:RDF [<!ENTITY a "]>"><!ENTITY b SYSTEM "file:///etc/passwd">]>'), "none is fetched"),
        (xml("&a;", '<!DOCTYPE rdf:RDF [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'), "not declared before"),
        (xml("&a;", '<!DOCTYPE rdf:RDF [<!ENTITY a "&a;">]>'), "not declared before"),
        (xml("", f"<!DOCTYPE rdf:RDF [{' ' * 70_000}]>"), "beyond what ontologies declare"),
        (xml(f'<owl:Class/>{" " * 70_000}<!DOCTYPE x [<!ENTITY a "b">]>', ""), "a declaration where none belongs"),
        (xml("<owl:Class><rdfs:subClassOf>" * 100_000, ""), "nested more than 1,000 levels deep"),
    ],
)  # fmt: skip
def test_harmful_xml_is_refused_at_once(tmp_path: Path, text: str, message: str) -> None:
    file = written(tmp_path, text)
    begun = time.process_time()
    READER.recognises(file, MARKS)
    with pytest.raises(BadInputError, match=message) as raised:
        list(READER.records(file))
    assert time.process_time() - begun < 1
    assert file.name in str(raised.value)


def test_a_bomb_is_recognised_so_that_its_message_is_seen(tmp_path: Path) -> None:
    assert READER.recognises(written(tmp_path, bomb(12)), MARKS)


def test_nothing_is_fetched(tmp_path: Path) -> None:
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/x"
        file = written(tmp_path, xml(ONTOLOGY, f'<!DOCTYPE rdf:RDF SYSTEM "{address}.dtd">'))
        assert [record.data["@id"] for record in READER.records(file)] == ["http://zor.example/zor.owl"]
        entity = written(tmp_path, xml("&a;", f'<!DOCTYPE rdf:RDF [<!ENTITY a SYSTEM "{address}">]>'))
        with pytest.raises(BadInputError):
            list(READER.records(entity))
        server.shutdown()
    assert asked == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_the_guard_sees_tags_across_blocks(tmp_path: Path, size: int) -> None:
    text = xml('<owl:Class rdf:about="http://z/1"><rdfs:label>a/b</rdfs:label><x/></owl:Class>' * 300, "").encode()
    path = tmp_path / "x"
    path.write_bytes(text)
    with path.open("rb") as stream:
        guard = rdf_guard.Guarded(stream, "x", b"rdf:RDF")
        while guard.read(size):
            assert guard._depth <= 4  # noqa: SLF001 (what is tested)
        guard.check_end()
        assert guard._depth == 0  # noqa: SLF001


# --- broken files


@pytest.mark.parametrize("cut", [60, 400, -3, -12, -30])
def test_xml_that_is_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    text = xml("".join(f'<owl:Class rdf:about="&zr;{n}"/>\n' for n in range(50)))
    file = written(tmp_path, text[:cut])
    with pytest.raises(BadInputError, match=r"cut short|not sound|beyond|not RDF|none is fetched"):
        list(READER.records(file))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'<http://z/1> a <{OWL}Class> ; <http://z/p> "open', "not sound turtle"),
        (xml("<owl:Class>"), "not sound rdfxml"),
        (xml('<owl:Class rdf:about="&unknown;1"/>'), "not sound rdfxml"),
        (
            xml("<owl:Class rdf:about='http://z/1'><rdfs:label>\xe9</rdfs:label></owl:Class>").encode("latin-1"),
            "not sound",
        ),
        ("", "not RDF"),
        ("<html><body/></html>", "not RDF"),
        ('{"@graph": []}', "not RDF"),
    ],
)
def test_broken_rdf_is_refused_with_the_name_of_the_file(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(BadInputError, match=message) as raised:
        list(READER.records(written(tmp_path, text)))
    assert "zor.owl" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        ("Prefix(:=<http://z/>)\nOntology(<http://z/>)", "functional"),
        ("# by hand\nOntology( <http://z/> )", "functional"),
        ("Prefix: : <http://z/>\nOntology: <http://z/>", "manchester"),
        ('<?xml version="1.0"?>\n<Ontology xmlns="http://www.w3.org/2002/07/owl#"/>', "owlxml"),
        (xml(""), "rdfxml"),
        ("@prefix : <http://z/> .", "turtle"),
    ],
)
def test_other_syntaxes_are_known_by_name(tmp_path: Path, text: str, syntax: str) -> None:
    file = written(tmp_path, text)
    known = [name for name in ("functional", "manchester", "owlxml", "rdfxml", "turtle")
             if READER.recognises(file, {"syntax": name})]  # fmt: skip
    assert known == [syntax]
    assert READER.recognises(file, MARKS) is False


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=150), st.sampled_from([b"", xml("", "").encode()[:-12], b"@prefix : <http://z/> .\n"]))
def test_any_bytes_give_records_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, before: bytes
) -> None:
    file = written(tmp_path_factory.mktemp("any"), before + content)
    READER.recognises(file, MARKS)
    message = file.name
    try:
        list(READER.records(file))
    except (BadInputError, LimitError) as error:
        message = str(error)
    assert file.name in message
