"""From curated files to `data/triples.ttl`: read, classify, apply rules, check, write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from treatkg import curation, graph, mappings, namespaces, reasoning, resources, rules, validation
from treatkg.errors import BadInputError, ExitCode

_DRUGS = mappings.FOLDER / mappings.GENERATED
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Built:
    """The graph in its canonical form, how many triples were asserted and how many follow, and the matches as SSSOM."""

    content: bytes
    asserted: int
    entailed: int
    report: validation.Report
    drug_mappings: bytes = b""


class DriftError(BadInputError):
    """The committed graph is not what the curated files give."""

    exit_code = ExitCode.FINDINGS


def build(progress: Progress = lambda _step: None) -> Built:
    """Build the graph in memory.

    Args:
        progress: is told of each step.

    Raises:
        BadInputError: a curated file, rule or ontology file is wrong.
        ReasonerError: the graph contradicts the ontology, or Java is missing.
    """
    progress("Reading the curated files")
    corpus, asserted = curation.asserted_triples()
    progress(f"Classifying with HermiT ({len(corpus.documents)} files, {len(corpus.triples):,} curated triples)")
    inferred = reasoning.classify(asserted) - asserted
    progress("Applying the rules")
    derived = rules.entail(asserted | inferred)
    complete = asserted | inferred | derived
    progress(f"Checking {len(complete):,} triples with SHACL and the quality queries")
    report = validation.validate(complete)
    entailed = len(complete) - len(asserted)
    return Built(
        graph.canonical_turtle(complete), len(asserted), entailed, report, mappings.write_drugs(corpus.triples)
    )


def write(built: Built, path: Path = resources.TRIPLES) -> None:
    """Replace the graph, unless it has violations.

    Raises:
        BadInputError: the graph has violations; the previous graph stays.
    """
    if built.report.violations:
        raise BadInputError(f"{len(built.report.violations)} violations; {path} is unchanged")
    graph.write_atomically(path, built.content)
    if built.drug_mappings and path == resources.TRIPLES:
        graph.write_atomically(_DRUGS, built.drug_mappings)


def check_drift(built: Built, path: Path = resources.TRIPLES) -> None:
    """Compare the committed graph with the built one.

    Raises:
        DriftError: they differ; names the first statements that do.
    """
    if path == resources.TRIPLES and (not _DRUGS.exists() or _DRUGS.read_bytes() != built.drug_mappings):
        raise DriftError(f"{_DRUGS} is not what the curated files give: run `treatkg build` and commit the result")
    committed = path.read_bytes() if path.exists() else b""
    if committed == built.content:
        return
    old, new = set(_statements(committed)), set(_statements(built.content))
    lines = [f"- {line}" for line in sorted(old - new)[:5]] + [f"+ {line}" for line in sorted(new - old)[:5]]
    detail = "\n".join(lines) or "(the same statements in another order or spelling)"
    message = (
        f"{path} is not what the curated files give ({len(old - new)} statements too many, {len(new - old)} missing)"
    )
    raise DriftError(f"{message}:\n{detail}\nRun `treatkg build` and commit the result")


def _statements(content: bytes) -> list[str]:
    parsed = ox.parse(content, format=ox.RdfFormat.TURTLE, base_iri=namespaces.BASE)
    return [str(quad.triple) for quad in parsed]
