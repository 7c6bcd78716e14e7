"""Which format of a source a file is in."""

from pathlib import Path

import pytest

from treatkg.errors import BadInputError
from treatkg.loading import find, inputs, recognise

SOURCE = """
id: made-up
title: Made up
publisher: Nobody
homepage: https://example.org/
license: CC0 1.0
updates: never
sourceType: DatabaseRecord
evidenceType: ECO:0006155
formats:
  - name: plants
    title: plants
    reader: jsonl
    recognise: [{keys: [leaf]}, {keys: [root]}]
  - name: stones
    title: stones
    reader: jsonl
    recognise: {keys: [weight], file: "stone"}
refuse:
  - {reader: jsonl, recognise: {keys: [weight]}, reason: what is weighed is not said}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "source.yaml").write_text(SOURCE)
    return tmp_path


def _format(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    [got] = recognise(find(str(folder)), inputs.find([str(folder / name)]))
    return got.format.name


@pytest.mark.parametrize("text", ['{"leaf": 1}', '{"root": 1}'])
def test_any_of_several_marks_will_do(folder: Path, text: str) -> None:
    assert _format(folder, "a.jsonl", text) == "plants"


def test_name_of_the_file_tells_apart_what_the_content_does_not(folder: Path) -> None:
    assert _format(folder, "stones.jsonl", '{"weight": 1}') == "stones"
    with pytest.raises(BadInputError, match="what is weighed is not said"):
        _format(folder, "feathers.jsonl", '{"weight": 1}')


def test_tar_archive_is_told_to_be_unpacked(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "labels.tar.gz"
    file.write_bytes(b"\x1f\x8bno gzip at all")
    with pytest.raises(BadInputError, match=r"labels\.tar\.gz: tar archives are not read"):
        list(recognise(find(str(folder)), inputs.find([str(file)])))
