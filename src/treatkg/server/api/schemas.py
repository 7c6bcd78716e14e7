"""JSON Schemas (2020-12) of what goes in and out: parameters of stored queries, rows, errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from treatkg import namespaces, queries, sparql_text
from treatkg.knowledge import Knowledge
from treatkg.queries import ANY, MAX_DIGITS, MAX_TEXT, Parameter, StoredQuery
from treatkg.server.choices import choices

Schema = dict[str, Any]

_MOST = 10**MAX_DIGITS - 1
_TERM: Schema = {
    "type": "object",
    "description": "An RDF term as SPARQL 1.1 Query Results JSON writes it.",
    "required": ["type", "value"],
    "properties": {
        "type": {"enum": ["uri", "literal", "bnode", "triple"]},
        "value": {"description": "The IRI, the text or the name of the blank node."},
        "datatype": {"type": "string", "format": "iri"},
        "xml:lang": {"type": "string"},
    },
    "additionalProperties": False,
}
_PROBLEM: Schema = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457).",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string", "description": "The phrase of the status."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is wrong, where, and what would be right."},
        "line": {"type": "integer", "minimum": 1, "description": "Of a query: where it goes wrong."},
        "column": {"type": "integer", "minimum": 1},
        "limit": {"type": "string", "description": "Which limit was hit: time, memory, result, crash or overload."},
        "parameter": {"type": "string", "description": "The parameter that is unknown, missing or does not fit."},
        "allowed": {
            "type": "array",
            "items": {"type": "string"},
            "description": "What could stand there: names of parameters, values, or what an ambiguous name can mean.",
        },
    },
}
_BOOLEAN: Schema = {
    "type": "object",
    "required": ["head", "boolean"],
    "properties": {"head": {"type": "object"}, "boolean": {"type": "boolean"}},
    "additionalProperties": False,
}
_CHOICE: Schema = {
    "type": "object",
    "required": ["value", "label"],
    "properties": {"value": {"type": "string"}, "label": {"type": "string"}},
}
_LISTED: Schema = {
    "type": "object",
    "description": "A stored query, as its head describes it.",
    "required": ["name", "topic", "summary", "description", "parameters", "returns", "formats", "online", "loaded"],
    "properties": {
        "name": {"type": "string"},
        "topic": {"type": "string"},
        "summary": {"type": "string", "description": "The question."},
        "description": {"type": "string"},
        "parameters": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["type", "class", "description", "absent", "example", "many", "allowed"],
                "properties": {
                    "type": {"enum": ["iri", "string", "integer", "decimal", "date", "boolean"]},
                    "class": {"type": ["string", "null"], "description": "Of the ontology: what the value must be."},
                    "description": {"type": "string"},
                    "absent": {"enum": ["any", "none", "today", "required", "default"]},
                    "example": {"type": "string"},
                    "many": {"type": "boolean", "description": "Whether it may be given more than once."},
                    "allowed": {"type": "array", "items": _CHOICE, "description": "Empty if that is no short list."},
                },
            },
        },
        "returns": {"type": "object", "additionalProperties": {"type": "string"}},
        "formats": {"type": "array", "items": {"type": "string"}},
        "online": {"type": "array", "items": {"type": "string"}, "description": "Other endpoints that it asks."},
        "loaded": {"type": "boolean", "description": "Whether it needs loaded sources."},
    },
}


def components(knowledge: Knowledge) -> dict[str, Schema]:
    """Return the schemas that others refer to: one for each class that a parameter names, and those of answers."""
    parameters = [p for query in queries.catalogue().values() for p in query.params.values() if p.cls and not p.allowed]
    classes = {str(p.cls): _of_class(str(p.cls), choices(knowledge, p)) for p in parameters}
    return {
        **dict(sorted(classes.items())),
        "Term": _TERM,
        "Rows": rows({}),
        "Boolean": _BOOLEAN,
        "StoredQuery": _LISTED,
        "Problem": _PROBLEM,
    }


def of_parameter(query: StoredQuery, parameter: Parameter) -> Schema:
    """Return the schema of a parameter's value or values."""
    schema = _of_value(parameter)
    if parameter.absent == "default":
        schema = {"anyOf": [schema, {"const": ANY}], "default": _default(query, parameter)}
    if parameter.many:
        schema = {"type": "array", "items": schema, "minItems": 1}
    return schema


def rows(returns: Mapping[str, str]) -> Schema:
    """Return the schema of rows in JSON: any, or with the columns given."""
    term: Schema = {"$ref": "#/components/schemas/Term"}
    names: Schema = {"type": "string"}
    row: Schema = {"type": "object", "additionalProperties": term}
    if returns:
        names = {"enum": list(returns)}
        columns = {name: {**term, "description": said} for name, said in returns.items()}
        row = {"type": "object", "properties": columns, "additionalProperties": False}
    return _object(
        head=_object(vars={"type": "array", "items": names}), results=_object(bindings={"type": "array", "items": row})
    )


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _of_value(parameter: Parameter) -> Schema:
    if parameter.allowed:
        return {"type": "string", "enum": list(parameter.allowed)}
    if parameter.cls:
        return {"$ref": f"#/components/schemas/{parameter.cls}"}
    if parameter.type == "iri":
        return {"type": "string", "format": "iri", "maxLength": MAX_TEXT}
    if parameter.type == "string":
        return {"type": "string", "pattern": r"^[^\\]*$", "maxLength": MAX_TEXT}
    if parameter.type in ("integer", "decimal"):
        low, high = (number(text) for text in (parameter.minimum or str(-_MOST), parameter.maximum or str(_MOST)))
        return {"type": "integer" if parameter.type == "integer" else "number", "minimum": low, "maximum": high}
    return {"type": "boolean"} if parameter.type == "boolean" else {"type": "string", "format": "date"}


def number(text: str) -> int | float:
    """Return a number of a head, whole if it is written so."""
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _of_class(name: str, allowed: Mapping[str, str]) -> Schema:
    schema: Schema = {
        "type": "string",
        "description": f"{_words(name)}: an id or CURIE. The IRI and the names, in any case, are read too.",
    }
    if allowed:
        return schema | {"enum": list(allowed), "x-enumDescriptions": dict(allowed)}
    return schema | {"format": f"treatkg-{name.lower()}", "maxLength": MAX_TEXT}


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _default(query: StoredQuery, parameter: Parameter) -> str | int | float:
    """Return what the query's text holds for a parameter, as the address would have it."""
    start, end = sparql_text.parameter_blocks(query.text)[parameter.name][0]
    text = query.text[start:end].strip()
    if parameter.type == "integer":
        return int(text)
    return namespaces.shorten(text[1:-1]) if text.startswith("<") else text
