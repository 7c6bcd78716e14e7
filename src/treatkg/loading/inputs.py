"""What a user names on the command line: files, folders, patterns, standard input, .gz and .zip, as streams of bytes.

Compressed files are read as streams, never unpacked into a folder; one that grows beyond all measure is refused.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import glob
import gzip
import hashlib
import io
import lzma
import os
import re
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from treatkg.errors import BadInputError, LimitError, StorageError, UsageError

STDIN = "-"
_SIGNATURES = {"gzip": b"\x1f\x8b", "zip": b"PK\x03\x04", "empty zip": b"PK\x05\x06"}
_HIDDEN = (".", "~", "__MACOSX")
_DRIVE = re.compile(r"[A-Za-z]:")
# What the modules of Python raise for compressed files that are broken, cut short, or of a method they lack.
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError)


@dataclass(frozen=True)
class Limits:
    """How much is taken: bytes of an unpacked file, unpacked per packed byte, members, an archive in an archive."""

    unpacked: int = 100 * 1024**3
    ratio: int = 200
    ratio_from: int = 64 * 1024**2
    members: int = 1_000_000
    nested: int = 512 * 1024**2


class Meter:
    """How much of a stream has been read, for a progress bar."""

    def __init__(self) -> None:
        self.stream: IO[bytes] | None = None
        self.size = 1

    def fraction(self) -> float:
        """Return the part that was read, from 0 to 1."""
        if self.stream is None or self.stream.closed:
            return 0.0
        return min(1.0, self.stream.tell() / max(1, self.size))


@dataclass(frozen=True)
class Input:
    """One stream of a source: a file, or a member of an archive.

    Args:
        path: the file on disk.
        member: the name of the member, if it is in a zip file.
        within: the name of the zip file in that zip file which holds the member, if it is in one.
        name: what messages call it.
        retrieved: the day when the file was last modified, which stands for the day of its download.
    """

    path: Path
    name: str
    retrieved: datetime.date
    member: str = ""
    limits: Limits = Limits()
    meter: Meter = field(default_factory=Meter, compare=False)
    within: str = ""

    @contextlib.contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the stream, unpacked.

        Raises:
            StorageError: it cannot be read.
            BadInputError: a compressed file is broken.
            LimitError: it grows beyond the limits.
        """
        try:
            with contextlib.ExitStack() as stack:
                yield self._opened(stack)
        except _BROKEN as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise StorageError(f"{self.name}: cannot be read ({error.strerror})") from error
            raise BadInputError(f"{self.name}: the compressed file is broken or cut short ({error})") from error

    def _opened(self, stack: contextlib.ExitStack) -> BinaryIO:
        if self.member:
            archive = stack.enter_context(self._holder())
            entry = archive.getinfo(self.member)
            stream: IO[bytes] = stack.enter_context(archive.open(entry))
            packed, self.meter.size = entry.compress_size, entry.file_size
        else:
            stream = stack.enter_context(self.path.open("rb"))
            packed = self.meter.size = self.path.stat().st_size
        self.meter.stream = stream
        if stream.read(2) == _SIGNATURES["gzip"]:
            stream.seek(0)
            unpacked = stack.enter_context(contextlib.closing(gzip.GzipFile(fileobj=stream)))
            return _bounded(unpacked, self, packed)
        stream.seek(0)
        return _bounded(stream, self, packed) if self.member else cast("BinaryIO", stream)

    @contextlib.contextmanager
    def seekable(self) -> Iterator[Path]:
        """Give the unpacked content as a file on disk, for formats that are not read from front to end."""
        with self.open() as stream:
            if not isinstance(getattr(stream, "raw", None), _Bounded):
                yield self.path
                return
            with tempfile.NamedTemporaryFile(suffix=Path(self.member or self.path.stem).suffix) as copy:
                shutil.copyfileobj(stream, copy)
                copy.flush()
                yield Path(copy.name)

    def __getstate__(self) -> dict[str, object]:
        """Leave the meter behind: another process has its own."""
        return {**vars(self), "meter": Meter()}

    def digest(self) -> str:
        """Return the SHA-256 of the unpacked content."""
        with self.open() as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]

    @property
    def short_name(self) -> str:
        """The name without folders: of the member, of the file, or "standard input"."""
        return re.split(r"[/\\]", shown(self.member) or self.name)[-1]

    def size(self) -> int:
        """Return the bytes on disk (packed, if it is).

        Raises:
            StorageError: it is no longer there.
        """
        try:
            if not self.member:
                return self.path.stat().st_size
            with self._holder() as archive:
                return archive.getinfo(self.member).compress_size
        except OSError as error:
            raise StorageError(f"{self.name}: cannot be read ({error.strerror})") from error

    @contextlib.contextmanager
    def _holder(self) -> Iterator[zipfile.ZipFile]:
        """Open the zip file that holds the member; one that is in another is unpacked into memory, up to the limit."""
        outer = _archive(self.path, os.getpid(), self.path.stat().st_mtime_ns)
        if not self.within:
            yield outer
            return
        entry = outer.getinfo(self.within)
        if entry.file_size > self.limits.nested:
            raise LimitError(
                f"{self.name}: the archive in the archive is of more than {self.limits.nested:,} bytes; unpack it"
            )
        with outer.open(entry) as packed:
            content = io.BytesIO(packed.read(self.limits.nested))
        with zipfile.ZipFile(content) as inner:
            yield inner

    @contextlib.contextmanager
    def unpacked(self) -> Iterator[zipfile.ZipFile]:
        """Open the zip archive that the file is.

        Raises:
            BadInputError: it is broken.
            StorageError: it cannot be read.
            LimitError: it is in another archive, and too large for memory.
        """
        if not self.member:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        else:
            inside = dataclasses.replace(self, within=self.member)
            with inside._holder() as archive:  # noqa: SLF001 (its own kind)
                yield archive

    def is_archive(self) -> bool:
        """Return whether the file is a zip archive (an .xlsx workbook is one too), not deeper than in another one."""
        if not self.member:
            return is_zip(self.path)
        if self.within:
            return False
        with self.open() as stream:
            return stream.read(4) in {_SIGNATURES["zip"], _SIGNATURES["empty zip"]}

    def is_document(self) -> bool:
        """Return whether the file is an office document, which is a zip archive by its form only."""
        try:
            with self.unpacked() as archive:
                return self.is_archive() and not {"[Content_Types].xml", "mimetype"}.isdisjoint(archive.namelist())
        except (zipfile.BadZipFile, OSError, ValueError):
            return False


@functools.lru_cache(maxsize=1)
def _archive(path: Path, process: int, changed: int) -> zipfile.ZipFile:  # noqa: ARG001 (part of the key)
    """Open an archive once: to read its list anew for each of 500,000 files in it would take days."""
    return zipfile.ZipFile(path)


class _Bounded(io.RawIOBase):
    """A decompressed stream that stops when it grows beyond the limits."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, source: Input, packed: int) -> None:
        self._stream, self._source, self._packed, self._total = stream, source, max(packed, 1), 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(1 << 20), b""))
        block = self._stream.read(size)
        self._total += len(block)
        limits = self._source.limits
        if self._total > limits.unpacked:
            raise LimitError(f"{self._source.name}: larger than {limits.unpacked:,} bytes unpacked")
        if self._total > limits.ratio_from and self._total > limits.ratio * self._packed:
            raise LimitError(
                f"{self._source.name}: unpacks to more than {limits.ratio} times its size, as a decompression bomb "
                "does; unpack it yourself if it is sound"
            )
        return block

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


def _bounded(stream: IO[bytes] | gzip.GzipFile, source: Input, packed: int) -> BinaryIO:
    # Buffered, for a raw stream gives a line byte by byte.
    return cast("BinaryIO", io.BufferedReader(_Bounded(stream, source, packed), 1 << 16))


def is_zip(path: Path) -> bool:
    """Return whether a file begins as a zip archive does.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(4) in {_SIGNATURES["zip"], _SIGNATURES["empty zip"]}
    except OSError as error:
        raise StorageError(f"{shown(str(path))}: cannot be read ({error.strerror})") from error


def shown(name: str) -> str:
    """Return the name of a file as messages can show it: what no terminal prints is replaced."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def find(paths: Iterable[str], limits: Limits = Limits()) -> Iterator[Input]:
    """Return the inputs that paths name, in a fixed order: files, all files below folders, patterns, "-".

    Raises:
        UsageError: nothing is there.
        StorageError: a path cannot be read.
    """
    for text in paths:
        if text == STDIN:
            yield _standard_input(limits)
            continue
        try:
            found = [Path(text)] if text and Path(text).exists() else _matching(text)
        except (OSError, ValueError) as error:
            raise StorageError(f"{shown(text)[:200]}: cannot be read ({error})") from error
        if not found:
            raise UsageError(f"{shown(text)[:200] or 'an empty name'}: no such file or folder")
        for path in found:
            yield from _below(path, limits)


def _matching(pattern: str) -> list[Path]:
    return [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 (also absolute patterns)


def _below(path: Path, limits: Limits) -> Iterator[Input]:
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if not _is_hidden(file.relative_to(path)) and not file.is_dir())
        if not files:
            raise UsageError(f"{shown(str(path))}: no file in this folder")
    for file in files:
        name = shown(str(file))
        if not file.is_file():
            raise StorageError(f"{name}: not a regular file")
        try:
            changed = datetime.datetime.fromtimestamp(file.stat().st_mtime, tz=datetime.UTC).date()
        except OSError as error:
            raise StorageError(f"{name}: cannot be read ({error.strerror})") from error
        yield Input(file, name, changed, limits=limits)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(_HIDDEN) for part in path.parts)


def _standard_input(limits: Limits) -> Input:
    # A file on disk, because the same bytes are read more than once; it goes when the process ends.
    copy = tempfile.NamedTemporaryFile(prefix="treatkg-stdin-")  # noqa: SIM115 (kept open on purpose)
    shutil.copyfileobj(sys.stdin.buffer, copy)
    copy.flush()
    _kept_open.append(copy)
    return Input(Path(copy.name), "standard input", datetime.datetime.now(tz=datetime.UTC).date(), limits=limits)


_kept_open: list[object] = []


def members(archive: Input) -> list[Input]:
    """Return the files of a zip archive, checked.

    Raises:
        BadInputError: the archive is broken, encrypted, or a name leads out of it.
        LimitError: too many members, or together too large.
    """
    limits = archive.limits
    try:
        with archive.unpacked() as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise BadInputError(f"{archive.name}: not a sound zip file ({error})") from error
    if len(entries) > limits.members:
        raise LimitError(f"{archive.name}: {len(entries):,} files in it, more than {limits.members:,}")
    total = sum(entry.file_size for entry in entries)
    if total > limits.unpacked or (total > limits.ratio_from and total > limits.ratio * max(1, archive.size())):
        raise LimitError(f"{archive.name}: unpacks to {total:,} bytes, as a decompression bomb does")
    for entry in entries:
        _check_member(archive, entry)
    if len({entry.filename for entry in entries}) != len(entries):
        raise BadInputError(f"{archive.name}: two files in it have the same name")
    return [
        Input(
            archive.path,
            f"{archive.name}!{shown(entry.filename)}",
            archive.retrieved,
            entry.filename,
            limits,
            within=archive.member,
        )
        for entry in entries
        if not _is_hidden(Path(entry.filename))
    ]


def _check_member(archive: Input, entry: zipfile.ZipInfo) -> None:
    plain = entry.filename.replace("\\", "/")
    name = PurePosixPath(plain)
    if name.is_absolute() or ".." in name.parts or not name.parts or _DRIVE.match(plain):
        raise BadInputError(f'{archive.name}: the name "{shown(entry.filename)}" leads out of the archive')
    if entry.flag_bits & 0x1:
        raise BadInputError(f"{archive.name}: {shown(entry.filename)} is encrypted; unpack it yourself")
