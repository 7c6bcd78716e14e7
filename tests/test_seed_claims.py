"""The graph says what the two founding articles say: one question for each claim in `tests/data/seed_claims.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

import treatkg

TABLE = Path(__file__).parent / "data/seed_claims.yaml"
TRIPLES = Path(__file__).parents[1] / "data/triples.ttl"
COUNT = 103


@dataclass(frozen=True)
class Claim:
    """One seed claim: a question about the world and the rows that answer it."""

    claim: str
    asks: str
    query: str
    expect: list[list[str]]


@cache
def _graph() -> treatkg.Knowledge:
    return treatkg.open(TRIPLES)


CLAIMS = [Claim(**entry) for entry in yaml.safe_load(TABLE.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.claim)
def test_graph_answers(claim: Claim) -> None:
    rows = {tuple(map(str, row)) for row in _graph().select(claim.query)}
    assert rows == set(map(tuple, claim.expect)), f"{claim.claim}: {claim.asks}"


def test_table_is_complete_and_asks_about_the_world() -> None:
    assert [claim.claim for claim in CLAIMS] == [f"S{number:03}" for number in range(1, COUNT + 1)]
    assert [claim.claim for claim in CLAIMS if re.search(r"S[01]|[Cc]laim", claim.query)] == []
    assert [claim.claim for claim in CLAIMS if not claim.asks.endswith("?") or not claim.expect] == []
