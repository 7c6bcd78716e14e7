"""The canonical form of a graph or dataset (RDFC-1.0, by Oxigraph) and its fingerprint.

Two files have one fingerprint exactly if they say the same, whatever their format, order and blank node labels.
Literals count by spelling: `1.0` and `1.00` differ. RDFC-1.0 takes exponential time on graphs made to hurt, so that a
dataset with blank nodes is canonicalised in a process of its own that can be stopped.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterable

import pyoxigraph as ox

from treatkg.errors import BadInputError, LimitError
from treatkg.publishing.checked import Statement

TIMEOUT_SECONDS = 60


def fingerprint(statements: Iterable[Statement], timeout: float = TIMEOUT_SECONDS) -> str:
    """Return the SHA-256 of the canonical N-Quads, as 64 hexadecimal digits.

    Args:
        statements: triples (of the default graph) or quads; repeated ones count once.
        timeout: seconds after which the canonicalisation of blank nodes is given up.

    Raises:
        LimitError: the blank nodes are too entangled.
        BadInputError: a triple term; RDFC-1.0 has no canonical form for it.
    """
    return hashlib.sha256(canonical_nquads(statements, timeout=timeout)).hexdigest()


def canonical_nquads(statements: Iterable[Statement], timeout: float = TIMEOUT_SECONDS) -> bytes:
    """Return the canonical N-Quads of triples or quads.

    Raises:
        LimitError: the blank nodes are too entangled to be told apart within `timeout` seconds.
        BadInputError: a triple term; RDFC-1.0 has no canonical form for it.
    """
    found = set(statements)
    for statement in found:
        if isinstance(statement.object, ox.Triple):
            raise BadInputError(f"RDF 1.2 triple terms have no canonical form yet: {statement}")
    lines = _lines(found)
    return _in_a_process(lines, timeout) if any(map(_has_blank_node, found)) else lines


def _lines(statements: Iterable[Statement]) -> bytes:
    return "".join(sorted(f"{statement} .\n" for statement in statements)).encode()


def _has_blank_node(statement: Statement) -> bool:
    name = statement.graph_name if isinstance(statement, ox.Quad) else None
    return any(isinstance(term, ox.BlankNode) for term in (statement.subject, statement.object, name))


def _in_a_process(lines: bytes, timeout: float) -> bytes:
    command = [sys.executable, "-m", "treatkg.publishing.canonical"]
    try:
        done = subprocess.run(command, input=lines, capture_output=True, timeout=timeout, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise LimitError(
            f"the blank nodes are too entangled: no canonical form within {timeout:g} seconds; name them by IRIs"
        ) from error
    if done.returncode != 0:
        raise LimitError(f"no canonical form: {done.stderr.decode(errors='replace').strip()[-500:]}")
    return done.stdout


def main() -> None:
    """Read N-Quads from standard input, write them in their canonical form."""
    dataset = ox.Dataset(ox.parse(sys.stdin.buffer.read(), format=ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    sys.stdout.buffer.write(_lines(dataset))


if __name__ == "__main__":
    main()
