"""A graph and the fingerprint of the files that it was read from."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import treatkg
from treatkg import resources
from treatkg.errors import StorageError
from treatkg.knowledge import Knowledge, is_store, release_file

_TRIES = 10
_PAUSE = 0.5


@dataclass(frozen=True)
class Version:
    """A graph, and the SHA-256 of its files."""

    knowledge: Knowledge
    digest: str


def files_of(path: Path) -> list[Path]:
    """Return the files that change when the graph does."""
    return [path / "registry.sqlite", resources.TRIPLES] if is_store(path) else [release_file(path)]


def opened(path: Path) -> Version:
    """Open a graph; if its files are being replaced, try again, so that graph and fingerprint belong together.

    Raises:
        BadInputError: a file is not what it should be.
        StorageError: it cannot be read, or changes all the time.
    """
    refused = StorageError(f"{path}: changes while it is read")
    for _ in range(_TRIES):
        before = digest(path)
        try:
            knowledge = treatkg.open(path)
        except StorageError as error:  # somebody writes to the store
            refused = error
            time.sleep(_PAUSE)
            continue
        if digest(path) == before:
            return Version(knowledge, before)
    raise refused


def digest(path: Path) -> str:
    """Return the fingerprint of a graph's files.

    Raises:
        StorageError: they cannot be read.
    """
    total = hashlib.sha256()
    for name in files_of(path):
        try:
            with name.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise StorageError(f"{name}: the graph cannot be read ({error}); `treatkg build` makes it") from error
    return total.hexdigest()
