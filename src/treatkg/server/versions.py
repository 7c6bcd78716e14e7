"""A graph and the fingerprint of the files that it was read from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import treatkg
from treatkg.errors import StorageError
from treatkg.knowledge import Knowledge, is_store, release_file

_TRIES = 5


@dataclass(frozen=True)
class Version:
    """A graph, and the SHA-256 of its file (of the register, if it is a store)."""

    knowledge: Knowledge
    digest: str


def file_of(path: Path) -> Path:
    """Return the file that changes when the graph does."""
    return path / "registry.sqlite" if is_store(path) else release_file(path)


def opened(path: Path) -> Version:
    """Open a graph; if its file is replaced meanwhile, open it again, so that graph and fingerprint belong together.

    Raises:
        BadInputError: the file is not what it should be.
        StorageError: it cannot be read, or changes all the time.
    """
    for _ in range(_TRIES):
        before = digest(path)
        knowledge = treatkg.open(path)
        if digest(path) == before:
            return Version(knowledge, before)
    raise StorageError(f"{path}: changes while it is read")


def digest(path: Path) -> str:
    """Return the fingerprint of a graph's files.

    Raises:
        StorageError: they cannot be read.
    """
    try:
        with file_of(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(f"{path}: the graph cannot be read ({error}); `treatkg build` makes it") from error
