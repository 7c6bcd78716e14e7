"""Processes that reason: apart from the caller, with a limit on time and memory, and ended with all their children."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import rdflib

from treatkg.errors import LimitError, ReasonerError
from treatkg.java import find_java

TIMEOUT_SECONDS = 300
JAVA_MEMORY_MB = 2000
PYTHON_MEMORY_MB = 2000
# What Java, Python and the loader of shared libraries say.
_OUT_OF_MEMORY = re.compile(
    r"MemoryError|Too small maximum heap|Could not reserve|Cannot allocate memory|failed to map segment"
)
# The name of the exception alone is in the trace of whatever goes wrong while HermiT looks for it.
_INCONSISTENT = "InconsistentOntologyException: Inconsistent ontology"
_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError")
_TOLD = 2000


def classification(sliced: rdflib.Graph, timeout: float, java_mb: int, python_mb: int) -> dict[str, Any]:
    """Return what owlready2 and HermiT find in a slice: `classes` (a count), `inconsistent`, `unsatisfiable`, `types`.

    Raises:
        LimitError: the time or the memory did not suffice.
        ReasonerError: Java is missing or the reasoner failed.
    """
    java = find_java()
    with tempfile.TemporaryDirectory() as folder:
        request = Path(folder) / "slice.rdf"
        sliced.serialize(request, format="xml", encoding="utf-8")
        command = [sys.executable, "-P", "-m", "treatkg.reasoning._worker"]
        output = _run([*command, str(request), java, str(java_mb), str(python_mb)], timeout, folder)
    answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    return answer


def is_consistent(axioms: rdflib.Graph, timeout: float) -> bool:
    """Ask HermiT alone whether axioms can all hold; a second or less, where classification takes several.

    Raises:
        LimitError: the time or the memory did not suffice.
        ReasonerError: Java is missing or the reasoner failed.
    """
    java = find_java()
    with tempfile.TemporaryDirectory() as folder:
        request = Path(folder) / "axioms.nt"
        axioms.serialize(request, format="nt", encoding="utf-8")
        program = [java, f"-Xmx{JAVA_MEMORY_MB}M", *_OPTIONS, "-cp", _hermit()]
        command = [*program, "org.semanticweb.HermiT.cli.CommandLine", "-k", request.as_uri()]
        return _INCONSISTENT not in _run(command, timeout, folder, expected=_INCONSISTENT)


def _hermit() -> str:
    package = importlib.util.find_spec("owlready2")
    if package is None or package.origin is None:
        raise ReasonerError("owlready2, which brings HermiT, is not installed")
    folder = Path(package.origin).parent / "hermit"
    return os.pathsep.join([str(folder), str(folder / "HermiT.jar")])


def _run(command: list[str], timeout: float, folder: str, expected: str = "") -> str:
    """Run a command in a process group of its own, its temporary files in `folder`, and return what it prints.

    An error that names what is `expected` is an answer too.
    """
    environment = {**os.environ, "TMPDIR": folder, "TEMP": folder}
    with subprocess.Popen(  # noqa: S603 (our own program and files)
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise LimitError(f"the reasoner did not finish within {timeout:g} seconds") from error
        finally:
            _end(process)
    if expected and expected in errors:
        return errors
    if process.returncode != 0:
        problem = f"{errors}\n{output}".strip()
        # Java's trace comes after its error and may be long.
        if sign := _OUT_OF_MEMORY.search(problem):
            start = problem.rfind("\n", 0, sign.start()) + 1
            raise LimitError(f"the memory of the reasoner did not suffice:\n{problem[start : start + _TOLD]}")
        raise ReasonerError(f"the reasoner failed:\n{problem[-_TOLD:]}")
    return output


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and what it started: Java would go on reasoning after Python is gone."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
