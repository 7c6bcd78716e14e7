"""Check every external identifier: its form, that it exists and is current, and that it names what we mean."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyoxigraph as ox

from treatkg import curation, graph, mappings, namespaces, resources
from treatkg.linking import prefixes
from treatkg.linking.reference import Entry, Reference, from_folder, from_imports
from treatkg.mappings import Mapping

SEVERITIES = ("Violation", "Warning", "Info")
_LABELS = (namespaces.RDFS + "label", namespaces.SKOS + "prefLabel")
_OTHER_NAMES = (
    namespaces.SKOS + "altLabel",
    namespaces.SKOS + "hiddenLabel",
    namespaces.SKOS + "notation",
    namespaces.TKG + "brandName",
)
_EXACT = namespaces.SKOS + "exactMatch"
_MATCHES = tuple(namespaces.expand(predicate) for predicate in mappings.PREDICATES)
# Words that say nothing about which thing is meant.
_EMPTY_WORDS = frozenset({"of", "the", "and", "in", "to", "a", "due", "by", "with"})
_ORIGIN = re.compile(r"\s*[(\[][^()\[\]]*[)\]]$")
# Where a document is read, which may be the page of a term.
_ADDRESSES = (namespaces.expand("schema:url"), namespaces.TKG + "readVia")
_WEB = ("http://", "https://")


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to mend or to know; `where` is a file with line, or what uses the identifier."""

    severity: str
    identifier: str
    message: str
    where: str

    def as_dict(self) -> dict[str, str]:
        """Return the finding for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Report:
    """All findings, most severe first; how many identifiers of each prefix were looked up, or could not be."""

    findings: tuple[Finding, ...]
    checked: dict[str, int]
    unchecked: dict[str, int]
    reference: str

    @property
    def violations(self) -> tuple[Finding, ...]:
        """What is wrong."""
        return tuple(finding for finding in self.findings if finding.severity == "Violation")


class Identifiers:
    """The external identifiers of a graph and its mappings: who uses each, and by what names."""

    def __init__(self, triples: Iterable[ox.Triple], mapped: Sequence[Mapping]) -> None:
        self.users: dict[str, str] = {}
        self.labels: dict[str, set[str]] = defaultdict(set)
        self.names: dict[str, set[str]] = defaultdict(set)
        self.exact: dict[str, set[str]] = defaultdict(set)
        # Matches that are looser than exact, or that a person judged with the other name before the eyes.
        self.judged = {(mapping.subject, mapping.object) for mapping in mapped if mapping.object_label}
        self.mapped = list(mapped)
        self.matches: dict[str, set[str]] = defaultdict(set)
        self.recorded: dict[str, set[str]] = defaultdict(set)
        for triple in triples:
            self._read(triple)
        for mapping in mapped:
            where = f"{mapping.file.name}:{mapping.line}"
            self.users.setdefault(mapping.subject, where)
            self.users.setdefault(mapping.object, where)
            self._match(mapping.subject, mapping.object)
            self.recorded[mapping.subject] |= {mapping.subject_label} - {""}
            self.recorded[mapping.object] |= {mapping.object_label} - {""}
            if mapping.predicate == _EXACT and not mapping.negative:
                self.exact[mapping.object].add(mapping.subject)

    def _read(self, triple: ox.Triple) -> None:
        subject, predicate = graph.iri_of(triple.subject), triple.predicate.value
        target = "" if predicate in _ADDRESSES else graph.iri_of(triple.object)
        for iri in (subject, target):
            if iri.startswith(_WEB):
                self.users.setdefault(iri, namespaces.shorten(subject))
        if isinstance(triple.object, ox.Literal):
            if predicate in _LABELS:
                self.labels[subject].add(triple.object.value)
            if predicate in _LABELS + _OTHER_NAMES:
                self.names[subject].add(triple.object.value)
        elif predicate in _MATCHES:
            self._match(subject, target)
            if predicate == _EXACT:
                self.exact[target].add(subject)

    def _match(self, one: str, other: str) -> None:
        self.matches[one].add(other)
        self.matches[other].add(one)

    def neighbours(self, iri: str) -> set[str]:
        """Return what is mapped to an IRI, directly or through one that both are mapped to."""
        direct = self.matches.get(iri, set())
        return direct.union(*(self.matches[other] for other in direct))

    def all_names(self, iri: str) -> set[str]:
        """Return every name of an IRI, of what is exactly the same, and those that the mappings record."""
        own = self.names.get(iri, set()).union(*(self.names.get(same, set()) for same in self.exact.get(iri, ())))
        return own | self.recorded.get(iri, set())

    def by_prefix(self) -> dict[str, dict[str, str]]:
        """Return prefix -> local identifier -> IRI."""
        spaces = sorted(
            ((namespaces.prefixes()[prefix], prefix) for prefix in namespaces.identifier_patterns()), reverse=True
        )
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for iri in self.users:
            for space, prefix in spaces:
                if iri.startswith(space):
                    found[prefix][iri.removeprefix(space)] = iri
                    break
        return found


def check(files: Sequence[Path] = (), reference: Path | None = None) -> Report:
    """Check the identifiers of files, or of the whole graph with its mappings.

    Args:
        files: RDF files, curated files (.yaml) or mapping sets (.sssom.tsv); without any, the graph and all mappings.
        reference: a folder of reference tables; without it, the imports of the ontology are the reference.

    Raises:
        BadInputError: a file or a table is not what it should be.
        StorageError: a file or folder cannot be read.
    """
    identifiers = Identifiers(*_read(files))
    found = identifiers.by_prefix()
    source = from_imports() if reference is None else from_folder(reference, found)
    findings = set(_spellings(identifiers))
    checked, unchecked = {}, {}
    for prefix, locals_ in sorted(found.items()):
        findings |= _forms(prefix, locals_, identifiers)
        if source.covers(prefix):
            checked[prefix] = len(locals_)
            findings |= _lookups(prefix, locals_, identifiers, source)
        else:
            unchecked[prefix] = len(locals_)
    findings |= _recorded_labels(identifiers, source)
    order = sorted(findings, key=lambda finding: (SEVERITIES.index(finding.severity), finding))
    return Report(tuple(order), checked, unchecked, source.name)


def known_identifiers() -> Identifiers:
    """Return the identifiers of the graph and all mappings."""
    return Identifiers(*_read(()))


def _read(files: Sequence[Path]) -> tuple[frozenset[ox.Triple], list[Mapping]]:
    if not files:
        # What the imports describe for names' sake alone is checked too.
        built = frozenset(graph.parse_file(resources.TRIPLES))
        drugs = mappings.FOLDER / mappings.GENERATED
        return built | graph.background(), mappings.read_all() + mappings.read_file(drugs)
    triples: set[ox.Triple] = set()
    mapped: list[Mapping] = []
    curated = tuple(file for file in files if file.suffix in (".yaml", ".yml"))
    for file in files:
        if file.name.endswith(".sssom.tsv"):
            mapped += mappings.read_file(file)
        elif file not in curated:
            triples.update(graph.parse_file(file))
    if curated:
        corpus, _ = curation.asserted_triples(extra=curated)
        own = {iri for document in corpus.documents if document.file in curated for iri in document.defined}
        triples.update(t for t in corpus.triples if graph.iri_of(t.subject) in own)
    return frozenset(triples), mapped


def _spellings(identifiers: Identifiers) -> Iterable[Finding]:
    for iri, user in identifiers.users.items():
        if iri.startswith(tuple(_other_spellings())):
            usual = prefixes.converter().standardize_uri(iri) or iri
            yield Finding("Violation", iri, f"write it as {namespaces.shorten(usual)}", user)


def _other_spellings() -> list[str]:
    """Return the namespaces that are read but not written here, for identifiers (pages on the web have addresses)."""
    wanted = set(namespaces.identifier_patterns()) - {"DOI", "nct", "pubmed", "isrctn"}
    return [
        other
        for record in prefixes.converter().records
        if record.prefix in wanted
        for other in record.uri_prefix_synonyms
        if "/obo/" in other or "bioregistry.io" in other or "identifiers.org" in other
    ]


def _forms(prefix: str, locals_: dict[str, str], identifiers: Identifiers) -> set[Finding]:
    pattern = namespaces.identifier_patterns()[prefix]
    return {
        Finding("Violation", f"{prefix}:{local}", f"not the form of the identifier ({pattern.pattern})", user)
        for local, user in ((local, identifiers.users[iri]) for local, iri in locals_.items())
        if not pattern.fullmatch(local)
    }


def _lookups(prefix: str, locals_: dict[str, str], identifiers: Identifiers, source: Reference) -> set[Finding]:
    findings = set()
    pattern = namespaces.identifier_patterns()[prefix]
    for local, iri in locals_.items():
        entry = source.entries[prefix].get(local)
        name, user = f"{prefix}:{local}", identifiers.users[iri]
        if not pattern.fullmatch(local):
            continue
        if entry is None and prefix in source.complete:
            findings.add(Finding("Violation", name, f"does not exist in {source.name}", user))
        elif entry is None:
            message = f"not in the table of {source.name}, which does not list every {prefix}"
            findings.add(Finding("Info", name, message, user))
        elif entry.obsolete:
            hint = f"use {entry.replaced_by}" if entry.replaced_by else "look up what replaces it"
            findings.add(Finding("Violation", name, f"is obsolete: {hint}", user))
        else:
            findings |= _names(name, iri, user, entry, identifiers)
    return findings


def _names(name: str, iri: str, user: str, entry: Entry, identifiers: Identifiers) -> set[Finding]:
    """Compare names: those of the term itself, and those of what is said to be exactly the same."""
    labels, own = identifiers.labels[iri], identifiers.names[iri]
    findings = set()
    if own:
        findings |= _compare(name, user, labels, own, entry)
    for subject in sorted(identifiers.exact[iri]):
        if identifiers.names[subject] and (subject, iri) not in identifiers.judged:
            subjects = identifiers.names[subject]
            findings |= _compare(name, namespaces.shorten(subject), subjects, subjects, entry)
    return findings


def _compare(name: str, user: str, labels: set[str], own: set[str], entry: Entry) -> set[Finding]:
    theirs = [plain(other) for other in entry.names]
    ours, first = {plain(label) for label in own}, {plain(label) for label in labels}
    if not theirs or first & set(theirs[:1]) or (entry.unordered and ours & set(theirs)):
        return set()
    shown = f'"{entry.names[0]}", here "{min(labels or own)}"'
    if ours & set(theirs):
        return set() if ours & set(theirs[:1]) else {Finding("Warning", name, f"is named {shown} (a synonym)", user)}
    if any(_overlap(a, b) for a in own for b in entry.names):
        return {Finding("Warning", name, f"is named {shown}", user)}
    return {Finding("Violation", name, f"names something else: {shown}", user)}


def _recorded_labels(identifiers: Identifiers, source: Reference) -> set[Finding]:
    """Compare the names that a mapping records with those of the vocabulary: a slip of one digit shows here."""
    findings = set()
    found = {iri: (prefix, local) for prefix, each in identifiers.by_prefix().items() for local, iri in each.items()}
    for mapping in identifiers.mapped:
        for iri, label in ((mapping.subject, mapping.subject_label), (mapping.object, mapping.object_label)):
            prefix, local = found.get(iri, ("", ""))
            entry = source.entries.get(prefix, {}).get(local)
            own = {plain(name) for name in identifiers.names[iri]} if iri == mapping.subject else set()
            if not label or entry is None or not entry.names or plain(label) in own:
                continue
            theirs = {plain(name) for name in entry.names}
            if plain(label) not in theirs:
                severity = "Warning" if any(_overlap(label, name) for name in entry.names) else "Violation"
                message = f'the mapping calls it "{label}", its vocabulary "{entry.names[0]}"'
                findings.add(Finding(severity, f"{prefix}:{local}", message, f"{mapping.file.name}:{mapping.line}"))
    return findings


def plain(name: str) -> str:
    """Return a name for comparing: without case, order of words, marks, and a note of origin in brackets."""
    return " ".join(sorted(_words(_ORIGIN.sub("", name))))


def _words(name: str) -> list[str]:
    return [word for word in re.findall(r"[^\W_]+", name.casefold().replace("'s", "")) if word not in _EMPTY_WORDS]


def _overlap(ours: str, theirs: str) -> bool:
    """Say whether two names share most words of the shorter one ("contact dermatitis" is not "atopic dermatitis")."""
    a, b = set(_words(ours)), set(_words(theirs))
    return 2 * len(a & b) > min(len(a), len(b)) or "".join(sorted(a)) == "".join(sorted(b))
