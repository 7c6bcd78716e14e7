"""What a user may name: files, folders, patterns, standard input, .gz and .zip; and what is kept out."""

from __future__ import annotations

import gzip
import io
import os
import socket
import stat
import sys
import tempfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from treatkg.errors import BadInputError, LimitError, StorageError, UsageError
from treatkg.loading import inputs
from treatkg.loading.inputs import Input, Limits

USUAL = Limits()


def found(*paths: Path | str, limits: Limits = USUAL) -> list[Input]:
    return list(inputs.find([str(path) for path in paths], limits))


def content(file: Input) -> bytes:
    with file.open() as stream:
        return stream.read()


def archive(path: Path, *entries: tuple[str, bytes]) -> Input:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in entries:
            zipped.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    (file,) = found(path)
    return file


def test_a_file_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "a b.tsv"
    path.write_bytes(b"x\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    (file,) = found(path)
    assert content(file) == b"x\n"
    assert (file.short_name, file.size(), file.retrieved.isoformat()) == ("a b.tsv", 2, "2023-11-14")
    assert not file.is_archive()


def test_a_folder_is_all_files_below_it_in_order_without_hidden_ones(tmp_path: Path) -> None:
    names = ["b.txt", "a/c.txt", "a/.hidden", ".git/x", "~lock", "__MACOSX/y", "a/B/d.txt"]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    assert [str(file.path.relative_to(tmp_path)) for file in found(tmp_path)] == ["a/B/d.txt", "a/c.txt", "b.txt"]


def test_a_hidden_folder_that_is_named_itself_is_read(tmp_path: Path) -> None:
    folder = tmp_path / ".cache"
    folder.mkdir()
    (folder / "x.txt").write_bytes(b"1")
    assert [file.short_name for file in found(folder)] == ["x.txt"]


def test_a_pattern_gives_its_files_in_order_and_a_name_with_brackets_is_no_pattern(tmp_path: Path) -> None:
    for name in ("part-2.csv", "part-1.csv", "other.csv", "part[1].csv"):
        (tmp_path / name).write_bytes(name.encode())
    assert [file.short_name for file in found(tmp_path / "part-*.csv")] == ["part-1.csv", "part-2.csv"]
    assert [file.short_name for file in found(tmp_path / "part[1].csv")] == ["part[1].csv"]


@pytest.mark.parametrize("name", ["missing.csv", "missing/*.csv", "", "a\0b"])
def test_what_is_not_there_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "present.csv").write_bytes(b"1")
    with pytest.raises(UsageError, match="no such file or folder"):
        list(inputs.find([name]))


def test_an_empty_folder_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "empty" / "below").mkdir(parents=True)
    with pytest.raises(UsageError, match="no file in this folder"):
        found(tmp_path / "empty")


def test_a_name_too_long_for_the_system_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises((StorageError, UsageError), match=r"x{100}"):
        found(tmp_path / ("x" * 5000))


def test_names_are_shown_without_what_no_terminal_prints(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m\u202egpj.\udcff.tsv"
    path.write_bytes(b"x")
    (file,) = found(path)
    assert content(file) == b"x"
    assert file.short_name == "a\ufffd[31m\ufffdgpj.\ufffd.tsv"
    file.name.encode()


def test_a_link_to_a_file_is_followed_and_one_to_nothing_is_not(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "folder" / "link"
    link.parent.mkdir()
    target.write_bytes(b"x")
    link.symlink_to(target)
    assert [content(file) for file in found(link.parent)] == [b"x"]
    target.unlink()
    for named in (link.parent, link):
        with pytest.raises(StorageError, match="not a regular file"):
            found(named)


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"1")
    (tmp_path / "again").symlink_to(tmp_path)
    assert [file.short_name for file in found(tmp_path)] == ["x.txt"]


def test_pipes_sockets_and_devices_are_no_files(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(StorageError, match="not a regular file"):
        found(pipe)
    with pytest.raises(StorageError, match="not a regular file"):
        found("/dev/null")
    # The path of a socket is short by law, which that of a test's folder is not.
    with tempfile.TemporaryDirectory(prefix="t") as short, socket.socket(socket.AF_UNIX) as bound:
        bound.bind(f"{short}/s")
        assert stat.S_ISSOCK(Path(short, "s").stat().st_mode)
        with pytest.raises(StorageError, match="not a regular file"):
            found(short)


def test_a_file_that_goes_away_is_a_storage_error(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x")
    (file,) = found(path)
    path.unlink()
    for read in (file.size, file.is_archive, file.digest, lambda: content(file)):
        with pytest.raises(StorageError, match="cannot be read"):
            read()


def test_standard_input_is_read_as_often_as_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(gzip.compress(b"id\tname\n"))))
    (file,) = found("-")
    assert (file.name, file.short_name) == ("standard input", "standard input")
    assert content(file) == content(file) == b"id\tname\n"


# --- gzip


def test_gzip_is_known_by_its_content_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "plain.json"
    path.write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    (file,) = found(path)
    assert content(file) == b"one\ntwo\n"
    with file.open() as stream:
        assert list(stream) == [b"one\n", b"two\n"]
    with file.seekable() as unpacked:
        assert unpacked != path
        assert unpacked.read_bytes() == b"one\ntwo\n"
    assert not unpacked.exists()
    plain = tmp_path / "other.json"
    plain.write_bytes(b"one\ntwo\n")
    assert found(plain)[0].digest() == file.digest()


@pytest.mark.parametrize("cut", [3, 12, -9, -4])
def test_gzip_that_is_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(os.urandom(5000))[:cut])
    (file,) = found(path)
    with pytest.raises(BadInputError, match=r"x\.gz: the compressed file is broken or cut short"):
        content(file)


def test_gzip_that_is_damaged_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(os.urandom(5000)))
    packed[2500] ^= 0xFF
    path = tmp_path / "x.gz"
    path.write_bytes(packed)
    with pytest.raises(BadInputError, match="broken or cut short"):
        content(found(path)[0])


def test_a_gzip_bomb_stops_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(3_000_000)))
    with pytest.raises(LimitError, match="decompression bomb"):
        content(found(path, limits=Limits(ratio=100, ratio_from=1_000_000))[0])
    with pytest.raises(LimitError, match="larger than 2,000,000 bytes unpacked"):
        content(found(path, limits=Limits(unpacked=2_000_000))[0])
    assert len(content(found(path)[0])) == 3_000_000


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "b").write_bytes(gzip.compress(b""))
    assert [content(file) for file in found(tmp_path)] == [b"", b""]


# --- zip


def test_the_members_of_a_zip_are_inputs(tmp_path: Path) -> None:
    file = archive(
        tmp_path / "x.zip",
        ("data/a.tsv", b"a"),
        ("data/deep/er/b.json.gz", gzip.compress(b"b")),
        ("__MACOSX/._a.tsv", b"junk"),
        ("data/.DS_Store", b"junk"),
        ("folder/", b""),
        ("Überblick — 湿疹.tsv", b"c"),
    )
    assert file.is_archive()
    members = inputs.members(file)
    assert [(member.short_name, content(member)) for member in members] == [
        ("a.tsv", b"a"),
        ("b.json.gz", b"b"),
        ("Überblick — 湿疹.tsv", b"c"),
    ]
    assert members[0].name == f"{file.name}!data/a.tsv"
    assert not any(member.is_archive() for member in members)
    with members[0].seekable() as unpacked:
        assert unpacked.read_bytes() == b"a"


@pytest.mark.parametrize(
    "name",
    [
        "../x.tsv",
        "a/../../x.tsv",
        "/etc/passwd",
        "C:\\x.tsv",
        "C:x.tsv",
        "..\\x.tsv",
        "a\\..\\..\\x",
        "\\x",
        ".",
        "//h/x",
    ],
)
def test_a_member_whose_name_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    file = archive(tmp_path / "x.zip", ("good.tsv", b"a"), (name, b"b"))
    with pytest.raises(BadInputError, match="leads out of the archive"):
        inputs.members(file)
    assert list(tmp_path.iterdir()) == [tmp_path / "x.zip"]


def test_a_colon_or_a_backslash_in_a_name_is_no_drive(tmp_path: Path) -> None:
    file = archive(tmp_path / "x.zip", ("MONDO:0004980.json", b"a"), ("folder\\b.json", b"b"))
    assert [(member.short_name, content(member)) for member in inputs.members(file)] == [
        ("MONDO:0004980.json", b"a"),
        ("b.json", b"b"),
    ]


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        file = archive(tmp_path / "x.zip", ("a", b"1"), ("a", b"2"))
    with pytest.raises(BadInputError, match="same name"):
        inputs.members(file)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    file = archive(tmp_path / "x.zip", ("a", b"secret"))
    packed = bytearray(file.path.read_bytes())
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    packed[6] |= 1
    file.path.write_bytes(packed)
    with pytest.raises(BadInputError, match="a is encrypted"):
        inputs.members(file)


@pytest.mark.parametrize("cut", [10, 40, -1])
def test_a_zip_that_is_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    file = archive(tmp_path / "x.zip", ("a", b"0123456789" * 10))
    file.path.write_bytes(file.path.read_bytes()[:cut])
    with pytest.raises(BadInputError, match="not a sound zip file"):
        inputs.members(file)


def test_a_member_that_is_damaged_is_refused(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path = tmp_path / f"{method}.zip"
        with zipfile.ZipFile(path, "w") as zipped:
            zipped.writestr("a", os.urandom(4000), method)
        packed = bytearray(path.read_bytes())
        packed[60:1000] = bytes(byte ^ 0xFF for byte in packed[60:1000])
        path.write_bytes(packed)
        (member,) = inputs.members(found(path)[0])
        with pytest.raises(BadInputError, match="broken or cut short"):
            content(member)


def test_a_zip_bomb_stops_before_it_is_unpacked(tmp_path: Path) -> None:
    small = Limits(ratio=100, ratio_from=1_000_000)
    archive(tmp_path / "x.zip", ("a", bytes(900_000)), ("b", bytes(900_000)))
    with pytest.raises(LimitError, match="decompression bomb"):
        inputs.members(found(tmp_path / "x.zip", limits=small)[0])
    with pytest.raises(LimitError, match="decompression bomb"):
        inputs.members(found(tmp_path / "x.zip", limits=Limits(unpacked=1_000_000))[0])
    assert len(inputs.members(found(tmp_path / "x.zip")[0])) == 2
    with pytest.raises(LimitError, match="2 files in it"):
        inputs.members(found(tmp_path / "x.zip", limits=Limits(members=1))[0])


def test_a_zip_that_lies_about_its_size_stops_at_the_limit(tmp_path: Path) -> None:
    file = archive(tmp_path / "x.zip", ("a", bytes(3_000_000)))
    packed = bytearray(file.path.read_bytes())
    place = packed.index(b"PK\x01\x02") + 24
    packed[place : place + 4] = (100).to_bytes(4, "little")
    file.path.write_bytes(packed)
    (member,) = inputs.members(found(file.path, limits=Limits(ratio=100, ratio_from=1_000_000))[0])
    with pytest.raises((LimitError, BadInputError)):
        content(member)


def test_a_bomb_of_gzip_within_zip_stops_at_the_limit(tmp_path: Path) -> None:
    file = archive(tmp_path / "x.zip", ("a.gz", gzip.compress(bytes(3_000_000))))
    limits = Limits(ratio=100, ratio_from=1_000_000)
    (member,) = inputs.members(found(file.path, limits=limits)[0])
    with pytest.raises(LimitError, match="decompression bomb"):
        content(member)


def test_an_empty_zip_has_no_members(tmp_path: Path) -> None:
    file = archive(tmp_path / "x.zip")
    assert file.is_archive()
    assert inputs.members(file) == []
