"""The second reading (`docs/curation-log.md`): it names real facts and sources, and covers what matters most."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

import treatkg

LOG = Path(__file__).parents[1] / "docs" / "curation-log.md"
VERDICTS = {"agrees", "corrected", "added", "withdrawn", "not found again"}
READ_TWICE = ["Indication", "RegulatoryEvent", "BoxedWarning", "Contraindication", "TrialResult"]
TKG = "https://w3id.org/treatkg/ontology#"


@functools.cache
def rows() -> list[list[str]]:
    _, table = LOG.read_text(encoding="utf-8").split("| --- | --- | --- | --- |\n")
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]


@functools.cache
def facts(cls: str) -> set[str]:
    answer = treatkg.open().select(f"SELECT ?fact WHERE {{ ?fact a <{TKG}{cls}> }}")
    return {str(row["fact"]) for row in answer.to_dicts()}


def read_facts() -> set[str]:
    return {row[0] for row in rows()}


def test_each_row_says_fact_source_value_and_verdict() -> None:
    assert [row for row in rows() if len(row) != 4 or not all(row)] == []
    assert {row[3] for row in rows()} <= VERDICTS


def test_rows_name_facts_and_sources_of_the_graph() -> None:
    kept = [row for row in rows() if row[3] != "withdrawn"]
    assert [row[0] for row in kept if row[0] not in facts("Fact")] == []
    assert [row[1] for row in kept if row[1] not in facts("Source")] == []


def test_no_row_stands_twice() -> None:
    keys = [tuple(row[:3]) for row in rows()]
    assert len(keys) == len(set(keys))


def test_a_quarter_of_all_facts_was_read_twice() -> None:
    assert len(read_facts() & facts("Fact")) >= len(facts("Fact")) / 4


@pytest.mark.parametrize("cls", READ_TWICE)
def test_what_matters_most_was_read_twice(cls: str) -> None:
    assert sorted(facts(cls) - read_facts()) == []
