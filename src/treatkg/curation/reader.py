"""One curated file: YAML-LD, checked strictly, with every nested node given its id.

JSON-LD accepts in silence what a curator mistypes (an unknown key becomes a new property, an unknown value a new IRI).
So each key, value and identifier is checked here, and every problem is reported with its line.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from treatkg import namespaces
from treatkg.curation.schema import Key, Schema
from treatkg.errors import StorageError, did_you_mean

_RELATIVE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_CANONICAL = {
    "decimal": re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?"),
    "integer": re.compile(r"-?(?:0|[1-9][0-9]*)"),
    "boolean": re.compile(r"true|false"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}
_EXPECTED = {
    "decimal": "a plain number such as 14 or 37.5",
    "integer": "a whole number",
    "boolean": "true or false",
    "date": 'a quoted date such as "2017-03-28"',
}
# Nested nodes whose id is made from their content, never from their position.
_UNNAMED = {"evidence", "population", "condition", "phase"}
# Addresses and cross-references name things outside; every other reference must be to something the graph describes.
_OUTWARD = {"url", "doi", "pmid", "readVia", "exactMatch", "closeMatch", "versionIRI", "priorVersion"}
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_NULL = "tag:yaml.org,2002:null"
_MAX_DEPTH = 12


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong in a file; `line` counts from 1."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass
class Document:
    """A curated file as JSON-LD nodes, with the lines at which ids are defined and referred to."""

    file: Path
    nodes: list[dict[str, Any]] = field(default_factory=list)
    defined: dict[str, int] = field(default_factory=dict)
    references: list[tuple[str, int]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def report(self, node: yaml.Node, message: str) -> None:
        """Note a problem at a YAML node."""
        self.problems.append(Problem(self.file, node.start_mark.line + 1, message))


def read_document(file: Path, schema: Schema, text: str | None = None) -> Document:
    """Read one curated file. Problems are collected in the document, not raised.

    Args:
        file: the file; its folder and stem decide which ids it may hold.
        schema: what may be written.
        text: the content, if it was read already.

    Raises:
        StorageError: the file cannot be read.
    """
    document = Document(file)
    try:
        content = file.read_text(encoding="utf-8") if text is None else text
        root = yaml.compose(content, Loader=yaml.CSafeLoader)
    except OSError as error:
        raise StorageError(f"{file}: cannot be read ({error.strerror or error})") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        document.problems.append(Problem(file, mark.line + 1 if mark else 1, f"not valid YAML: {reason}"))
        return document
    if not isinstance(root, yaml.MappingNode):
        document.problems.append(
            Problem(file, 1, 'expected a node (keys and values) or "@graph": with a list of nodes')
        )
        return document
    reader = _Reader(document, schema)
    for node in _top_nodes(root, document):
        document.nodes.append(reader.top_node(node))
    return document


def _top_nodes(root: yaml.MappingNode, document: Document) -> list[yaml.MappingNode]:
    for key, value in root.value:
        if key.value == "@graph":
            if len(root.value) > 1 or not isinstance(value, yaml.SequenceNode):
                document.report(key, '"@graph" stands alone in a file and holds a list of nodes')
                return []
            nodes = [node for node in value.value if isinstance(node, yaml.MappingNode)]
            for other in value.value:
                if other not in nodes:
                    document.report(other, "expected a node (keys and values)")
            return nodes
    return [root]


class _Reader:
    """Turns checked YAML nodes into JSON-LD."""

    def __init__(self, document: Document, schema: Schema) -> None:
        self.document = document
        self.schema = schema
        self.visited: set[int] = set()

    def top_node(self, node: yaml.MappingNode) -> dict[str, Any]:
        entries = self._entries(node)
        ident = self._own_id(entries, node)
        if ident and not _belongs(ident, self.document.file):
            self.document.report(
                entries["id"][0],
                f'the id "{ident}" does not belong in {self.document.file.name}: {_rule(self.document.file)}',
            )
        return self._node(node, entries, ident, depth=0)

    def _node(self, node: yaml.MappingNode, entries: _Entries, ident: str, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        if depth > _MAX_DEPTH:
            self.document.report(node, "nested too deeply")
            return result
        for name, (key_node, value_node) in entries.items():
            if name == "id":
                continue
            key = self.schema.keys.get(name)
            if key is None:
                self.document.report(key_node, f'unknown key "{name}"{did_you_mean(name, self.schema.keys)}')
                continue
            values = [self._value(key, item, ident, depth) for item in self._items(value_node)]
            result[name] = values if len(values) != 1 else values[0]
        if "type" not in result:
            self.document.report(node, 'a node without "type"')
        if ident:
            self.document.defined.setdefault(namespaces.expand(ident), node.start_mark.line + 1)
            result = {"id": ident, **result}
        return result

    def _entries(self, node: yaml.MappingNode) -> _Entries:
        entries: _Entries = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.document.report(key, "a key must be a plain word")
            elif key.value in entries:
                self.document.report(key, f'the key "{key.value}" stands twice; write several values as a list')
            else:
                entries[key.value] = (key, value)
        return entries

    def _own_id(self, entries: _Entries, node: yaml.MappingNode) -> str:
        if "id" not in entries:
            self.document.report(node, 'a node without "id"')
            return ""
        value = entries["id"][1]
        ident = value.value if isinstance(value, yaml.ScalarNode) else ""
        problem = self._reference_problem(ident)
        if problem:
            self.document.report(value, problem)
            return ""
        if namespaces.expand(ident) in self.document.defined:
            self.document.report(value, f'the id "{ident}" is used twice; ids are never reused')
        return ident

    def _items(self, node: yaml.Node) -> list[yaml.Node]:
        if id(node) in self.visited:
            self.document.report(node, "YAML anchors and aliases are not allowed: write the value out")
            return []
        self.visited.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            if not node.value:
                self.document.report(node, "an empty list: leave the key out")
            return list(node.value)
        return [node]

    def _value(self, key: Key, node: yaml.Node, parent: str, depth: int) -> Any:  # noqa: ANN401 (JSON)
        if isinstance(node, yaml.MappingNode):
            return self._nested(key, node, parent, depth)
        if not isinstance(node, yaml.ScalarNode):
            self.document.report(node, f'"{key.name}" holds a list of lists')
            return None
        problem = self._scalar_problem(key, node)
        if problem:
            self.document.report(node, problem)
        elif key.kind == "reference" and key.name not in _OUTWARD:
            self.document.references.append((namespaces.expand(node.value), node.start_mark.line + 1))
        return node.value

    def _nested(self, key: Key, node: yaml.MappingNode, parent: str, depth: int) -> dict[str, Any]:
        if key.kind not in ("node", "reference"):
            self.document.report(node, f'"{key.name}" takes a value, not a nested node')
            return {}
        entries = self._entries(node)
        if key.name in _UNNAMED:
            if "id" in entries:
                self.document.report(
                    entries["id"][0], f'a node under "{key.name}" has no id of its own: it is made from the content'
                )
            content = self._node(node, entries, "", depth + 1)
            ident = f"{parent.replace(':', '/')}/{key.name}/{_suffix(key.name, content)}"
            if namespaces.expand(ident) in self.document.defined:
                self.document.report(node, f'the same {key.name} stands twice in "{parent}"')
            self.document.defined.setdefault(namespaces.expand(ident), node.start_mark.line + 1)
            return {"id": ident, **content}
        ident = self._own_id(entries, node)
        if ident and not ident.startswith(parent.replace(":", "/") + "/"):
            self.document.report(
                entries["id"][0], f'the id "{ident}" must begin with its parent\'s, "{parent.replace(":", "/")}/"'
            )
        return self._node(node, entries, ident, depth + 1)

    def _scalar_problem(self, key: Key, node: yaml.ScalarNode) -> str:
        value = node.value
        if node.tag == _TIMESTAMP:
            return f'quote the date: "{value}"'
        if node.tag == _NULL or not value.strip():
            return f'"{key.name}" is empty: leave it out'
        if key.kind in _CANONICAL:
            return _literal_problem(key, value)
        match key.kind:
            case "node":
                return f'"{key.name}" holds nodes (keys and values)'
            case "type":
                known = self.schema.classes
                return "" if value in known else f'the ontology has no class "{value}"{did_you_mean(value, known)}'
            case "vocabulary":
                known = self.schema.concepts | self.schema.classes
                return "" if value in known else f'the vocabulary has no "{value}"{did_you_mean(value, known)}'
            case "reference":
                return self._reference_problem(value)
        return _text_problem(value)

    def _reference_problem(self, value: str) -> str:
        if value.startswith(("http://", "https://")):
            return "" if re.fullmatch(r'https?://[^\s<>"{}|\\^`]+', value) else f'"{value}" is not an IRI'
        prefix, colon, local = value.partition(":")
        if not colon:
            return "" if _RELATIVE_ID.fullmatch(value) else f'"{value}" is not an id'
        if prefix == "tkg":
            known = self.schema.concepts
            return "" if local in known else f'the vocabulary has no "{local}"{did_you_mean(local, known)}'
        pattern = namespaces.identifier_patterns().get(prefix)
        if pattern is None:
            return f'unknown prefix "{prefix}"{did_you_mean(prefix, namespaces.identifier_patterns())}'
        return (
            ""
            if pattern.fullmatch(local)
            else f'"{value}" is not the form of a {prefix} identifier ({pattern.pattern})'
        )


_Entries = dict[str, tuple[yaml.ScalarNode, yaml.Node]]


def _literal_problem(key: Key, value: str) -> str:
    if not _CANONICAL[key.kind].fullmatch(value):
        return f'"{key.name}" takes {_EXPECTED[key.kind]}, not "{value}"'
    if key.kind == "date":
        try:
            datetime.date.fromisoformat(value)
        except ValueError:
            return f'"{value}" is not a day of the calendar'
    return ""


def _text_problem(value: str) -> str:
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
            return f"the text holds the invisible character U+{ord(character):04X}"
    if value != unicodedata.normalize("NFC", value):
        return "the text is not in Unicode's composed form (NFC)"
    return ""


def _suffix(kind: str, content: dict[str, Any]) -> str:
    if kind == "evidence":
        source = str(content.get("source", "")).removeprefix("source/").replace(":", "-")
        return f"{_slug(source)}.{_slug(str(content.get('locator', '')))}"
    return _digest(_sorted(content))


def _slug(text: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")
    return slug if len(slug) <= 48 else f"{slug[:39].strip('-')}-{_digest(text)}"


def _digest(content: Any) -> str:  # noqa: ANN401 (JSON)
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:8]


def _sorted(content: Any) -> Any:  # noqa: ANN401 (JSON)
    """Order every list by content, so that the order in the file does not matter."""
    if isinstance(content, dict):
        return {key: _sorted(value) for key, value in content.items()}
    if isinstance(content, list):
        return sorted((_sorted(item) for item in content), key=lambda item: json.dumps(item, sort_keys=True))
    return content


def _belongs(ident: str, file: Path) -> bool:
    match file.parent.name:
        case "sources":
            return ident.startswith("source/")
        case "trials":
            return ident.startswith(("nct:", "nct/", "isrctn:", "isrctn/", "trial/"))
        case "guidelines":
            return "/recommendation/" in ident
        case "comparisons":
            return "/comparison/" in ident
    return ident == file.stem or ident.startswith(f"{file.stem}/") or ":" in ident


def _rule(file: Path) -> str:
    match file.parent.name:
        case "sources":
            return 'ids here begin with "source/"'
        case "trials":
            return 'ids here begin with "nct:", "isrctn:" or, for a trial without a registry number, "trial/"'
        case "guidelines":
            return 'ids here are "<treatment>/recommendation/..."'
        case "comparisons":
            return 'ids here are "<treatment>/comparison/..."'
    return f'ids here are "{file.stem}" or begin with "{file.stem}/"'
