"""The W3C's protocol tests, over HTTP. The server is read-only: updates that would be done elsewhere are refused."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pyoxigraph as ox
import pytest
import rdflib
from rdflib.collection import Collection
from tests.conftest import serving

from treatkg.knowledge import Embedded, Knowledge
from treatkg.server.negotiation import GRAPHS, ROWS

BESIDE = Path(__file__).parents[3] / "shared" / "w3c"
FOLDER = Path(os.environ.get("TREATKG_W3C", BESIDE)) / "sparql11" / "protocol"
MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
UT = rdflib.Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
HT = rdflib.Namespace("http://www.w3.org/2011/http#")
CNT = rdflib.Namespace("http://www.w3.org/2011/content#")
ROW_FORMATS = {offer.media_type: rdf_format for offer, rdf_format in ROWS.items()}
GRAPH_FORMATS = {offer.media_type: rdf_format for offer, rdf_format in GRAPHS.items()}
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the W3C's tests are not in {FOLDER} (TREATKG_W3C)")


class Case(NamedTuple):
    """A test of the manifest."""

    name: str
    manifest: rdflib.Graph
    node: rdflib.term.Node

    def requests(self) -> Iterator[rdflib.term.Node]:
        """Return its requests in their order."""
        action = self.manifest.value(self.node, MF.action)
        yield from listed(self.manifest, action, HT.requests)


def cases() -> list[Case]:
    if not FOLDER.is_dir():
        return []
    manifest = rdflib.Graph().parse(FOLDER / "manifest.ttl")
    head = manifest.value(predicate=rdflib.RDF.type, object=MF.Manifest)
    return [Case(str(node).partition("#")[2], manifest, node) for node in listed(manifest, head, MF.entries)]


def listed(manifest: rdflib.Graph, node: rdflib.term.Node | None, prop: rdflib.URIRef) -> Iterator[rdflib.term.Node]:
    """Return the members of a list, if there is one."""
    first = manifest.value(node, prop)
    if first is not None:
        yield from Collection(manifest, first)


CASES = cases()


def test_the_manifest_is_read() -> None:
    assert len(CASES) == 34
    assert sum(case.name.startswith("bad_") for case in CASES) == 14
    assert sum(case.name.startswith("update_") for case in CASES) == 7


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the endpoint of a server that has the graphs of every test."""
    empty = tmp_path_factory.mktemp("suite") / "empty.ttl"
    empty.touch()
    engine = Embedded(empty)
    for case in CASES:
        for data in case.manifest.objects(case.node, UT.graphData):
            file = Path(urlsplit(str(case.manifest.value(data, UT.graph))).path)
            name = str(case.manifest.value(data, rdflib.RDFS.label))
            engine.store.bulk_load(path=str(file), format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(name))
    assert len(engine.graphs()) == 3
    with serving(Knowledge(engine)) as url:
        yield f"{url}/sparql"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(case: Case, address: str) -> None:
    answers = [send(case.manifest, request, address) for request in case.requests()]
    assert answers
    if case.name.startswith("update_"):
        assert answers[0].status_code == 403
        assert "read-only" in answers[0].text
        return
    for request, answer in zip(case.requests(), answers, strict=True):
        check(case.manifest, case.manifest.value(request, HT.resp), answer)


def send(manifest: rdflib.Graph, request: rdflib.term.Node, address: str) -> httpx.Response:
    """Send a request of the manifest to our endpoint."""
    path = str(manifest.value(request, HT.absolutePath))
    assert path.startswith("/sparql/")
    headers = {
        str(manifest.value(header, HT.fieldName)): str(manifest.value(header, HT.fieldValue))
        for header in listed(manifest, request, HT.headers)
    }
    body = manifest.value(request, HT.body)
    content = None
    if body is not None:
        content = str(manifest.value(body, CNT.chars)).encode(str(manifest.value(body, CNT.characterEncoding)))
    method = str(manifest.value(request, HT.methodName))
    return httpx.request(method, address + path.removeprefix("/sparql/"), headers=headers, content=content)


def check(manifest: rdflib.Graph, expected: rdflib.term.Node | None, answer: httpx.Response) -> None:
    statuses = {str(status)[-3:-2] for status in manifest.objects(expected, MF.expectedStatus)}
    assert statuses
    assert str(answer.status_code)[0] in statuses, answer.text
    media_type = answer.headers["content-type"].split(";")[0]
    form, truth = manifest.value(expected, MF.expectedFormat), manifest.value(expected, MF.expectedBoolean)
    if form is None:
        assert media_type == "text/plain"
    elif str(form) == "RDF":
        assert list(ox.parse(answer.content, format=GRAPH_FORMATS[media_type])) is not None
    else:
        found = ox.parse_query_results(answer.content, format=ROW_FORMATS[media_type])
        assert isinstance(found, ox.QueryBoolean) == (str(form) == "boolean")
        if isinstance(truth, rdflib.Literal):
            assert bool(found) == truth.toPython()
