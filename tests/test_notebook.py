"""The notebook runs, and shows what it would show today."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "docs" / "notebooks").glob("*.ipynb"))
# Pictures depend on fonts and versions; what matters is the data in text and tables, and that there is a picture.
SHOWN = ("text/plain", "text/html")


def shown(cell: dict[str, Any]) -> list[Any]:
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
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_the_notebook_shows_what_it_would_show_today(file: Path, tmp_path: Path) -> None:
    again = tmp_path / file.name
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--output", str(again), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    cells, cells_again = (json.loads(each.read_text(encoding="utf-8"))["cells"] for each in (file, again))
    for before, after in zip(cells, cells_again, strict=True):
        assert shown(after) == shown(before), f"run `make notebook`: {before['source'][:2]}"
    assert sum("picture" in shown(cell) for cell in cells) >= 3
