"""The dataset described in its own terms: VoID, DCAT, DCTERMS and PROV, with counts taken from the graph."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import pyoxigraph as ox

from treatkg import graph, namespaces
from treatkg.namespaces import BASE, DATASET, DCTERMS, PROV, RDF, SKOS, TKG, XSD
from treatkg.publishing.content import Content, Exported
from treatkg.publishing.formats import Output
from treatkg.publishing.media import media_type, specification

VOID = "http://rdfs.org/ns/void#"
DCAT = "http://www.w3.org/ns/dcat#"
FOAF = "http://xmlns.com/foaf/0.1/"
SPDX = "http://spdx.org/rdf/terms#"
PREFIXES = {"void": VOID, "dcat": DCAT, "foaf": FOAF, "spdx": SPDX}
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
ONTOLOGY = "https://w3id.org/treatkg/ontology"
_MEDIA = "https://www.iana.org/assignments/media-types/"
_EXAMPLES = ("Treatment", "Indication", "Contraindication", "TrialResult", "Source")
Term = ox.NamedNode | ox.Literal


def outputs(content: Content) -> Iterator[Output]:
    """Write the description."""
    triples = [*_Describer(content).triples()]
    yield Output("void.ttl", graph.canonical_turtle(triples, PREFIXES))


def files(content: Content) -> list[Exported]:
    """Return the files of the export so far, or the graph alone where nothing else is written."""
    return content.exported or [Exported.of("treatkg.ttl", "turtle", graph.canonical_turtle(content.complete))]


def creators(content: Content) -> list[str]:
    """Return who made the dataset."""
    return content.view.texts(ONTOLOGY, DCTERMS + "creator")


class _Describer:
    def __init__(self, content: Content) -> None:
        self.content = content
        self.found: list[ox.Triple] = []

    def triples(self) -> list[ox.Triple]:
        """Return the whole description."""
        self._document()
        self._dataset()
        self._counts()
        self._partitions()
        self._linksets()
        for file in files(self.content):
            self._distribution(file)
        return self.found

    def _add(self, subject: str, prop: str, value: Term | str | int) -> None:
        if isinstance(value, int):
            value = ox.Literal(str(value), datatype=ox.NamedNode(XSD + "integer"))
        term = ox.NamedNode(value) if isinstance(value, str) else value
        self.found.append(ox.Triple(ox.NamedNode(subject), ox.NamedNode(prop), term))

    def _document(self) -> None:
        document = BASE + "void"
        self._add(document, RDF + "type", VOID + "DatasetDescription")
        self._add(document, DCTERMS + "title", _text("Description of the TreatKG dataset"))
        self._add(document, FOAF + "primaryTopic", DATASET)
        self._add(document, DCTERMS + "issued", self._issued())

    def _dataset(self) -> None:
        view = self.content.view
        for kind in (VOID + "Dataset", DCAT + "Dataset", PROV + "Entity"):
            self._add(DATASET, RDF + "type", kind)
        texts = {DCTERMS + "title": DCTERMS + "title", DCTERMS + "description": SKOS + "definition"}
        for prop, origin in {**texts, SKOS + "note": SKOS + "note"}.items():
            for value in view.texts(DATASET, origin):
                self._add(DATASET, prop, _text(value))
        self._add(DATASET, DCTERMS + "issued", self._issued())
        self._add(DATASET, DCTERMS + "license", LICENCE)
        self._add(DATASET, DCAT + "version", ox.Literal(view.first(DATASET, "https://schema.org/version")))
        self._add(DATASET, DCTERMS + "conformsTo", ONTOLOGY)
        for number, name in enumerate(creators(self.content), 1):
            agent = f"{DATASET}/creator/{number}"
            for prop in (DCTERMS + "creator", DCTERMS + "publisher", PROV + "wasAttributedTo"):
                self._add(DATASET, prop, agent)
            self._add(agent, RDF + "type", FOAF + "Agent")
            self._add(agent, RDF + "type", PROV + "Agent")
            self._add(agent, FOAF + "name", ox.Literal(name))
        self._add(DATASET, VOID + "uriSpace", ox.Literal(BASE))
        for disease in sorted({value for fact in view.facts for value in view.texts(fact, TKG + "disease")}):
            self._add(DATASET, DCTERMS + "subject", disease)
        for kind in _EXAMPLES:
            for iri in view.instances(kind)[:1]:
                self._add(DATASET, VOID + "exampleResource", iri)

    def _counts(self) -> None:
        triples = self.content.complete
        kinds = {triple.object for triple in triples if triple.predicate.value == RDF + "type"}
        counts = {
            "triples": len(triples),
            "entities": len({triple.subject for triple in triples}),
            "distinctSubjects": len({triple.subject for triple in triples}),
            "distinctObjects": len({triple.object for triple in triples}),
            "properties": len({triple.predicate for triple in triples}),
            "classes": len(kinds),
        }
        for name, count in counts.items():
            self._add(DATASET, VOID + name, count)
        for prop in sorted({_namespace(triple.predicate.value) for triple in triples}):
            self._add(DATASET, VOID + "vocabulary", prop)

    def _partitions(self) -> None:
        by_property: dict[str, list[ox.Triple]] = defaultdict(list)
        for triple in self.content.complete:
            by_property[triple.predicate.value].append(triple)
        for prop, triples in sorted(by_property.items()):
            node = f"{DATASET}/property/{slug(prop)}"
            self._add(DATASET, VOID + "propertyPartition", node)
            self._add(node, VOID + "property", prop)
            self._add(node, VOID + "triples", len(triples))
            self._add(node, VOID + "distinctSubjects", len({triple.subject for triple in triples}))
            self._add(node, VOID + "distinctObjects", len({triple.object for triple in triples}))
        members: dict[str, set[str]] = defaultdict(set)
        for triple in by_property[RDF + "type"]:
            members[graph.iri_of(triple.object)].add(graph.iri_of(triple.subject))
        for kind, instances in sorted(members.items()):
            self._class_partition(kind, instances)

    def _class_partition(self, kind: str, instances: set[str]) -> None:
        node = f"{DATASET}/class/{slug(kind)}"
        self._add(DATASET, VOID + "classPartition", node)
        self._add(node, VOID + "class", kind)
        self._add(node, VOID + "entities", len(instances))
        uses = [(prop, len(values)) for iri in instances for prop, values in self.content.view.properties(iri).items()]
        totals: Counter[str] = Counter()
        for prop, count in uses:
            totals[prop] += count
        self._add(node, VOID + "triples", totals.total())
        for prop, count in sorted(totals.items()):
            part = f"{node}/property/{slug(prop)}"
            self._add(node, VOID + "propertyPartition", part)
            self._add(part, VOID + "property", prop)
            self._add(part, VOID + "triples", count)

    def _linksets(self) -> None:
        """One for each register and property that leads from our things to it."""
        counts: Counter[tuple[str, str]] = Counter()
        spaces = {prefix: namespaces.prefixes()[prefix] for prefix in namespaces.identifier_patterns()}
        for triple in self.content.complete:
            if graph.iri_of(triple.subject).startswith(BASE):
                target = graph.iri_of(triple.object)
                prefix = next((name for name, space in spaces.items() if target.startswith(space)), "")
                if prefix:
                    counts[prefix, triple.predicate.value] += 1
        for (prefix, prop), count in sorted(counts.items()):
            node, register = f"{DATASET}/links/{prefix}/{slug(prop)}", f"{DATASET}/register/{prefix}"
            self._add(DATASET, VOID + "subset", node)
            self._add(node, RDF + "type", VOID + "Linkset")
            self._add(node, VOID + "subjectsTarget", DATASET)
            self._add(node, VOID + "objectsTarget", register)
            self._add(node, VOID + "linkPredicate", prop)
            self._add(node, VOID + "triples", count)
            self._add(register, RDF + "type", VOID + "Dataset")
            self._add(register, DCTERMS + "title", ox.Literal(prefix))
            self._add(register, VOID + "uriSpace", ox.Literal(spaces[prefix]))

    def _distribution(self, file: Exported) -> None:
        node = f"{DATASET}/file/{file.path}"
        checksum = f"{node}/sha256"
        self._add(DATASET, DCAT + "distribution", node)
        self._add(node, RDF + "type", DCAT + "Distribution")
        self._add(node, DCTERMS + "identifier", ox.Literal(file.path))
        self._add(node, DCTERMS + "license", LICENCE)
        if "/x-" not in media_type(file.path):  # else it is not registered
            self._add(node, DCAT + "mediaType", _MEDIA + media_type(file.path))
        self._add(node, DCAT + "byteSize", file.size)
        self._add(node, SPDX + "checksum", checksum)
        self._add(checksum, RDF + "type", SPDX + "Checksum")
        self._add(checksum, SPDX + "algorithm", SPDX + "checksumAlgorithm_sha256")
        value = ox.Literal(file.sha256, datatype=ox.NamedNode(XSD + "hexBinary"))
        self._add(checksum, SPDX + "checksumValue", value)
        if specification(file.path):
            self._add(node, DCTERMS + "conformsTo", specification(file.path))

    def _issued(self) -> ox.Literal:
        return ox.Literal(self.content.view.issued, datatype=ox.NamedNode(XSD + "date"))


def _text(value: str) -> ox.Literal:
    return ox.Literal(value, language="en")


def _namespace(iri: str) -> str:
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]


def slug(iri: str) -> str:
    """Return the end of the name of a part of the dataset: that of a class, property or datatype."""
    return namespaces.shorten(iri).replace(":", "/") if "://" not in namespaces.shorten(iri) else iri.split("://")[1]
