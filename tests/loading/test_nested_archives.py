"""Archives in archives, and files that come with those of a source."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from treatkg.errors import BadInputError, LimitError
from treatkg.loading import inputs, recognise, running
from treatkg.loading.inputs import Limits
from treatkg.loading.source import Source, read_source

DESCRIPTION = """
id: test-parts
title: Parts of the tests
publisher: The tests
homepage: https://example.org/parts
license: CC0-1.0
updates: never
sourceType: PrescribingInformation
evidenceType: ECO:0006155
gives: [LabelCheck]
formats:
  - {name: lines, title: one part a line (JSON), reader: jsonl, recognise: {keys: [part]}}
ignore: ["*.jpg", "readme*"]
"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "source.yaml").write_text(DESCRIPTION)
    (tmp_path / "transform.py").write_text("def transform(record):\n    return []\n")
    return read_source(tmp_path)


def packed(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return content.getvalue()


def saved(tmp_path: Path, content: bytes, name: str = "all.zip") -> str:
    path = tmp_path / name
    path.write_bytes(content)
    return str(path)


def test_archives_in_an_archive_give_their_files_and_images_are_counted(tmp_path: Path, source: Source) -> None:
    inner = packed(a_jsonl=b'{"part": 1}\n{"part": 2}\n', picture_JPG=b"\xff\xd8")
    path = saved(tmp_path, packed(x__one_zip=inner, x__two_zip=packed(b_jsonl=b'{"part": 3}'), README_txt=b"hello"))
    ignored: Counter[str] = Counter()
    found = list(recognise(source, inputs.find([path]), ignored=ignored))
    assert [(one.file.within, one.file.member) for one in found] == [("x/one.zip", "a.jsonl"), ("x/two.zip", "b.jsonl")]
    assert found[0].file.name == f"{path}!x/one.zip!a.jsonl"
    assert [record.data["part"] for one in found for record in one.reader().records(one.file)] == [1, 2, 3]
    assert ignored == {
        "a file like *.jpg, which is no file of the source": 1,
        "a file like readme*, which is no file of the source": 1,
    }
    assert found[0].file.size() > 0
    assert found[0].file.digest() != found[1].file.digest()
    with found[0].file.seekable() as unpacked:
        assert unpacked.read_bytes() == b'{"part": 1}\n{"part": 2}\n'


def test_only_what_is_named_to_be_ignored_is(tmp_path: Path, source: Source) -> None:
    path = saved(tmp_path, packed(a_jsonl=b'{"part": 1}', notes_doc=b"notes"))
    with pytest.raises(BadInputError, match=r"notes\.doc: not a file of Parts"):
        list(recognise(source, inputs.find([path])))


def test_an_archive_three_deep_is_refused(tmp_path: Path, source: Source) -> None:
    path = saved(tmp_path, packed(one_zip=packed(two_zip=packed(a_jsonl=b'{"part": 1}'))))
    with pytest.raises(BadInputError, match=r"one\.zip!two\.zip: not a file of Parts"):
        list(recognise(source, inputs.find([path])))


def test_a_bomb_in_an_archive_is_refused(tmp_path: Path, source: Source) -> None:
    bomb = packed(a_jsonl=b"0" * 5_000_000)
    path = saved(tmp_path, packed(one_zip=bomb))
    with pytest.raises(LimitError, match="decompression bomb"):
        list(recognise(source, inputs.find([path], Limits(ratio_from=1_000_000))))
    with pytest.raises(LimitError, match=r"archive in the archive is of more than 100 bytes"):
        list(recognise(source, inputs.find([path], Limits(nested=100))))


@pytest.mark.parametrize("inner", [b"PK\x03\x04 broken", packed(a_jsonl=b'{"part": 1}' * 50)[:-30]])
def test_a_broken_archive_in_an_archive_is_refused_by_name(tmp_path: Path, source: Source, inner: bytes) -> None:
    path = saved(tmp_path, packed(good_jsonl=b'{"part": 1}', one_zip=inner))
    with pytest.raises(BadInputError, match=r"one\.zip: not a sound zip file"):
        list(recognise(source, inputs.find([path])))


def test_a_name_in_it_may_not_lead_out(tmp_path: Path, source: Source) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("../a.jsonl", b'{"part": 1}')
    path = saved(tmp_path, packed(one_zip=content.getvalue()))
    with pytest.raises(BadInputError, match="leads out of the archive"):
        list(recognise(source, inputs.find([path])))


def test_archive_of_nothing_but_what_is_ignored_is_refused(tmp_path: Path, source: Source) -> None:
    path = saved(tmp_path, packed(README_txt=b"hello", picture_jpg=b"x"))
    with pytest.raises(BadInputError, match=r"all\.zip: no file of Parts of the tests in it \(a file like"):
        running.try_out(source, [path])
