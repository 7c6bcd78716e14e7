"""An archive of very many small files: its list is read once, and never when it is another's."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from treatkg.loading import inputs


def archive(path: Path, contents: list[str]) -> list[inputs.Input]:
    with zipfile.ZipFile(path, "w") as made:
        for number, content in enumerate(contents):
            made.writestr(f"{number}.json", content)
    return inputs.members(next(inputs.find([str(path)])))


def read(file: inputs.Input) -> bytes:
    with file.open() as stream:
        return stream.read()


def test_the_list_of_an_archive_is_not_read_anew_for_each_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = archive(tmp_path / "bulk.zip", [str(number) * 3 for number in range(50)])
    opened = []

    class Counting(zipfile.ZipFile):
        def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (those of the class above)
            opened.append(args)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(zipfile, "ZipFile", Counting)
    assert [read(file) for file in files] == [str(number).encode() * 3 for number in range(50)]
    assert [file.size() for file in files] == [len(str(number)) * 3 for number in range(50)]
    assert len(opened) == 1


def test_two_files_of_an_archive_are_read_side_by_side(tmp_path: Path) -> None:
    first, second = archive(tmp_path / "bulk.zip", ["a" * 100_000, "b" * 100_000])
    with first.open() as one, second.open() as other:
        pairs = [(one.read(7), other.read(5)) for _ in range(10)]
    assert pairs == [(b"a" * 7, b"b" * 5)] * 10


def test_an_archive_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    [old] = archive(tmp_path / "bulk.zip", ["old"])
    assert read(old) == b"old"
    [new] = archive(tmp_path / "bulk.zip", ["the new one"])
    assert (read(new), new.size()) == (b"the new one", 11)
