"""Checks of the graph: SHACL shapes (pySHACL) and quality queries that return no row on a good graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import rdflib
from rdflib.collection import Collection
from rdflib.namespace import RDF, RDFS, SH

from treatkg import curation, graph, namespaces, queries, resources, rules
from treatkg.errors import BadInputError

SEVERITIES = ("Violation", "Warning", "Info")
QUALITY_SUFFIX = "-violation"
_CURATED = {".yaml", ".yml"}
_BLANK = "_:"
_TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to mend.

    `path` is written as in SPARQL and may be empty, as may `value`; `check` is the IRI of the constraint component or
    of the quality query.
    """

    severity: str
    message: str
    focus: str
    path: str
    check: str
    value: str

    def as_dict(self) -> dict[str, str]:
        """Return the finding with short names for JSON."""
        return {**vars(self), "focus": namespaces.shorten(self.focus)}


@dataclass(frozen=True)
class Report:
    """All findings, most severe first, and how much was checked."""

    findings: tuple[Finding, ...]
    triples: int
    shapes: int
    quality_queries: int

    @property
    def violations(self) -> tuple[Finding, ...]:
        """What is wrong, as against incomplete."""
        return tuple(finding for finding in self.findings if finding.severity == "Violation")

    def by_message(self) -> dict[tuple[str, str], list[Finding]]:
        """Group the findings by what a curator must do: (severity, message) -> findings."""
        groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for finding in self.findings:
            groups[finding.severity, finding.message].append(finding)
        return dict(groups)

    def only(self, subjects: set[str]) -> Report:
        """Keep the findings about some subjects, and about blank nodes, which have no name to go by."""
        kept = tuple(f for f in self.findings if subjects & {f.focus, f.value} or f.focus.startswith(_BLANK))
        return Report(kept, self.triples, self.shapes, self.quality_queries)

    def to_graph(self) -> rdflib.Graph:
        """Return a SHACL validation report; quality queries appear as results of their own component."""
        result = rdflib.Graph()
        node = rdflib.URIRef(namespaces.BASE + "validation-report")
        result.add((node, RDF.type, SH.ValidationReport))
        result.add((node, SH.conforms, rdflib.Literal(not self.violations)))
        for number, finding in enumerate(self.findings, start=1):
            entry = rdflib.URIRef(f"{node}/{number}")
            result.add((node, SH.result, entry))
            result.add((entry, RDF.type, SH.ValidationResult))
            blank = finding.focus.startswith(_BLANK)
            focus = rdflib.BNode(finding.focus.removeprefix(_BLANK)) if blank else rdflib.URIRef(finding.focus)
            result.add((entry, SH.focusNode, focus))
            result.add((entry, SH.resultSeverity, SH[finding.severity]))
            result.add((entry, SH.resultMessage, rdflib.Literal(finding.message, lang="en")))
            result.add((entry, SH.sourceConstraintComponent, rdflib.URIRef(finding.check)))
            if finding.path and not set(finding.path) & set("|^ "):
                result.add((entry, SH.resultPath, rdflib.URIRef(namespaces.expand(finding.path))))
        return result


def together(reports: Sequence[Report]) -> Report:
    """Return the findings of several reports as one, without repeating any."""
    findings = dict.fromkeys(finding for report in reports for finding in report.findings)
    last = reports[-1]
    return Report(tuple(findings), sum(r.triples for r in reports), last.shapes, last.quality_queries)


def load_shapes(folder: Path = resources.SHAPES) -> rdflib.Graph:
    """Read every shapes file.

    Raises:
        BadInputError: there is none.
    """
    files = sorted(folder.glob("*.ttl"))
    if not files:
        raise BadInputError(f"{folder}: no shapes (*.ttl)")
    shapes = rdflib.Graph()
    for file in files:
        shapes.parse(file, format="turtle")
    return shapes


def validate(triples: Iterable[ox.Triple], shapes: rdflib.Graph | None = None, *, quality: bool = True) -> Report:
    """Check triples with the shapes and, unless switched off, with the quality queries.

    Args:
        triples: the graph with the background (classes, vocabulary, labels) that the shapes refer to.
        shapes: the shapes; those of the project if not given.
        quality: run `queries/qc/*-violation.rq` too.
    """
    triples = frozenset(triples)
    shapes = load_shapes() if shapes is None else shapes
    findings = _shacl_findings(triples, shapes)
    checks = [query for query in queries.catalogue().values() if query.name.endswith(QUALITY_SUFFIX)] if quality else []
    if checks:
        store = graph.store_of(triples)
        findings += [finding for query in checks for finding in _quality_findings(store, query)]
    order = sorted(set(findings), key=lambda finding: (SEVERITIES.index(finding.severity), finding))
    return Report(tuple(order), len(triples), len(set(shapes.subjects(RDF.type, SH.NodeShape))), len(checks))


def validate_files(paths: Sequence[Path]) -> Report:
    """Check curated files (.yaml), together in the place of the project's own, and RDF files, each by itself.

    Returns the findings about what the files themselves define.

    Raises:
        BadInputError: a file does not parse.
    """
    curated = tuple(path for path in paths if path.suffix in _CURATED)
    reports = [_validate_curated(curated)] if curated else []
    return together(reports + [_validate_rdf(path) for path in paths if path not in curated])


def _validate_curated(files: tuple[Path, ...]) -> Report:
    corpus, triples = curation.asserted_triples(extra=files)
    subjects = {iri for document in corpus.documents if document.file in files for iri in document.defined}
    return validate(triples | rules.entail(triples)).only(subjects)


def _validate_rdf(path: Path) -> Report:
    own = frozenset(graph.parse_file(path))
    triples = own | graph.background()
    return validate(triples | rules.entail(triples)).only(graph.subjects(own) - {""})


def _shacl_findings(triples: frozenset[ox.Triple], shapes: rdflib.Graph) -> list[Finding]:
    import pyshacl

    data = _as_written(graph.canonical_ntriples(triples))
    _, report, _ = pyshacl.validate(data, shacl_graph=flattened(shapes), inference="none", do_owl_imports=False)
    return [_finding(report, result) for result in report.subjects(RDF.type, SH.ValidationResult)]


def flattened(shapes: rdflib.Graph) -> rdflib.Graph:
    """Give property shapes the targets of their node shapes: pySHACL then asks each once, not once for every node.

    The results are the same. Node shapes whose place matters (see `_stays`) are left as they are.
    """
    flat = rdflib.Graph()
    for triple in shapes:
        flat.add(triple)
    for shape in set(shapes.subjects(SH.property)):
        targets = [(kind, target) for kind in _TARGETS for target in shapes.objects(shape, kind)]
        properties = list(shapes.objects(shape, SH.property))
        if not targets or _stays(shapes, shape, properties):
            continue
        for prop in properties:
            flat.remove((shape, SH.property, prop))
            for kind, target in targets:
                flat.add((prop, kind, target))
        if (shape, SH.closed, None) in shapes:
            ignored = shapes.value(shape, SH.ignoredProperties)
            known = list(Collection(shapes, ignored)) if ignored else []
            paths = [path for prop in properties for path in shapes.objects(prop, SH.path)]
            flat.set((shape, SH.ignoredProperties, Collection(flat, rdflib.BNode(), known + paths).uri))
    return flat


def _stays(shapes: rdflib.Graph, shape: rdflib.term.Node, properties: list[rdflib.term.Node]) -> bool:
    """Say whether other shapes refer to a shape, it is switched off, is a class, or compares its property shapes."""
    siblings = any((prop, SH.qualifiedValueShapesDisjoint, None) in shapes for prop in properties)
    named = (None, None, shape) in shapes or (shape, RDF.type, RDFS.Class) in shapes
    return siblings or named or (shape, SH.deactivated, None) in shapes


def _as_written(ntriples: bytes) -> rdflib.Graph:
    """Parse without rdflib's normalising, which would hide a date's zone from the shapes."""
    normalise, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        return rdflib.Graph().parse(data=ntriples, format="nt")
    finally:
        rdflib.NORMALIZE_LITERALS = normalise


def _finding(report: rdflib.Graph, result: rdflib.term.Node) -> Finding:
    def value(predicate: rdflib.URIRef) -> str:
        found = report.value(result, predicate)
        return f"{_BLANK}{found}" if isinstance(found, rdflib.BNode) else str(found or "")

    return Finding(
        severity=value(SH.resultSeverity).removeprefix(str(SH)),
        message=value(SH.resultMessage),
        focus=value(SH.focusNode),
        path=path_text(report, report.value(result, SH.resultPath)),
        check=value(SH.sourceConstraintComponent),
        value=value(SH.value),
    )


def _quality_findings(store: ox.Store, query: queries.StoredQuery) -> list[Finding]:
    rows = graph.rows(store.query(query.text))
    first, *others = (variable.value for variable in rows.variables)
    return [
        Finding(
            severity="Violation",
            message=query.summary,
            focus=_text(row[first]),
            path="",
            check=f"{namespaces.TKG}{query.name}",
            value=" ".join(namespaces.shorten(_text(row[name])) for name in others if row[name] is not None),
        )
        for row in rows
    ]


def _text(term: ox.NamedNode | ox.Literal | ox.BlankNode | ox.Triple | None) -> str:
    return term.value if isinstance(term, (ox.NamedNode, ox.Literal, ox.BlankNode)) else ""


def path_text(source: rdflib.Graph, path: rdflib.term.Node | None) -> str:
    """Return a SHACL path in the notation of SPARQL."""
    if path is None:
        return ""
    if isinstance(path, rdflib.URIRef):
        return namespaces.shorten(str(path))
    inverse = source.value(path, SH.inversePath)
    if inverse is not None:
        return f"^{path_text(source, inverse)}"
    alternatives = source.value(path, SH.alternativePath)
    separator, head = ("|", alternatives) if alternatives is not None else ("/", path)
    return separator.join(path_text(source, step) for step in rdflib.collection.Collection(source, head))
