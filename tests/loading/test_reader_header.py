"""What the readers of JSON tell of the file as a whole: a header behind the records, and the name of the file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from treatkg.loading import inputs
from treatkg.loading.readers.json_lines import JsonLinesReader
from treatkg.loading.readers.json_stream import JsonReader


def test_a_header_behind_the_records_is_known_before_them(tmp_path: Path) -> None:
    path = tmp_path / "zor.json"
    path.write_text(json.dumps({"graphs": [{"nodes": [{"id": 1}, {"id": 2}], "id": "zor"}, {"nodes": [], "id": "x"}]}))
    (file,) = inputs.find([str(path)])
    places = {"records": "graphs.item.nodes.item", "header": {"name": "graphs.item.id"}}
    late = [record.header for record in JsonReader(**places).records(file)]  # type: ignore[arg-type]
    assert late[0] is late[1]
    first = JsonReader(**places, header_first=True, file_name=True)  # type: ignore[arg-type]
    seen = [(record.data["id"], dict(record.header)) for record in first.records(file)]
    assert seen == [(1, {"name": "zor", "file": "zor.json"}), (2, {"name": "zor", "file": "zor.json"})]
    begun = next(JsonReader(**places).records(file))  # type: ignore[arg-type]
    assert begun.header == {}


def test_lines_tell_the_name_of_the_file_where_it_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "zor_nodes.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": 1}\n{"id": 2}\n'))
    (file,) = inputs.find([str(path)])
    assert [dict(r.header) for r in JsonLinesReader(file_name=True).records(file)] == [{"file": path.name}] * 2
    assert [dict(r.header) for r in JsonLinesReader().records(file)] == [{}] * 2
