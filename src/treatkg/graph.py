"""The graph as triples: what it is made from, and the one way it is written."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pyoxigraph as ox

from treatkg import mappings, namespaces, resources
from treatkg.errors import BadInputError, StorageError, UsageError

RDF_TYPE = ox.NamedNode(namespaces.RDF + "type")
_PREFIX = re.compile(rb"(@prefix [^<]*<)([^>]*)")
_ONTOLOGY_FILES = ("treatkg.ttl", "vocabulary.ttl")


def parse_file(path: Path) -> Iterator[ox.Triple]:
    """Parse an RDF file of any format that its suffix names.

    Raises:
        BadInputError: unknown suffix or bad syntax, with line and column.
        StorageError: the file cannot be read.
    """
    rdf_format = ox.RdfFormat.from_extension(path.suffix.removeprefix("."))
    if rdf_format is None:
        raise BadInputError(f"{path}: unknown format; use .ttl, .nt, .nq, .trig, .rdf or .jsonld")
    try:
        yield from (quad.triple for quad in ox.parse(path=str(path), format=rdf_format, base_iri=namespaces.BASE))
    except SyntaxError as error:
        raise BadInputError(f"{path}:{error.lineno or 1}: not valid {rdf_format.name}: {error.msg}") from error
    except OSError as error:
        raise StorageError(f"{path}: cannot be read ({error.strerror or error})") from error


def background() -> frozenset[ox.Triple]:
    """Return what the graph says besides facts: terms of the ontology, the vocabulary, external terms, mappings.

    Axioms that need blank nodes (restrictions, lists) stay in `ontology/treatkg.ttl`: the graph has none.
    """
    files = [resources.ONTOLOGY / name for name in _ONTOLOGY_FILES] + sorted(
        (resources.ONTOLOGY / "imports").glob("*.ttl")
    )
    terms = frozenset(triple for file in files for triple in parse_file(file) if not _has_blank_node(triple))
    return terms | mappings.triples()


def iri_of(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None) -> str:
    """Return the IRI of a term, or an empty string for anything else."""
    return term.value if isinstance(term, ox.NamedNode) else ""


def _has_blank_node(triple: ox.Triple) -> bool:
    return isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode)


def subjects(triples: Iterable[ox.Triple]) -> set[str]:
    """Return the IRIs of which the triples say something."""
    return {iri_of(triple.subject) for triple in triples}


def rows(answer: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples) -> ox.QuerySolutions:
    """Return the answer to a SELECT query.

    Raises:
        UsageError: the query was of another form.
    """
    if not isinstance(answer, ox.QuerySolutions):
        raise UsageError("expected a SELECT query; `treatkg sparql` runs the other forms")
    return answer


def store_of(triples: Iterable[ox.Triple]) -> ox.Store:
    """Return an in-memory store that holds the triples in its default graph."""
    store = ox.Store()
    store.bulk_extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    return store


def canonical_turtle(triples: Iterable[ox.Triple], prefixes: Mapping[str, str] | None = None) -> bytes:
    """Write triples as Turtle in one canonical order, independent of machine, locale and hash seed.

    Args:
        triples: in any order.
        prefixes: prefix -> namespace, beside those of the project.
    """
    table = {**namespaces.prefixes(), **(prefixes or {})}
    ordered = sorted(set(triples), key=order)
    text = ox.serialize(ordered, format=ox.RdfFormat.TURTLE, prefixes=table, base_iri=namespaces.BASE)
    return with_sorted_head(text or b"")


def order(triple: ox.Triple) -> tuple[str, bool, str, str]:
    """Return the key that puts triples in the canonical order: by subject, its types first."""
    return str(triple.subject), triple.predicate != RDF_TYPE, triple.predicate.value, str(triple.object)


def with_sorted_head(text: bytes) -> bytes:
    """Order the prefixes of Turtle or TriG, which the serialiser writes in no fixed order, and write them in full."""
    head, body = [], text.splitlines(keepends=True)
    while body and body[0].startswith((b"@prefix ", b"@base ")):
        head.append(_PREFIX.sub(_in_full, body.pop(0)))
    return b"".join([*sorted(head), b"\n", *body])


def _in_full(prefix: re.Match[bytes]) -> bytes:
    begin, iri = prefix.groups()
    base = urlsplit(namespaces.BASE)
    if iri.startswith(b"//"):
        return bytes(begin + f"{base.scheme}:".encode() + iri)
    return bytes(begin + (f"{base.scheme}://{base.netloc}".encode() if iri.startswith(b"/") else b"") + iri)


def canonical_ntriples(triples: Iterable[ox.Triple]) -> bytes:
    """Write triples as sorted N-Triples, one statement a line."""
    lines = {f"{triple.subject} {triple.predicate} {triple.object} .\n" for triple in triples}
    return "".join(sorted(lines)).encode()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file in one step: an interrupted or failed write leaves the previous file as it was.

    Raises:
        StorageError: the file cannot be written.
    """
    write_all_atomically(path.parent, [(path.name, content)], make_folder=False)


def write_all_atomically(folder: Path, files: Iterable[tuple[str, bytes]], *, make_folder: bool = True) -> list[Path]:
    """Write files into a folder: all are written beside the previous ones, then replace them.

    A failure or an interrupt while they are made leaves every previous file as it was. A link is followed.

    Args:
        folder: where they go.
        files: paths relative to the folder, with their content.
        make_folder: whether the folder itself may be made.

    Returns:
        The files that were written.

    Raises:
        StorageError: a file cannot be written, or its name is that of a folder, device or pipe.
    """
    beside: dict[Path, Path] = {}
    path = folder
    try:
        if make_folder:
            folder.mkdir(parents=True, exist_ok=True)
        for name, content in files:
            path = _target(folder / name)
            if path in beside:
                raise StorageError(f"{path}: two files of this name; nothing was written")
            if path.parent != folder:
                path.parent.mkdir(parents=True, exist_ok=True)
            beside[path] = _write_beside(path, content)
        for path, temporary in beside.items():
            temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"{path}: cannot be written ({reason}); the previous file is unchanged") from error
    finally:
        for temporary in beside.values():
            temporary.unlink(missing_ok=True)
    return list(beside)


def _target(path: Path) -> Path:
    target = path.resolve() if path.is_symlink() else path
    if target.exists() and not target.is_file():
        kind = "a folder" if target.is_dir() else "a device or pipe"
        raise StorageError(f"{path}: cannot be written (it is {kind}); name a file")
    return target


def _write_beside(path: Path, content: bytes) -> Path:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
