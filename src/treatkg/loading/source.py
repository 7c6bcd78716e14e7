"""A loader's folder: `source.yaml` says what the source is and how its files are read; `transform.py` makes facts."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from treatkg import resources
from treatkg.errors import BadInputError, UsageError, did_you_mean
from treatkg.loading.items import Item, Record

DESCRIPTION = "source.yaml"
TRANSFORM = "transform.py"
Transform = Callable[[Record], Iterable[Item]]

_ID = re.compile(r"[a-z][a-z0-9-]{1,40}")
_TEXTS = ("id", "title", "publisher", "homepage", "license", "updates", "sourceType", "evidenceType")
_OPTIONAL = ("prefixes", "formats", "refuse", "ignore", "reads", "gives", "filters", "drops")
_FORMAT = {"name", "title", "reader", "options", "recognise", "version", "complete", "archive"}
_REFUSAL = {"reader", "options", "recognise", "reason"}


@dataclass(frozen=True)
class Format:
    """One layout in which the source comes.

    `reader` names one of `treatkg.loading.readers`; `recognise` and `version` are read by that reader. `recognise` may
    be a list of marks, any of which will do; a mark `file` is a pattern for the name of the file. A version may be a
    node with `at` (the place), `pattern` (whose first group is the version) and `name` (a pattern for the name of the
    file instead). `complete`: a file holds the whole source, so that what a newer one lacks is no longer so.
    """

    name: str
    title: str
    reader: str
    recognise: Mapping[str, Any] | list[Mapping[str, Any]]
    options: Mapping[str, Any] = field(default_factory=dict)
    version: str | Mapping[str, str] = ""
    complete: bool = False
    archive: bool = False


@dataclass(frozen=True)
class Refusal:
    """A layout that is known and not taken, with what the user should do instead."""

    reader: str
    recognise: Mapping[str, Any] | list[Mapping[str, Any]]
    reason: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """What `source.yaml` says; the folder is where it stands.

    `ignore` are patterns for names of files that come with those of the source, such as images; they are passed over.
    """

    folder: Path
    id: str
    title: str
    publisher: str
    homepage: str
    license: str
    updates: str
    source_type: str
    evidence_type: str
    gives: tuple[str, ...]
    formats: tuple[Format, ...]
    refusals: tuple[Refusal, ...] = ()
    ignore: tuple[str, ...] = ()
    reads: Mapping[str, str] = field(default_factory=dict)
    filters: tuple[Mapping[str, str], ...] = ()
    drops: tuple[str, ...] = ()

    def transform(self) -> Transform:
        """Return the function of `transform.py`, imported by its path.

        Raises:
            BadInputError: the file is missing, fails, or has no `transform`.
        """
        function = getattr(_module(self.folder / TRANSFORM), "transform", None)
        if not callable(function):
            raise BadInputError(f"{self.folder / TRANSFORM}: no function transform(record)")
        return function  # type: ignore[no-any-return]

    def digest(self) -> str:
        """Return the SHA-256 of the loader's own files: with another loader a file is loaded anew."""
        total = hashlib.sha256()
        for file in sorted(self.folder.glob("*")):
            if file.suffix in {".py", ".yaml"}:
                total.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
        return total.hexdigest()


def sources() -> dict[str, Source]:
    """Return the sources that come with the project, by id."""
    folders = (file.parent for file in sorted(resources.LOADERS.glob(f"*/{DESCRIPTION}")))
    return {source.id: source for source in map(read_source, folders)}


def find(name: str) -> Source:
    """Return a source by its id, or by the path of a folder of the user's own.

    Raises:
        UsageError: there is none of that name.
        BadInputError: its source.yaml is wrong.
    """
    folder = Path(name)
    if (folder / DESCRIPTION).is_file():
        return read_source(folder)
    if (resources.LOADERS / name / DESCRIPTION).is_file() and _ID.fullmatch(name):
        return read_source(resources.LOADERS / name)
    if "/" in name or folder.is_dir():
        raise UsageError(f"{name}: not the folder of a loader (it has no {DESCRIPTION})")
    known = [file.parent.name for file in resources.LOADERS.glob(f"*/{DESCRIPTION}")]
    raise UsageError(f'no source "{name}"{did_you_mean(name, known)}; `treatkg load --list` shows all')


def read_source(folder: Path) -> Source:
    """Read a loader's `source.yaml`.

    Raises:
        BadInputError: with what is missing, unknown or of the wrong kind.
    """
    file = folder / DESCRIPTION
    try:
        content = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInputError(f"{file}: not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise BadInputError(f"{file}: expected keys and values")
    for key in content:
        if key not in (*_TEXTS, *_OPTIONAL):
            raise BadInputError(f'{file}: unknown key "{key}"{did_you_mean(str(key), (*_TEXTS, *_OPTIONAL))}')
    for key in _TEXTS:
        if not isinstance(content.get(key), str) or not content[key].strip():
            raise BadInputError(f'{file}: "{key}" is missing: a text')
    if not _ID.fullmatch(content["id"]):
        raise BadInputError(f'{file}: the id "{content["id"]}" is not lower-case letters, digits and hyphens')
    formats = tuple(_format(file, entry) for entry in content.get("formats") or ())
    if not formats:
        raise BadInputError(f'{file}: "formats" is missing: a list with at least one format')
    return Source(
        folder=folder,
        **{key: content[key].strip() for key in ("id", "title", "publisher", "homepage", "license", "updates")},
        source_type=content["sourceType"],
        evidence_type=content["evidenceType"],
        gives=tuple(content.get("gives") or ()),
        formats=formats,
        refusals=tuple(
            Refusal(**_entry(file, entry, _REFUSAL, "reader", "recognise", "reason"))
            for entry in content.get("refuse") or ()
        ),
        ignore=tuple(content.get("ignore") or ()),
        reads=dict(content.get("reads") or {}),
        filters=tuple(content.get("filters") or ()),
        drops=tuple(content.get("drops") or ()),
    )


def _format(file: Path, entry: object) -> Format:
    return Format(**_entry(file, entry, _FORMAT, "name", "title", "reader", "recognise"))


def _entry(file: Path, entry: object, known: set[str], *needed: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise BadInputError(f"{file}: a format or refusal is a node (keys and values)")
    for key in entry:
        if key not in known:
            raise BadInputError(f'{file}: unknown key "{key}" of a format{did_you_mean(str(key), known)}')
    for key in needed:
        if key not in entry:
            raise BadInputError(f'{file}: a format or refusal without "{key}"')
    return dict(entry)


def _module(file: Path) -> ModuleType:
    """Import a file by its path, under a name that no other folder's file has."""
    place = hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:12]
    name = f"treatkg_loader_{file.parent.name.replace('-', '_')}_{place}"
    if name in sys.modules:
        return sys.modules[name]
    specification = importlib.util.spec_from_file_location(name, file)
    if specification is None or specification.loader is None or not file.is_file():
        raise BadInputError(f"{file}: the loader has no {TRANSFORM}")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise BadInputError(f"{file}: cannot be imported: {type(error).__name__}: {error}") from error
    return module
