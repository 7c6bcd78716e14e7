"""Pages for people about the ontology, its lists and the shapes, made from their files."""

from __future__ import annotations

from pathlib import Path

from treatkg import graph, resources
from treatkg.documentation import ontology, shapes, vocabulary

_STATIC = Path(__file__).parents[1] / "server" / "static"
STYLES = ("style.css", "docs.css", "icon.svg")


def write(folder: Path) -> list[Path]:
    """Write `index.html`, `ontology.html`, `vocabulary.html`, and below `shapes/` a page for each file of shapes.

    Args:
        folder: is made if it is not there.

    Returns:
        The files that were written.

    Raises:
        UsageError: pyLODE is missing.
        StorageError: a file cannot be written; the previous files are unchanged.
    """
    files = [
        ("ontology.html", ontology.page()),
        ("vocabulary.html", vocabulary.page()),
        *shapes.pages(resources.SHAPES),
        *((name, (_STATIC / name).read_bytes()) for name in STYLES),
    ]
    return graph.write_all_atomically(folder, files)
