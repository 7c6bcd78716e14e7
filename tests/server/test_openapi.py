"""The interface as OpenAPI describes it: the description is sound, and the server does what it says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate
from starlette.testclient import TestClient

import treatkg
from treatkg import namespaces, queries

HERE = Path(__file__).parent
# Stored queries that take parameters of every kind.
_THOROUGH = r"^/(?!queries)|^/queries/(dosing|unmapped-treatments|what-changed-between)$"


@pytest.fixture(scope="module")
def api(client: TestClient) -> dict[str, Any]:
    answer = client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def schema_of(api: dict[str, Any], query: str, name: str) -> dict[str, Any]:
    parameters = api["paths"][f"/queries/{query}"]["get"]["parameters"]
    (found,) = (p["schema"] for p in parameters if p["name"] == name)
    while "$ref" in found or found.get("type") == "array":
        found = found["items"] if "items" in found else api["components"]["schemas"][found["$ref"].split("/")[-1]]
    return dict(found)


def test_the_description_is_valid(api: dict[str, Any]) -> None:
    validate(api)
    assert api["openapi"].startswith("3.1")


def test_yaml_and_json_say_the_same(client: TestClient, api: dict[str, Any]) -> None:
    answer = client.get("/openapi.yaml")
    assert answer.headers["content-type"] == "application/yaml"
    assert yaml.load(answer.text, Loader=yaml.CSafeLoader) == api
    assert client.get("/api", headers={"Accept": "application/yaml"}).text == answer.text
    assert client.get("/api", headers={"Accept": "application/json"}).json() == api
    assert client.get("/openapi.json", headers={"If-None-Match": '"x"'}).status_code == 200


def test_every_stored_query_is_described_as_its_head_says(api: dict[str, Any]) -> None:
    for name, query in queries.catalogue().items():
        operation = api["paths"][f"/queries/{name}"]["get"]
        assert operation["summary"] == query.summary
        described = {p["name"]: p for p in operation["parameters"]}
        assert set(described) == {*query.params, "format"}
        assert {n for n, p in described.items() if p.get("required")} == {
            n for n, p in query.params.items() if p.absent == "required"
        }
        content = operation["responses"]["200"]["content"]
        row = content["application/sparql-results+json"]["schema"]["properties"]["results"]["properties"]["bindings"]
        assert set(row["items"]["properties"]) == set(query.returns)


def test_only_what_is_served_is_described(client: TestClient, api: dict[str, Any]) -> None:
    fixed = {path for path in api["paths"] if not path.startswith("/queries/")}
    assert {"/sparql", "/queries", "/rdf-graphs", "/id/{local}", "/resolve", "/.well-known/void"} <= fixed
    for path in fixed:
        assert client.get(path.replace("{local}", "dupilumab")).status_code not in (404, 405), path


@pytest.mark.parametrize(
    ("query", "name", "value", "label"),
    [
        ("unblocked-cytokines", "jurisdiction", "tkg:EU", "European Union"),
        ("options-for-patient", "severity", "tkg:Severe", "severe"),
        ("drugs-blocking-cytokine", "cytokine", "uniprot:P35225", "Interleukin-13"),
    ],
)
def test_closed_lists_come_from_the_graph(
    api: dict[str, Any], client: TestClient, query: str, name: str, value: str, label: str
) -> None:
    schema = schema_of(api, query, name)
    assert value in schema["enum"]
    assert schema["x-enumDescriptions"][value].startswith(label)
    (listed,) = (found for found in client.get("/queries").json() if found["name"] == query)
    allowed = {one["value"]: one["label"] for one in listed["parameters"][name]["allowed"]}
    assert allowed == schema["x-enumDescriptions"]


def test_every_value_that_is_promised_is_read(api: dict[str, Any], kg: treatkg.Knowledge) -> None:
    classes = {p.cls for query in queries.catalogue().values() for p in query.params.values() if p.cls}
    known = 0
    for cls in classes:
        for value in api["components"]["schemas"][cls].get("enum", ()):
            assert namespaces.shorten(kg.terms.resolve(value, cls)) == value
            known += 1
    assert known > 300


def test_defaults_are_those_of_the_text(api: dict[str, Any], kg: treatkg.Knowledge) -> None:
    query = queries.find("licensed-only-outside")
    for name in ("jurisdiction", "disease"):
        default = schema_of(api, query.name, name)["default"]
        assert kg.select(query.bind({name: default}, kg.terms)).terms == kg.select(query.text).terms
    assert schema_of(api, "agreed-elsewhere", "atLeast")["default"] == 2


def test_the_page_shows_all_of_it(client: TestClient, api: dict[str, Any]) -> None:
    page = client.get("/api", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text
    ids = set(re.findall(r'id="([^"]+)"', page.text))
    operations = [what for methods in api["paths"].values() for what in methods.values()]
    assert {operation["operationId"] for operation in operations} <= ids
    assert set(re.findall(r'href="#([^"]+)"', page.text)) <= ids
    assert all(name in page.text for name in ("tkg:EU", "application/problem+json", "weightKg"))


def test_what_was_promised_is_there(api: dict[str, Any]) -> None:
    """docs/http-api.md: within version 1 nothing goes and nothing is needed that was not. Additions are free."""
    assert api["info"]["version"].startswith("1.")
    promised = json.loads((HERE / "promised.json").read_text(encoding="utf-8"))
    assert len(promised) > 60
    for name, said in promised.items():
        query = queries.catalogue()[name]
        assert set(said["columns"]) <= set(query.returns), name
        for parameter, kind in said["parameters"].items():
            now = query.params[parameter]
            assert (now.type, now.absent == "required") == (kind["type"], kind["required"]), f"{name}: {parameter}"
            assert now.many or not kind["many"], f"{name}: {parameter}"
        needed = {p.name for p in query.params.values() if p.absent == "required"}
        assert needed <= {parameter for parameter, kind in said["parameters"].items() if kind["required"]}, name


# --- the server held to it -----------------------------------------------------------------------------------------


def schemathesis(server_url: str, folder: Path, *options: str) -> None:
    """Send requests made from the description; every check on every answer."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")]
    always = ["--checks=all", "--generation-deterministic", "--no-shrink", "--no-color", "--request-timeout=60"]
    paths = os.pathsep.join([str(HERE), *sys.path])
    done = subprocess.run(
        [*command, "run", f"{server_url}/openapi.json", *always, *options],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": paths},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


@pytest.mark.slow
def test_every_operation_does_what_it_says(server_url: str, tmp_path: Path) -> None:
    schemathesis(server_url, tmp_path, "--phases=examples,fuzzing", "--max-examples=1")


@pytest.mark.slow
def test_the_edges_of_parameters_of_every_kind(server_url: str, tmp_path: Path) -> None:
    schemathesis(server_url, tmp_path, "--phases=coverage", f"--include-path-regex={_THOROUGH}")
