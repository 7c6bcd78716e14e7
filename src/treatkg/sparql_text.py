"""SPARQL as text: tokens, binding of parameters, and the gate for queries from outside.

A parameter of a stored query is a variable whose only binding is a block ``VALUES ?name { default }``. Binding replaces
the content of these blocks by serialised RDF terms and touches nothing else: any SPARQL tool can read it.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import pyoxigraph as ox

from treatkg import namespaces
from treatkg.errors import LimitError, UsageError, did_you_mean

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<comment>\#[^\n\r]*)
    |(?P<iri><(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>)
    |(?P<string>\"{3}(?:(?:\"{1,2})?(?:[^"\\]|\\.))*+\"{3}|'{3}(?:(?:'{1,2})?(?:[^'\\]|\\.))*+'{3}
        |"(?:[^"\\\n\r]|\\.)*+"|'(?:[^'\\\n\r]|\\.)*+')
    |(?P<open>"(?:[^"\\\n\r]|\\.)*+|'(?:[^'\\\n\r]|\\.)*+)
    |(?P<variable>[?$]\w+)
    |(?P<number>(?:[0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+|[0-9]*\.[0-9]+|[0-9]+)
    |(?P<word>(?:[A-Za-z_][\w.-]*)?:(?:(?:[\w%]|\\[^\w\s])(?:[\w.%-]|\\[^\w\s])*)?|[A-Za-z_][\w.-]*)
    |(?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_UNICODE_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_PLACE = re.compile(r"error at (\d+):(\d+): ?(.*)", re.DOTALL)
_ABSOLUTE = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*://")

MAX_QUERY_BYTES = 64 * 1024
MAX_NESTING = 128
MAX_PATTERNS = 128
MAX_JOINED = 512
MAX_TOKENS = 4000
_MAX_UNCLOSED = 8
_REMOTE = {
    "SERVICE": "federated queries (SERVICE) are not run here",
    "FROM": "FROM is followed by a space and the IRI of a graph in full, as <...>",
}
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY"}
_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_VOLATILE = ("NOW", "RAND", "UUID", "BNODE")
_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    SELECT ASK CONSTRUCT DESCRIBE PREFIX BASE WHERE DISTINCT REDUCED AS FROM NAMED GROUP BY HAVING ORDER ASC DESC
    LIMIT OFFSET VALUES UNDEF OPTIONAL GRAPH UNION MINUS BIND FILTER EXISTS NOT IN TRUE FALSE A COUNT SUM MIN MAX
    AVG SAMPLE GROUP_CONCAT SEPARATOR STR LANG LANGMATCHES DATATYPE BOUND IRI URI BNODE RAND ABS CEIL FLOOR ROUND
    CONCAT STRLEN UCASE LCASE ENCODE_FOR_URI CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER YEAR MONTH DAY HOURS
    MINUTES SECONDS TIMEZONE TZ NOW UUID STRUUID MD5 SHA1 SHA256 SHA384 SHA512 COALESCE IF STRLANG STRDT SAMETERM
    ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC REGEX SUBSTR REPLACE SERVICE SILENT
""",
    )
)
_SHOWN = 100  # characters of a line before and after the place of an error
_OPENING, _CLOSING = "({[", ")}]"


class ForbiddenQueryError(UsageError):
    """The query asks for something that this read-only, offline graph does not do."""


class QuerySyntaxError(UsageError):
    """The text is not SPARQL. `line` and `column` count from 1; 0 if the engine names no place."""

    def __init__(self, text: str, line: int = 0, column: int = 0) -> None:
        super().__init__(text)
        self.line, self.column = line, column


class Token(NamedTuple):
    """One token: its kind (iri, string, open, variable, number, word, mark, comment, space), text and place.

    An open string lacks its end: what follows in its line belongs to it.
    """

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """Split SPARQL into tokens, with white space and comments as tokens of their own."""
    for match in _TOKEN.finditer(text):
        yield Token(str(match.lastgroup), match.group(), match.start(), match.end())


@functools.lru_cache(maxsize=256)
def parameter_blocks(text: str) -> Mapping[str, Sequence[tuple[int, int]]]:
    """Return, for each variable bound by ``VALUES ?name { ... }``, the places between the braces."""
    meaningful = [token for token in tokens(text) if token.kind not in ("space", "comment")]
    blocks: dict[str, list[tuple[int, int]]] = {}
    for index, token in enumerate(meaningful[:-2]):
        variable, brace = meaningful[index + 1], meaningful[index + 2]
        if token.text.upper() == "VALUES" and variable.kind == "variable" and brace.text == "{":
            close = next((other for other in meaningful[index + 3 :] if other.text == "}"), None)
            if close is None:
                break
            blocks.setdefault(variable.text[1:], []).append((brace.end, close.start))
    return blocks


@dataclass(frozen=True)
class Service:
    """A group that another endpoint answers: its place, that of its body, and the address."""

    start: int
    end: int
    body_start: int
    body_end: int
    address: str


def asks_elsewhere(text: str) -> bool:
    """Whether a query has a SERVICE group, however its address is written."""
    return "SERVICE" in text.upper() and any(
        token.kind == "word" and token.text.upper() == "SERVICE" for token in tokens(text)
    )


def services(text: str) -> list[Service]:
    """Return the ``SERVICE <address> { ... }`` groups of a query, in their order.

    Raises:
        UsageError: the address is a variable or a prefixed name, or one group stands in another.
    """
    meaningful = [token for token in tokens(text) if token.kind not in ("space", "comment")]
    found: list[Service] = []
    for index, token in enumerate(meaningful):
        if token.kind != "word" or token.text.upper() != "SERVICE":
            continue
        rest = meaningful[index + 1 :]
        rest = rest[1:] if rest and rest[0].text.upper() == "SILENT" else rest
        inside = found and token.start < found[-1].end
        if len(rest) < 2 or rest[0].kind != "iri" or rest[1].text != "{" or inside:
            raise UsageError("SERVICE is followed by an address in <...> and a group, and stands in no other SERVICE")
        depth = 0
        for other in rest[1:]:
            depth += (other.text == "{") - (other.text == "}")
            if depth == 0:
                found.append(Service(token.start, other.end, rest[1].end, other.start, rest[0].text[1:-1]))
                break
    return found


def first_word(text: str, word: str) -> int:
    """Return where a word of SPARQL stands first (not in a string, IRI or comment), or the length of the text."""
    places = (token.start for token in tokens(text) if token.kind == "word" and token.text.upper() == word)
    return next(places, len(text))


def bind(text: str, values: Mapping[str, Sequence[ox.NamedNode | ox.Literal]]) -> str:
    """Replace the parameter blocks of the named variables by the given terms; no term leaves the variable free.

    Raises:
        UsageError: a string with a backslash (its spelling differs between engines).
    """
    blocks = parameter_blocks(text)
    edits = [(place, terms) for name, terms in values.items() for place in blocks[name]]
    for (start, end), terms in sorted(edits, key=lambda edit: -edit[0][0]):
        text = f"{text[:start]} {' '.join(map(_serialise, terms)) or 'UNDEF'} {text[end:]}"
    return text


def _serialise(term: ox.NamedNode | ox.Literal) -> str:
    if "\\" in term.value:
        raise UsageError(f"a value may not hold a backslash: {term.value}")
    return str(term)


def without_comments(text: str) -> str:
    """Drop comments (some clients guess the type of a query from any word in it)."""
    return "".join(token.text for token in tokens(text) if token.kind != "comment")


def check_untrusted(text: str, graphs: Collection[str] | None = ()) -> None:
    r"""Let only read-only, local queries of moderate size through.

    The text is checked as it stands and with its `\u` escapes expanded, since parsers differ in when they do that.

    Args:
        text: the query.
        graphs: IRIs of the graphs that FROM may name; None if FROM has no effect, since the dataset is given elsewhere.

    Raises:
        ForbiddenQueryError: an update, SERVICE, FROM another graph, or text that parsers may split into words in
            different ways.
        LimitError: too long or too deeply nested; parsing it could crash the process.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_QUERY_BYTES:
        raise LimitError(f"the query is longer than {MAX_QUERY_BYTES // 1024} KiB")
    for reading in {text: None, _UNICODE_ESCAPE.sub(_unescape, text): None}:
        meaningful = _meaningful(reading)
        for index, token in enumerate(meaningful):
            if token.text.upper() != "FROM":
                _check_token(token)
            elif graphs is not None:
                _check_from(meaningful[index + 1 : index + 3], graphs)
        _check_size(meaningful)


def _meaningful(text: str) -> list[Token]:
    """Return the words and signs of a hostile text, read no further than they may be many."""
    found: list[Token] = []
    before, unclosed = "", 0
    for token in tokens(text):
        # A long string without its end falls apart into an empty and another one, after a search through all the rest.
        unclosed += before in ('""', "''") and token.text.startswith(before[0])
        if unclosed > _MAX_UNCLOSED:
            raise LimitError("the query has too many strings that do not end")
        before = token.text
        if token.kind not in ("space", "comment"):
            found.append(token)
        if len(found) > MAX_TOKENS:
            raise LimitError(f"the query has more than {MAX_TOKENS:,} words and signs")
    return found


def _check_from(following: Sequence[Token], graphs: Collection[str]) -> None:
    named = following[1:] if following and following[0].text.upper() == "NAMED" else following
    if not named or named[0].kind != "iri":
        raise ForbiddenQueryError(_REMOTE["FROM"])
    if named[0].text[1:-1] not in graphs:
        raise ForbiddenQueryError(f"FROM {named[0].text[:200]}: there is no such graph here, and none is fetched")


def _unescape(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], base=16)
    return chr(code) if code <= sys.maxunicode else "?"


def _check_token(token: Token) -> None:
    """Refuse a forbidden word, also one that stands without a space beside another (`trueSERVICE`, `SERVICEex:a`)."""
    if token.kind == "word":
        word = token.text.partition(":")[0].upper()
        for remote, reason in _REMOTE.items():
            if remote in word:
                raise ForbiddenQueryError(reason)
        if token.text.upper() in _UPDATES:
            raise ForbiddenQueryError(f"this graph is read-only: {word} is not run here")
    elif token.kind == "iri" and not _ABSOLUTE.match(token.text) and any(mark in token.text for mark in "#'("):
        raise ForbiddenQueryError(f"{token.text[:80]}: write the IRI in full, or a space after the sign <")
    elif token.kind == "open" and any(word in token.text.upper() for word in (*_REMOTE, *_UPDATES)):
        raise ForbiddenQueryError("a string that does not end holds a word that is not run here")
    elif token.text == "\\":
        raise ForbiddenQueryError("a backslash outside a string: write the IRI in full, as <...>")


def _check_size(meaningful: Sequence[Token]) -> None:
    """Count what nests and what is joined: an engine's stack and its planner bear only so much."""
    places = list(_places(meaningful))
    signs = sum(token.text in ("!", "+", "-") for token in meaningful)
    if max((len(place) for place in places), default=0) + signs > MAX_NESTING:
        raise LimitError("the query is nested too deeply")
    patterns = members = 0
    for before, token, place in zip([None, *meaningful], meaningful, places, strict=False):
        within = place[-1:]
        patterns += token.text in (".", ";", "/", "{", "[", "<") or (token.text == "," and within != "(")
        members += within == "(" and before is not None and _ends_term(before) and _starts_term(token)
    joined = sum(token.text in (",", "|", "&") for token in meaningful)
    if patterns > MAX_PATTERNS or members > MAX_PATTERNS or joined > MAX_JOINED:
        raise LimitError("the query has too many patterns")


def _places(meaningful: Sequence[Token]) -> Iterator[str]:
    """Return the brackets open at each token, innermost last; "v" stands for those that hold the data of VALUES."""
    brackets, data = "", False
    for token in meaningful:
        data = data or token.text.upper() == "VALUES"
        if token.kind == "mark" and token.text in _OPENING:
            brackets += "v" if data or brackets.endswith("v") else token.text
            data = data and token.text != "{"
        elif token.kind == "mark" and token.text in _CLOSING:
            brackets = brackets[:-1]
        yield brackets


def _ends_term(token: Token) -> bool:
    return token.kind != "mark" or token.text in ")]"


def _starts_term(token: Token) -> bool:
    return token.kind != "mark" or token.text in "(["


def form_of(text: str) -> str:
    """Return the form of a query: SELECT, ASK, CONSTRUCT or DESCRIBE; empty if it has none."""
    words = (token.text.upper() for token in tokens(text) if token.kind == "word" and ":" not in token.text)
    first = next((word for word in words if word not in ("PREFIX", "BASE")), "")
    return next((form for form in _FORMS if first.startswith(form)), "")


def is_volatile(text: str) -> bool:
    """Whether a query may have another answer each time: it takes the time, a random number or a new identifier."""
    folded = text.upper()
    if not any(name in folded for name in _VOLATILE):  # most need not be read as tokens
        return False
    words = (token.text.partition(":")[0].upper() for token in tokens(text) if token.kind == "word")
    return any(name in word for word in words for name in _VOLATILE)  # a word may stand without a space beside another


def syntax_error(query: str, message: str) -> QuerySyntaxError:
    """Return the error for what an engine says of a query."""
    place = _PLACE.search(message)
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    return QuerySyntaxError(f"not valid SPARQL: {explain_syntax_error(query, message)}", line, column)


def explain_syntax_error(query: str, message: str) -> str:
    """Return an engine's syntax error as line, column and caret, with a hint where the mistake can be told."""
    place = _PLACE.search(message)
    if place is None:
        return message
    line_number, column = int(place[1]), int(place[2])
    lines = query.splitlines() or [""]
    line = lines[min(line_number, len(lines)) - 1]
    start = max(0, column - _SHOWN)
    shown = ("…" if start else "") + line[start : column + _SHOWN]
    before = ("…" if start else "") + line[start : column - 1].ljust(column - 1 - start)
    caret = "".join("\t" if character == "\t" else " " for character in before)
    hint = _hint(query, place[3])
    return f"line {line_number}, column {column}\n  {shown}\n  {caret}^" + (f"\n{hint}" if hint else "")


def _hint(query: str, expected: str) -> str:
    meaningful = [token for token in tokens(query) if token.kind not in ("space", "comment")]
    if not meaningful:
        return "The query is empty."
    words = [token.text for token in meaningful if token.kind == "word"]
    known = {*namespaces.prefixes(), *(after[:-1] for word, after in pairwise(words) if word.upper() == "PREFIX")}
    for word in words:
        prefix = word.partition(":")[0]
        if ":" in word and prefix not in known and prefix != "_":
            listed = f"(known without declaring are: {', '.join(sorted(namespaces.prefixes()))})"
            return f'The prefix "{prefix}" is not declared{did_you_mean(prefix, known)} {listed}'
    if any(token.kind == "open" for token in meaningful):
        return "A string is not closed: it ends with the quotation mark that it begins with, on the same line."
    for opening, closing in zip(_OPENING, _CLOSING, strict=True):
        difference = sum((token.text == opening) - (token.text == closing) for token in meaningful)
        if difference:
            missing, extra = (closing, opening) if difference > 0 else (opening, closing)
            return f"{abs(difference)} {missing} missing, or {abs(difference)} {extra} too many."
    if "variable that is unbound" in expected:
        return "A variable of SELECT stands neither in GROUP BY nor in an aggregate, or is bound twice."
    for word in words:
        upper = word.upper()
        if ":" not in word and upper not in _WORDS and (near := did_you_mean(upper, _WORDS)):
            return f'"{word}" is no word of SPARQL{near}'
    return ""
