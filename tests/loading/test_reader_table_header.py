"""The head of a delimited table: over several lines, unsound, and read without leaving a file open."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path

import pytest

from treatkg.errors import BadInputError
from treatkg.loading import inputs
from treatkg.loading.readers.table import TableReader


def reader() -> TableReader:
    return TableReader(separator=",", quote='"')


def test_a_quoted_column_may_hold_a_line_break(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b'Name,"Species\r\n(veterinary)",Kind\r\nZorabex,Dogs,cream\r\n')
    (file,) = inputs.find([str(path)])
    (record,) = reader().records(file)
    assert record.data == {"Name": "Zorabex", "Species\r\n(veterinary)": "Dogs", "Kind": "cream"}
    assert record.where == "line 3"
    assert reader().recognises(file, {"columns": ["Name", "Kind"]})


def test_a_quote_that_never_ends_is_no_header(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b'Name,"Species\n')
    (file,) = inputs.find([str(path)])
    assert not reader().recognises(file, {"columns": ["Name"]})
    with pytest.raises(BadInputError, match=r"table\.csv:1: not a sound header"):
        list(reader().records(file))


def test_a_file_that_is_only_looked_at_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"Name,Kind\nZorabex,cream\nMelutrin,tablet\n")
    (file,) = inputs.find([str(path)])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert reader().recognises(file, {"columns": ["Name"]})
        records = reader().records(file)
        next(records)
        del records
        gc.collect()
    assert not caught
