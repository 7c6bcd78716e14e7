"""The notebook runs, and shows what it would show today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "docs" / "notebooks").glob("*.ipynb"))
# Pictures depend on fonts and versions; what matters is the data in text and tables, and that there is a picture.
SHOWN = ("text/plain", "text/html")


def shown(cell: Any) -> list[Any]:  # noqa: ANN401 (a notebook node)
    """Return what a cell printed and displayed; of a picture only that it is one."""
    found: list[Any] = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        is_picture = "image/png" in data
        found.append(
            "picture" if is_picture else output.get("text") or {key: data[key] for key in SHOWN if key in data}
        )
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the notebook's own process and of its client
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_the_notebook_shows_what_it_would_show_today(file: Path) -> None:
    committed = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
    again = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(again, timeout=300, kernel_name="python3").execute()
    for before, after in zip(committed.cells, again.cells, strict=True):
        assert shown(after) == shown(before), f"run `make notebook`: {before.source[:80]}"
    assert sum("picture" in shown(cell) for cell in committed.cells) >= 3
