"""A query and its answer as bytes: the one place where the server runs a query, in its own process or in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import pyoxigraph as ox

from treatkg import namespaces, sparql_text
from treatkg.dataset import Dataset
from treatkg.errors import UsageError
from treatkg.knowledge import Embedded, Remote, evaluating
from treatkg.server.negotiation import GRAPHS, ROWS, Offer

if TYPE_CHECKING:
    from treatkg.knowledge import Answer

_OFFERS = {offer.media_type: offer for offer in (*ROWS, *GRAPHS)}


@dataclass(frozen=True)
class Question:
    """A query and what it is asked of.

    Attributes:
        text: SPARQL.
        dataset: what it is asked of, if not what its FROM says.
        formats: names of formats that the client gave beside the address.
        seconds: how long the client wants to wait at most.
        quick: it is the server's own and takes no time: no process of the pool is needed.
    """

    text: str
    dataset: Dataset | None = None
    formats: tuple[str, ...] = ()
    seconds: float | None = None
    quick: bool = False

    @property
    def makes_graph(self) -> bool:
        """Whether the answer is a graph, not rows or a truth value."""
        return sparql_text.form_of(self.text) in ("CONSTRUCT", "DESCRIBE")

    def packed(self, offer: Offer) -> dict[str, Any]:
        """Return what another process needs to answer, as JSON has it."""
        dataset = [self.dataset.default, self.dataset.named] if self.dataset else None
        return {"query": self.text, "dataset": dataset, "media": offer.media_type}


def unpacked(message: dict[str, Any]) -> tuple[Question, Offer]:
    """Return what `Question.packed` has packed."""
    dataset = Dataset(*map(tuple, message["dataset"])) if message["dataset"] else None
    return Question(message["query"], dataset), _OFFERS[message["media"]]


def answer(engine: Embedded | Remote, question: Question, offer: Offer, output: IO[bytes]) -> None:
    """Run a query and write its answer.

    Raises:
        UsageError: the query is not valid, or uses what the engine does not have.
    """
    found = engine.ask(question.text, question.dataset)
    try:
        with evaluating():
            _write(found, offer, output)
    finally:
        del found  # the engine's answer belongs to this thread and must end here: no error may carry it elsewhere


def _write(found: Answer, offer: Offer, output: IO[bytes]) -> None:
    if isinstance(found, ox.QueryTriples) and offer in GRAPHS:
        ox.serialize(found, output, format=GRAPHS[offer], prefixes=namespaces.prefixes())
    elif not isinstance(found, ox.QueryTriples) and offer in ROWS:
        found.serialize(output, format=ROWS[offer])
    else:
        raise UsageError("not clear whether this is a SELECT, ASK, CONSTRUCT or DESCRIBE: put a space after that word")
