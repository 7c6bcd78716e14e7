"""What people ask of the graph, each answered by stored queries, with a source for every row that names a fact."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import treatkg
from treatkg import queries
from treatkg.results import to_text

TABLE = Path(__file__).parent / "data/questions.yaml"
FACT_COLUMNS = ("fact", "otherFact", "decisionFact", "link")


@dataclass(frozen=True)
class Answer:
    """A stored query and what its rows hold, lack, and hold only."""

    query: str
    arguments: dict[str, Any]
    holds: list[dict[str, str]]
    lacks: list[dict[str, str]] = field(default_factory=list)
    only: dict[str, list[str]] = field(default_factory=dict)


QUESTIONS = [
    (entry["asks"], [Answer(**answer) for answer in entry["answers"]])
    for entry in yaml.safe_load(TABLE.read_text(encoding="utf-8"))
]
ANSWERS = [
    pytest.param(answer, id=f"{number}-{answer.query}")
    for number, (_, answers) in enumerate(QUESTIONS, start=1)
    for answer in answers
]


@cache
def _graph() -> treatkg.Knowledge:
    return treatkg.open()


@cache
def _supported() -> set[str]:
    """Facts with a supporting piece of evidence that gives its source, the place in it and what it says there."""
    rows = _graph().select("""
        SELECT DISTINCT ?fact WHERE {
          ?fact tkg:evidence ?evidence .
          ?evidence tkg:evidenceDirection tkg:Supports ; prov:wasDerivedFrom ?source ;
            tkg:locator ?locator ; tkg:finding ?finding .
          ?source a tkg:Source ; dcterms:title ?title .
          FILTER(STRLEN(?locator) > 0 && STRLEN(?finding) > 0)
        }""")
    return {to_text(fact) for (fact,) in rows.terms}


def _rows(answer: Answer) -> list[dict[str, str]]:
    result = _graph().query(answer.query, **answer.arguments)
    return [dict(zip(result.columns, map(to_text, row), strict=True)) for row in result.terms]


def _fits(row: dict[str, str], part: dict[str, str]) -> bool:
    """Say whether the row has these values; one that begins with ~ is a part of the text."""
    return all(
        value[1:] in row[column] if value.startswith("~") else row[column] == value for column, value in part.items()
    )


@pytest.mark.parametrize("answer", ANSWERS)
def test_stored_query_answers(answer: Answer) -> None:
    rows = _rows(answer)
    missing = [part for part in answer.holds if not any(_fits(row, part) for row in rows)]
    wrong = [row for row in rows for part in answer.lacks if _fits(row, part)]
    assert not missing
    assert not wrong
    for column, values in answer.only.items():
        assert {row[column] for row in rows} == set(values)


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_row_leads_to_its_source(answer: Answer) -> None:
    rows = _rows(answer)
    named = {row[column] for row in rows for column in FACT_COLUMNS if row.get(column)}
    assert named <= _supported()
    if "direction" in queries.find(answer.query).returns and "fact" in answer.arguments:
        assert any(row["direction"] == "tkg:Supports" for row in rows)


def test_every_question_is_a_question_with_an_answer_and_a_date() -> None:
    assert all(asks.endswith("?") for asks, _ in QUESTIONS)
    assert len({asks for asks, _ in QUESTIONS}) == len(QUESTIONS)
    for asks, answers in QUESTIONS:
        assert answers, asks
        for answer in answers:
            assert answer.holds, asks
            assert ("asOf" in answer.arguments) == ("asOf" in queries.find(answer.query).params), asks
