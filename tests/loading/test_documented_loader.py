"""The loader that docs/loading.md shows works as it stands there."""

import json
import re
from pathlib import Path

from treatkg import loading
from treatkg.loading import Check, Options

PAGE = (Path(__file__).parents[2] / "docs" / "loading.md").read_text(encoding="utf-8")


def test_documented_loader_loads(tmp_path: Path) -> None:
    folder = tmp_path / "my-source"
    folder.mkdir()
    (description,) = re.findall(r"```yaml\n(id: .*?)```", PAGE, re.DOTALL)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (folder / "source.yaml").write_text(description, encoding="utf-8")
    (folder / "transform.py").write_text(code, encoding="utf-8")
    row = {"set_id": "a1", "name": "Dupixent", "substance": "dupilumab", "unii": "420K487FSG", "version": "3"}
    results = [{**row, "date": "2026-05-01", "contraindications": "None."}, {**row, "set_id": "a2"}]
    file = tmp_path / "page.json"
    file.write_text(json.dumps({"meta": {"updated": "2026-06-01"}, "results": results}), encoding="utf-8")
    options = Options(jobs=1, check=Check.ALL)
    report = loading.load(loading.find(str(folder)), [str(file)], tmp_path / "store", options)
    assert report.facts == {"LabelCheck": 1}
    assert report.skipped == {"no section on contraindications": 1}
    assert not report.findings
    assert not report.unmapped
