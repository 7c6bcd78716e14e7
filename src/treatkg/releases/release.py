"""A release: every format of the graph, what changed since the one before, and checksums, in one dated folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from treatkg import build, graph, namespaces, publishing, resources
from treatkg import knowledge as kg
from treatkg.errors import BadInputError, StorageError, UsageError
from treatkg.releases.diff import compare

CHECKSUMS = "SHA256SUMS"
_RELEASES = """
SELECT ?version ?issued ?release ?prior WHERE {
  <dataset> schema:version ?version ; dcterms:issued ?issued ; owl:versionIRI ?release .
  OPTIONAL { <dataset> owl:priorVersion ?prior }
}
"""


@dataclass(frozen=True)
class Released:
    """The folder of a release and its files."""

    folder: Path
    files: list[Path]


def release(
    version: str, folder: Path, prior: Path | None = None, progress: Callable[[str], None] = lambda _step: None
) -> Released:
    """Write a release into a new folder.

    The graph must be what the curated files give, and its header must name this version; so a release holds nothing
    that is not in the project.

    Args:
        version: as in `data/curated/dataset.yaml`.
        folder: is made; must not hold anything yet, since a release is never written twice.
        prior: folder or graph of the release before, which the header must name as `priorVersion`.
        progress: is told of each step.

    Raises:
        UsageError: the header names another version or another release before; the folder is not empty.
        BadInputError: the graph has violations, or is not what the curated files give.
        StorageError: a file cannot be written.
    """
    content = publishing.Content()
    _check_header(content.knowledge, version, prior)
    _check_folder(folder)
    built = build.build(progress)
    build.check_drift(built)
    if built.report.violations:
        raise BadInputError(f"{len(built.report.violations)} violations: treatkg validate lists them")
    written = publishing.export_all(folder, content, lambda name: progress(f"Writing {name}"))
    progress("Saying what changed")
    written += graph.write_all_atomically(folder, _changes(content.knowledge, prior))
    written += graph.write_all_atomically(folder, [(CHECKSUMS, checksums(folder, written))])
    return Released(folder, written)


def checksums(folder: Path, files: list[Path]) -> bytes:
    """Return the SHA-256 of each file, in the form that `sha256sum --check` reads."""
    lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder)}\n" for file in sorted(files))
    return "".join(lines).encode()


def _check_header(knowledge: kg.Knowledge, version: str, prior: Path | None) -> None:
    rows = knowledge.select(_RELEASES).to_dicts()
    where = resources.CURATED / "dataset.yaml"
    if not rows or rows[0]["version"] != version:
        said = rows[0]["version"] if rows else "nothing"
        raise UsageError(
            f"the graph is version {said}, not {version}: set version, issued and versionIRI in {where}, "
            "then run `treatkg build`"
        )
    named = str(rows[0]["prior"] or "").removeprefix(namespaces.RELEASE)
    if prior is None:
        if named:
            raise UsageError(
                f"the header names {named} as the release before: give it with --prior, to say what changed"
            )
        return
    before = str(kg.open(prior).header().get("version", ""))
    if before != named:
        raise UsageError(
            f"{prior} is version {before or 'unknown'}, and the header names "
            f"{named or 'no release'} as the one before: mend priorVersion in {where}, or --prior"
        )


def _check_folder(folder: Path) -> None:
    try:
        if folder.exists() and any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty: a release is never written twice; name another folder with --out")
    except OSError as error:
        raise StorageError(f"{folder}: cannot be read ({error.strerror})") from error


def _changes(knowledge: kg.Knowledge, prior: Path | None) -> Iterator[tuple[str, bytes]]:
    if prior is None:
        header = knowledge.header()
        yield "CHANGES.md", f"## {header['version']} ({header['issued']})\n\nThe first release.\n".encode()
        return
    differences = compare(kg.open(prior), knowledge)
    yield "CHANGES.md", differences.to_markdown().encode()
    yield "changes.json", differences.to_json().encode()
