"""The formats: each a name, a line of help and a function from the content to files.

A format is one function in a module of this package and one line in `_TABLE`. The modules are imported when their
format is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from treatkg import graph
from treatkg.errors import UsageError, did_you_mean
from treatkg.publishing.content import Content, Exported

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Output:
    """One file of an export: its path relative to the export's folder, and its bytes."""

    path: str
    content: bytes


@dataclass(frozen=True)
class Format:
    """A format: what people call it, what it holds, and which function of this package writes it."""

    name: str
    summary: str
    writer: str  # "module:function" below treatkg.publishing
    folder: bool = False  # several files
    top: bool = False  # beside the others when every format is written, not in a folder of its own
    aliases: tuple[str, ...] = ()

    def outputs(self, content: Content) -> Iterator[Output]:
        """Write the content in this format."""
        module, function = self.writer.split(":")
        write: Callable[[Content], Iterator[Output]] = getattr(
            importlib.import_module(f"treatkg.publishing.{module}"), function
        )
        yield from write(content)


_TABLE = (
    Format("turtle", "The whole graph, canonical: asserted and entailed.", "rdf:turtle", aliases=("ttl",)),
    Format("ntriples", "The whole graph, one sorted statement a line.", "rdf:ntriples", aliases=("nt", "n-triples")),
    Format(
        "jsonld", "What is curated, in the shape of the curated files.", "jsonld:outputs", aliases=("json-ld", "framed")
    ),
    Format("jsonld-files", "The same, one file a subject.", "jsonld:files", folder=True),
    Format("jsonld-flat", "The whole graph as a flat list of nodes.", "jsonld:flat", aliases=("flat",)),
    Format(
        "nquads",
        "Named graphs (assertions, provenance, sources, terms, entailments), sorted.",
        "datasets:nquads",
        aliases=("nq", "n-quads"),
    ),
    Format("trig", "The same named graphs, to read.", "datasets:trig"),
    Format("rdfxml", "The whole graph as RDF/XML.", "xml:rdfxml", aliases=("rdf", "xml", "rdf/xml")),
    Format(
        "rdf12",
        "RDF 1.2 Turtle: each derived edge with the facts that support it (Oxigraph; not rdflib).",
        "rdf12:turtle",
        aliases=("turtle-1.2", "rdf-star"),
    ),
    Format(
        "nanopubs",
        "Each fact as a nanopublication with its evidence, in one TriG file.",
        "nanopubs:trig",
        aliases=("nanopub",),
    ),
    Format("queries", "The stored queries as sh:SPARQLExecutable.", "questions:turtle"),
    Format("owl", "Ontology, axioms and graph as one OWL ontology, for Protégé.", "xml:owl", aliases=("protege",)),
    Format("kgx", "Nodes and edges of the Biolink Model, as TSV and JSON lines.", "kgx:outputs", folder=True),
    Format("csv", "Tables for people, one for each class of facts.", "csv_tables:outputs", folder=True),
    Format("cytoscape", "The network of treatments, targets and diseases for Cytoscape.", "networks:cytoscape"),
    Format("graphml", "The same network as GraphML.", "networks:graphml"),
    Format("schemaorg", "Treatments, conditions, trials and the dataset for web pages.", "schemaorg:outputs"),
    Format("sssom", "Mappings to other vocabularies.", "sssom:outputs", folder=True),
    # Those that describe the others are last.
    Format(
        "void", "The dataset described: VoID, DCAT and PROV, with counts.", "description:outputs", aliases=("dcat",)
    ),
    Format("rocrate", "The export as an RO-Crate.", "rocrate:outputs", folder=True, top=True, aliases=("ro-crate",)),
)
FORMATS = {entry.name: entry for entry in _TABLE}


def find(name: str) -> Format:
    """Return the format of a name or alias.

    Raises:
        UsageError: there is no such format; says which there are.
    """
    wanted = name.lower()
    for entry in _TABLE:
        if wanted in (entry.name, *entry.aliases):
            return entry
    raise UsageError(f'unknown format "{name}"{did_you_mean(wanted, FORMATS)} ({", ".join(FORMATS)})')


def single(name: str, content: Content | None = None) -> bytes:
    """Return the graph in a format of one file.

    Raises:
        UsageError: unknown format, or one of several files.
    """
    entry = find(name)
    if entry.folder:
        raise UsageError(f'"{entry.name}" writes several files: name a folder with --out')
    (only,) = entry.outputs(content or Content())
    return only.content


def export(name: str, out: Path, content: Content | None = None) -> list[Path]:
    """Write the graph in a format: to the file `out`, or into the folder `out` where the format has several files.

    Returns:
        The files that were written.

    Raises:
        UsageError: unknown format.
        StorageError: a file cannot be written; the previous files are unchanged.
    """
    entry = find(name)
    outputs = entry.outputs(content or Content())
    if entry.folder:
        return graph.write_all_atomically(out, ((output.path, output.content) for output in outputs))
    (only,) = outputs
    graph.write_atomically(out, only.content)
    return [out]


def export_all(folder: Path, content: Content | None = None, progress: Progress = lambda _name: None) -> list[Path]:
    """Write every format into a folder; formats of several files into a folder of their own below it.

    `manifest.json` lists the files with their SHA-256, and gives the fingerprint of the graph (see `canonical`).

    Args:
        folder: is made if it is not there.
        content: the graph of the project if not given.
        progress: is told each format's name before it is written.

    Raises:
        StorageError: a file cannot be written; the previous files are unchanged.
    """
    shared = content or Content()
    shared.exported.clear()

    def every() -> Iterator[tuple[str, bytes]]:
        for entry in _TABLE:
            progress(entry.name)
            for output in entry.outputs(shared):
                path = f"{entry.name}/{output.path}" if entry.folder and not entry.top else output.path
                shared.exported.append(Exported.of(path, entry.name, output.content))
                yield path, output.content

    return graph.write_all_atomically(folder, every())
