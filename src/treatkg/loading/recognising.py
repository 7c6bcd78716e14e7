"""Which format of a source an input is in, which version it says it is of, and what is refused by name."""

from __future__ import annotations

import datetime
import fnmatch
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from treatkg.errors import BadInputError, TreatKGError, UsageError
from treatkg.loading import dates, inputs
from treatkg.loading.inputs import Input
from treatkg.loading.readers import Reader, reader
from treatkg.loading.source import Format, Refusal, Source


@dataclass(frozen=True)
class Recognised:
    """An input with its format, the version of the source that it holds, and the day of that version."""

    file: Input
    format: Format
    version: str
    date: datetime.date

    def reader(self) -> Reader:
        """Return a reader of the format."""
        return reader(self.format.reader, self.format.options)


def recognise(
    source: Source, files: Iterable[Input], version: str = "", ignored: Counter[str] | None = None
) -> Iterator[Recognised]:
    """Return each input with its format; a zip archive gives its files, unless a format is the archive.

    Args:
        source: the source that the files are of.
        files: what the user named.
        version: the version, where the user says it.
        ignored: counts the files that are passed over, by the pattern of `ignore` that they match, in words.

    Raises:
        BadInputError: an input is of no format of the source; a refused layout is named with the reason.
        UsageError: the file says no version, and the user says none.
    """
    for file in files:
        pattern = _ignored(source, file)
        if pattern:
            if ignored is not None:
                ignored[f"a file like {pattern}, which is no file of the source"] += 1
            continue
        if file.is_archive():
            chosen = _choose(source, file, archive=True)
            if chosen is None and file.is_document():
                raise BadInputError(f"{_unknown(source, file)}{_complaint(source, file)}")
            if chosen is None:
                yield from recognise(source, inputs.members(file), version, ignored)
                continue
        else:
            chosen = _choose(source, file, archive=False)
        if chosen is None:
            raise BadInputError(_unknown(source, file))
        yield _dated(file, chosen, version)


def _ignored(source: Source, file: Input) -> str:
    name = _name(file).lower()
    return next((pattern for pattern in source.ignore if fnmatch.fnmatchcase(name, pattern.lower())), "")


def _choose(source: Source, file: Input, *, archive: bool) -> Format | None:
    for entry in source.formats:
        if entry.archive == archive and _bears(file, entry):
            return entry
    for refusal in source.refusals:
        if not archive and _bears(file, refusal):
            raise BadInputError(f"{file.name}: {refusal.reason}")
    return None


def _bears(file: Input, entry: Format | Refusal) -> bool:
    made = reader(entry.reader, entry.options)
    several = entry.recognise if isinstance(entry.recognise, list) else [entry.recognise]
    name = _name(file)
    return any(re.search(marks.get("file", ""), name) and made.recognises(file, marks) for marks in several)


def _name(file: Input) -> str:
    return Path(file.member or file.path.name).name


def _dated(file: Input, chosen: Format, version: str) -> Recognised:
    stated = version or _stated(file, chosen).strip() or file.retrieved.isoformat()
    if len(stated) > 100 or not stated.isprintable():
        raise UsageError(f"{file.name}: the version {stated[:40]!r} is not a short text; give --version")
    day, _ = dates.day(stated)
    date = datetime.date.fromisoformat(day) if day else file.retrieved
    return Recognised(file, chosen, stated, min(date, file.retrieved))


def _stated(file: Input, chosen: Format) -> str:
    if not chosen.version:
        return ""
    place = {"at": chosen.version} if isinstance(chosen.version, str) else chosen.version
    text = reader(chosen.reader, chosen.options).version(file, place["at"]) if "at" in place else ""
    if "pattern" in place and (found := re.search(place["pattern"], text)):
        text = found[1]
    if not text and "name" in place and (found := re.search(place["name"], _name(file))):
        text = found[1]
    return text


def _complaint(source: Source, file: Input) -> str:
    """Return what the readers of archives have against a file."""
    for entry in source.formats:
        if entry.archive:
            try:
                next(reader(entry.reader, entry.options).records(file), None)
            except TreatKGError as error:
                return f" ({str(error).removeprefix(f'{file.name}: ')})"
    return ""


def _unknown(source: Source, file: Input) -> str:
    if file.size() == 0:
        return f"{file.name}: the file is empty"
    if re.search(r"\.(tar(\.[a-z0-9]+)?|tgz)$", _name(file), re.IGNORECASE):
        return f"{file.name}: tar archives are not read; unpack it, and give the folder"
    formats = "; ".join(entry.title for entry in source.formats)
    return f"{file.name}: not a file of {source.title}, or a broken one; it is read as: {formats}"
