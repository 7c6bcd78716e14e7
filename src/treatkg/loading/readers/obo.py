"""OBO flat files (1.2 and 1.4), frame by frame.

The format is written by hand and by many programs; fastobo refuses whole files for one clause that is not of the
grammar, such as a version or an xref with a space, so the frames are read here, which needs little.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from treatkg.errors import BadInputError, LimitError
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record

_LONGEST_LINE = 16 * 1024 * 1024
_HEAD_LINES = 100_000
_FRAME = re.compile(r"\[([A-Za-z][A-Za-z0-9_-]*)\]\s*(?:!.*)?")
_TAG = re.compile(r"([A-Za-z0-9_.+-]+):")
_TOKEN = re.compile(
    r"""\s*(?:
        "(?P<quoted>(?:[^"\\]|\\.)*)"
      | (?P<xrefs>\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])
      | (?P<word>(?:[^\s"\[\\]|\\.)(?:[^\s\\]|\\.)*)
    )""",
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"(?:[^\s\\]|\\.)+")
_QUALIFIER = r'[\w:.+/#-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^",{}]*)'
_QUALIFIERS = re.compile(rf"\s\{{\s*{_QUALIFIER}(?:,\s*{_QUALIFIER})*\s*\}}")
_QUALIFIER_BLOCKS = 8
_COMMENT = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|\\.|[^"\\])*?\s(!)(?=\s|$)""", re.DOTALL)
_XREF = re.compile(r"""\s*((?:[^,"\\]|\\.)*)("(?:[^"\\]|\\.)*")?\s*(?:,|$)""", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "W": " ", "t": "\t"}
# Tags whose value stands in quotation marks; elsewhere an odd quotation mark does no harm.
_QUOTED = {"def", "synonym", "exact_synonym", "narrow_synonym", "broad_synonym", "related_synonym"}
# Tags whose value is free text, in which a quotation mark means itself.
_FREE = {"name", "comment", "remark", "data-version", "saved-by", "date", "ontology", "namespace", "default-namespace"}


@dataclass(frozen=True, slots=True)
class Clause:
    """One line of a frame.

    Args:
        value: all of it without comment and trailing qualifiers, unescaped.
        text: what stands in the first quotation marks.
        words: the words outside of quotation marks and brackets.
        xrefs: identifiers of the list in brackets.
    """

    value: str
    text: str = ""
    words: tuple[str, ...] = ()
    xrefs: tuple[str, ...] = ()


@dataclass
class _Frame:
    kind: str
    line: int
    clauses: dict[str, list[Clause]] = field(default_factory=dict)


class OboReader:
    """Frames of an OBO file: kind is the kind of frame (Term, Typedef, Instance), data is tag -> clauses.

    The header of each record is the header of the file: tag -> values as text, and `idspaces`.
    """

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Marks: `frames`, of which one is the kind of the first frame."""
        try:
            frames = self._frames(file)
            header, first = next(frames), next(frames, None)
        except (BadInputError, LimitError, StopIteration):
            return False
        return first.kind in marks.get("frames", [first.kind]) if first else "format-version" in header.clauses

    def version(self, file: Input, where: str) -> str:
        """Return a value of the header."""
        values = next(self._frames(file)).clauses.get(where, ())
        return values[0].value if values else ""

    def records(self, file: Input) -> Iterator[Record]:
        """Return each frame with its line."""
        frames = self._frames(file)
        head = next(frames).clauses
        header: dict[str, Any] = {tag: [clause.value for clause in clauses] for tag, clauses in head.items()}
        header["idspaces"] = {c.words[0]: c.words[1] for c in head.get("idspace", ()) if len(c.words) > 1}
        for frame in frames:
            if "id" not in frame.clauses:
                raise BadInputError(f'{file.name}:{frame.line}: a frame [{frame.kind}] without "id:"')
            yield Record(frame.clauses, f"line {frame.line}", header, frame.kind)

    def _frames(self, file: Input) -> Iterator[_Frame]:
        """Return the header as a frame, then the frames."""
        frame = _Frame("", 1)
        for number, line in _lines(file):
            if not line or line.startswith("!"):
                continue
            found = _FRAME.fullmatch(line)
            if found:
                yield frame
                frame = _Frame(found[1], number)
                continue
            tag = _TAG.match(line)
            if not tag or (not frame.kind and number > _HEAD_LINES):
                raise BadInputError(f'{file.name}:{number}: expected "tag: value" or "[Term]", found {line[:60]!r}')
            try:
                clause = _clause(tag[1], line[tag.end() :])
            except ValueError as error:
                raise BadInputError(f'{file.name}:{number}: "{tag[1]}": {error}') from error
            frame.clauses.setdefault(tag[1], []).append(clause)
        if not frame.kind and not frame.clauses:
            raise BadInputError(f"{file.name}: no OBO frame in it")
        yield frame


def _lines(file: Input) -> Iterator[tuple[int, str]]:
    """Return each logical line with the number that it begins at: one that ends in a backslash goes on in the next."""
    with file.open() as stream:
        buffered = io.BufferedReader(stream)  # type: ignore[type-var]
        text = io.TextIOWrapper(buffered, encoding="utf-8-sig", newline=None)
        number, begin, held = 0, 1, ""
        try:
            while line := text.readline(_LONGEST_LINE + 1):
                number += 1
                begin = begin if held else number
                held += line.rstrip("\n")
                if len(held) > _LONGEST_LINE:
                    raise LimitError(f"{file.name}:{begin}: a line of more than {_LONGEST_LINE:,} characters")
                if "\0" in line:
                    raise BadInputError(f"{file.name}:{number}: a NUL character: this is no text file")
                if held.endswith("\\") and (len(held) - len(held.rstrip("\\"))) % 2:
                    held = held[:-1]
                    continue
                yield begin, held.strip()
                held = ""
        except UnicodeDecodeError as error:
            raise BadInputError(f"{file.name}:{number + 1}: not utf-8: {error.reason}") from error
        finally:
            # Whoever opened the stream closes it; a wrapper that goes before would close it with a warning.
            if not stream.closed:
                text.detach()
                buffered.detach()
        if held:
            yield begin, held.strip()


def _clause(tag: str, line: str) -> Clause:
    line = _without_tail(line)
    if tag in _FREE:
        return Clause(_unescaped(line))
    if '"' not in line and "[" not in line:
        return Clause(_unescaped(line), words=tuple(_unescaped(word) for word in _WORD.findall(line)))
    text, quoted, place = "", False, 0
    words: list[str] = []
    xrefs: tuple[str, ...] = ()
    while place < len(line):
        found = _TOKEN.match(line, place)
        if not found:
            if tag in _QUOTED:
                raise ValueError("quotation marks or brackets that are not closed")
            return Clause(_unescaped(line), words=tuple(line.split()))
        if found["quoted"] is not None and not quoted:
            text, quoted = _unescaped(found["quoted"]), True
        elif found["xrefs"] is not None:
            xrefs = _xrefs(found["xrefs"][1:-1])
        elif found["word"] is not None:
            words.append(_unescaped(found["word"]))
        place = found.end()
    return Clause(_unescaped(line), text, tuple(words), xrefs)


def _without_tail(line: str) -> str:
    """Return the line without `! comment` and `{qualifier="value"}`."""
    if "!" in line:
        comment = _COMMENT.match(line)
        line = line[: comment.start(1)] if comment else line
    line = line.strip()
    begin = len(line)
    for _ in range(_QUALIFIER_BLOCKS if line.endswith("}") else 0):
        begin = line.rfind(" {", 0, begin)
        if begin < 0:
            break
        if _QUALIFIERS.fullmatch(line, begin):
            return line[:begin].strip()
    return line


def _xrefs(inner: str) -> tuple[str, ...]:
    return tuple(_unescaped(found[1].strip()) for found in _XREF.finditer(inner) if found[1].strip())


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text) if "\\" in text else text
