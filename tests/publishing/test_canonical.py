"""The fingerprint says what a graph says: W3C's suite, and one graph through every syntax."""

import hashlib
import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from treatkg import graph, namespaces, publishing, resources
from treatkg.errors import BadInputError, LimitError
from treatkg.publishing import Content, canonical

RDFC = "https://w3c.github.io/rdf-canon/tests/vocab#"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
CASES = 86
# Oxigraph offers no way to ask which label a blank node got, and takes SHA-384 as another algorithm than ours.
NOT_OURS = re.compile(r"test\d+m$|test075c$")


def cases(folder: Path) -> dict[str, tuple[str, Path, Path]]:
    """Return name -> kind of test, input and expected file, from the manifest."""
    manifest = rdflib.Graph().parse(folder / "manifest.ttl", publicID=f"{folder.as_uri()}/")
    found = {}
    for kind in ("RDFC10EvalTest", "RDFC10NegativeEvalTest", "RDFC10MapTest"):
        for case in manifest.subjects(rdflib.RDF.type, rdflib.URIRef(RDFC + kind)):
            action = manifest.value(case, rdflib.URIRef(MF + "action"))
            result = manifest.value(case, rdflib.URIRef(MF + "result"))
            files = [folder / str(iri).partition("/rdf-canon/")[2] for iri in (action, result)]
            found[str(case).partition("#")[2]] = (kind, files[0], files[1])
    return found


@pytest.mark.slow
def test_the_suite_of_w3c(w3c: Path) -> None:
    suite = cases(w3c / "rdf-canon")
    assert len(suite) == CASES
    ran, failed = 0, []
    for name, (kind, action, result) in sorted(suite.items()):
        if NOT_OURS.match(name):
            continue
        ran += 1
        dataset = list(ox.parse(action.read_bytes(), format=ox.RdfFormat.N_QUADS))
        if kind == "RDFC10NegativeEvalTest":
            with pytest.raises(LimitError, match="within 1 seconds"):
                canonical.canonical_nquads(dataset, timeout=1)
        elif canonical.canonical_nquads(dataset) != result.read_bytes():
            failed.append(name)
    assert failed == []
    assert ran == 64


def test_sha_384_of_the_suite_is_known_to_oxigraph(w3c: Path) -> None:
    folder = w3c / "rdf-canon" / "rdfc10"
    dataset = ox.Dataset(ox.parse((folder / "test075-in.nq").read_bytes(), format=ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0_SHA_384)
    found = "".join(sorted(f"{quad} .\n" for quad in dataset)).encode()
    assert found == (folder / "test075-rdfc10.nq").read_bytes()


def test_the_graph_needs_no_process_and_its_fingerprint_is_that_of_its_sorted_statements(content: Content) -> None:
    lines = graph.canonical_ntriples(content.complete)
    assert canonical.fingerprint(content.complete, timeout=0.001) == hashlib.sha256(lines).hexdigest()


def test_labels_and_order_do_not_count_and_everything_else_does() -> None:
    def fingerprint(text: str) -> str:
        return canonical.fingerprint(ox.parse(text, format=ox.RdfFormat.TRIG))

    one = fingerprint("_:a <http://e/p> _:b . _:b <http://e/q> 1.0 .")
    assert one == fingerprint("_:x <http://e/q> 1.0 . _:y <http://e/p> _:x .")
    others = [
        "_:a <http://e/p> _:b . _:b <http://e/q> 1.00 .",
        "_:a <http://e/p> _:b . _:a <http://e/q> 1.0 .",
        "<http://e/g> { _:a <http://e/p> _:b . _:b <http://e/q> 1.0 . }",
        "_:a <http://e/p> _:b .",
    ]
    assert len({one, *map(fingerprint, others)}) == 5


def test_a_statement_about_a_statement_has_no_canonical_form() -> None:
    triple = ox.Triple(ox.NamedNode("http://e/s"), ox.NamedNode("http://e/p"), ox.Literal("o"))
    about = ox.Triple(ox.NamedNode("http://e/r"), ox.NamedNode(namespaces.RDF + "reifies"), triple)
    with pytest.raises(BadInputError, match="triple terms"):
        canonical.fingerprint([about])


# --- one graph through every syntax ---------------------------------------------------------------------------------

CHAIN = ("turtle", "jsonld-flat", "nquads", "rdfxml", "turtle")
_SUFFIXES = {"turtle": ".ttl", "jsonld-flat": ".jsonld", "nquads": ".nq", "rdfxml": ".rdf"}
_XSD = namespaces.XSD

IRIS = st.sampled_from(
    [
        ox.NamedNode(iri)
        for iri in (
            namespaces.BASE,
            namespaces.BASE + "dupilumab/indication/us-2017",
            namespaces.BASE + "nct:NCT1",
            namespaces.BASE + "a//b",
            namespaces.BASE + "-a.b_c~",
            namespaces.BASE + "é/ü?q=1#f",
            namespaces.TKG,
            namespaces.TKG + "severity",
            namespaces.TKG + "US",
            namespaces.TKG + "a/b",
            "https://bioregistry.io/mesh:",
            "https://bioregistry.io/mesh:D003876",
            "https://bioregistry.io/mesh://x",
            "https://doi.org/10.1016/S0140-6736(17)31191-1",
            "https://doi.org/10.1000/a;b,c'd&e=f@g",
            "http://purl.obolibrary.org/obo/MONDO_0004980",
            "http://example.org/100%25?x=<".removesuffix("<"),
            "http://example.org/日本語",
            "urn:uuid:9f2c1d2e-0000-4000-8000-000000000000",
            "mailto:someone@example.org",
        )
    ]
)
PROPERTIES = st.sampled_from(
    [
        ox.NamedNode(iri)
        for iri in (
            namespaces.RDFS + "label",
            namespaces.SKOS + "prefLabel",
            namespaces.TKG + "jurisdiction",
            namespaces.TKG + "disease",
            namespaces.TKG + "percent",
            namespaces.TKG + "validFrom",
            namespaces.TKG + "product",
            namespaces.TKG + "hasTarget",
            namespaces.DCTERMS + "title",
            namespaces.OWL + "sameAs",
            "http://example.org/a/é",
            "http://example.org/1a",
            "http://example.org/has%20b",
        )
    ]
)
_TEXT = st.text(
    st.one_of(
        st.sampled_from(list("\"'\\\n\r\t<>&]{}@^#%$ \u00a0\u200d\u2028\u0301éß日\U0001f48a")),
        st.characters(min_codepoint=0x20, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc")),
    ),
    max_size=12,
)
_TYPED = st.sampled_from(
    [
        ("decimal", "1.10"),
        ("decimal", "14"),
        ("decimal", "-0.0"),
        ("integer", "007"),
        ("integer", "123456789012345678901234567890"),
        ("integer", "-0"),
        ("boolean", "1"),
        ("double", "1e3"),
        ("double", "INF"),
        ("date", "2020-01-01"),
        ("date", "2020-01-01Z"),
        ("date", "not a date"),
        ("dateTime", "2020-01-01T24:00:00+14:00"),
        ("anyURI", "http://example.org/"),
    ]
)
LITERALS = st.one_of(
    st.builds(ox.Literal, _TEXT),
    st.builds(lambda text, tag: ox.Literal(text, language=tag), _TEXT, st.sampled_from(["en", "de-at", "zh-hant"])),
    st.builds(lambda pair: ox.Literal(pair[1], datatype=ox.NamedNode(_XSD + pair[0])), _TYPED),
    st.builds(lambda text: ox.Literal(text, datatype=ox.NamedNode("http://example.org/type#odd")), _TEXT),
)


def through(
    formats: Sequence[str], content: Content, folder: Path, read: Callable[[Path], list[ox.Triple]]
) -> Iterator[Path]:
    """Write the content in the first format, what is read from that in the second, and so on; yield each file."""
    for number, name in enumerate(formats):
        (file,) = publishing.export(name, folder / f"{number}{_SUFFIXES[name]}", content)
        yield file
        again = folder / f"{number}.nt"
        again.write_bytes(graph.canonical_ntriples(read(file)))
        curated, content = content.curated, Content(again)
        content.curated = curated  # the curated files need not be read again for each small graph


TRIPLES = st.builds(ox.Triple, IRIS, PROPERTIES, st.one_of(IRIS, LITERALS))


def by_oxigraph(file: Path) -> list[ox.Triple]:
    rdf_format = ox.RdfFormat.from_extension(file.suffix[1:])
    quads = ox.parse(path=str(file), format=rdf_format, base_iri=namespaces.BASE)
    named = file.suffix == ".nq"
    return [quad.triple for quad in quads if not named or quad.graph_name != ox.DefaultGraph()]


def by_rdflib(file: Path) -> list[ox.Triple]:
    """Read with rdflib, as it stands in the file: rdflib would else respell 007 and 2020-01-01Z."""
    suffixes = {".ttl": "turtle", ".jsonld": "json-ld", ".nq": "nquads", ".rdf": "xml"}
    dataset = rdflib.Dataset()
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setattr(rdflib, "NORMALIZE_LITERALS", False)
        dataset.parse(file, format=suffixes[file.suffix], publicID=namespaces.BASE)
        lines = dataset.serialize(format="nquads")
    quads = ox.parse(io.BytesIO(lines.encode()), format=ox.RdfFormat.N_QUADS)
    default = {ox.DefaultGraph(), ox.NamedNode("urn:x-rdflib:default")} if file.suffix == ".nq" else set()
    return [quad.triple for quad in quads if quad.graph_name not in default]


@pytest.mark.slow
def test_nothing_is_lost_from_syntax_to_syntax(content: Content, tmp_path: Path) -> None:
    wanted = canonical.fingerprint(content.complete)
    files = list(through(CHAIN, content, tmp_path, by_oxigraph))
    assert len(files) == 5
    for file in files:
        for read in (by_oxigraph, by_rdflib):
            assert canonical.fingerprint(read(file)) == wanted, (file.suffix, read.__name__)
    assert files[-1].read_bytes() == resources.TRIPLES.read_bytes()


def by_value(triples: list[ox.Triple]) -> str:
    """Return the fingerprint after Oxigraph's store spelled numbers and dates its own way (rdflib reads -0 as 0)."""
    return canonical.fingerprint(set(graph.store_of(triples)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TRIPLES, min_size=1, max_size=8))
def test_nothing_is_lost_of_odd_terms(
    tmp_path_factory: pytest.TempPathFactory, small: Callable[..., Content], triples: list[ox.Triple]
) -> None:
    content = small(triples)
    wanted = canonical.fingerprint(content.complete)
    for file in through(CHAIN, content, tmp_path_factory.mktemp("chain"), by_oxigraph):
        assert canonical.fingerprint(by_oxigraph(file)) == wanted, file.suffix
        assert by_value(by_rdflib(file)) == by_value(list(content.complete)), file.suffix
