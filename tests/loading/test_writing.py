"""From items to triples."""

import datetime

from treatkg.loading import find
from treatkg.loading.items import DayOfVersion, Document, Fact, Mention, Own, Passage, Thing
from treatkg.loading.resolving import Resolver
from treatkg.loading.writing import Writer

RETRIEVED = datetime.date(2026, 3, 1)


def _lines(source: str, *items: Document | Fact | Thing) -> str:
    writer = Writer(find(source), "7", datetime.date(2026, 2, 1), RETRIEVED, Resolver())
    [block] = writer.blocks(items, "line 1")
    return "".join(block.lines())


def test_value_may_be_a_thing_of_the_same_document() -> None:
    step = {"from": Mention("Thing", ("a",)), "to": Mention("Thing", ("b",)), "path": Own("the path")}
    text = _lines(
        "drugmechdb",
        Document("k", "t"),
        Thing("the path", ("MechanismPath",), {"label": "a path"}),
        Fact("PathStep", "step/1", "a step", step, [Passage("p")]),
    )
    [thing] = [line.split()[0] for line in text.splitlines() if "#MechanismPath>" in line]
    assert f"<https://w3id.org/treatkg/ontology#path> {thing} ." in text


def test_day_of_the_version_is_the_documents_own_and_never_after_its_download() -> None:
    fact = Fact("DevelopmentStatus", "s", "a status", {"observedOn": DayOfVersion()}, [Passage("p")])
    for stated, day in (("", "2026-02-01"), ("2025-05-05", "2025-05-05"), ("2027-01-01", "2026-03-01")):
        assert f'#observedOn> "{day}"^^' in _lines("chembl", Document("k", "t", date=stated), fact)
