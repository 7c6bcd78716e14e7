"""Readers of file formats: each turns a stream of bytes into records, knows what it reads, and says where it fails.

A reader is made with the options of a format in `source.yaml` and knows nothing of any source.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from treatkg.errors import BadInputError, did_you_mean
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record

# Named by module, so that what a format needs (lxml, calamine ...) is imported only when it is read.
_READERS = {
    "json": "treatkg.loading.readers.json_stream:JsonReader",
    "jsonl": "treatkg.loading.readers.json_lines:JsonLinesReader",
    "table": "treatkg.loading.readers.table:TableReader",
    "tables": "treatkg.loading.readers.tables:TablesReader",
    "xlsx": "treatkg.loading.readers.workbook:WorkbookReader",
    "xml": "treatkg.loading.readers.xml_stream:XmlReader",
    "yaml": "treatkg.loading.readers.yaml_stream:YamlReader",
    "obo": "treatkg.loading.readers.obo:OboReader",
    "rdf": "treatkg.loading.readers.rdf:RdfReader",
    "sparql": "treatkg.loading.readers.sparql:SparqlReader",
}


class Reader(Protocol):
    """Reads one format."""

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Return whether the beginning of the file is of this format and bears the marks of `recognise`.

        It must answer for any file, also for one of another format or a broken one, without an error.
        """

    def version(self, file: Input, where: str) -> str:
        """Return what the file says at `where` about its version or date, or an empty string."""

    def records(self, file: Input) -> Iterator[Record]:
        """Return the records one by one, with flat memory.

        Raises:
            BadInputError: with file, line or record, and what is wrong.
        """


def reader(name: str, options: Mapping[str, Any]) -> Reader:
    """Return a reader by the name that `source.yaml` gives.

    Raises:
        BadInputError: unknown name or option.
    """
    if name not in _READERS:
        raise BadInputError(f'no reader "{name}"{did_you_mean(name, _READERS)}')
    module, _, cls = _READERS[name].partition(":")
    try:
        made: Reader = getattr(importlib.import_module(module), cls)(**options)
    except TypeError as error:
        raise BadInputError(f"the reader {name} does not take these options: {error}") from error
    return made
