"""docs/deploy: the unit, the image's recipe and the proxy's configuration work with the server that is here."""

import contextlib
import getpass
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from starlette.testclient import TestClient

from treatkg import cli, namespaces

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
UNIT = (DEPLOY / "treatkg.service").read_text(encoding="utf-8")
QUERY = "SELECT ?drug WHERE { ?drug tkg:indicatedFor MONDO:0004980 } ORDER BY ?drug"
SPOOFED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Prefix": "/evil.example",
    "X-Original-URL": "/evil.example",
    "Forwarded": "for=1.2.3.4;host=evil.example;proto=https",
}
ANSWERS = [
    "/queries/licensed-biologics.json?asOf=2024-01-01",
    "/queries",
    "/openapi.json",
    "/data/dupilumab.ttl",
    "/ontology.ttl",
    "/.well-known/void",
    "/page/dupilumab",
    f"/sparql?query={QUERY}",
]


def ask(address: str, **how: Any) -> httpx.Response:  # noqa: ANN401 (httpx)
    return httpx.get(address, timeout=60, **how)


def need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


# --- the address that a request names ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*ANSWERS, "/id/dupilumab", "/ontology", "/resolve?curie=MONDO:0004980"])
def test_what_a_request_claims_changes_no_iri(client: TestClient, path: str) -> None:
    honest = client.get(path, follow_redirects=False)
    spoofed = client.get(path, headers={**SPOOFED, "Host": "evil.example"}, follow_redirects=False)
    assert spoofed.status_code == honest.status_code
    assert spoofed.headers.get("location") == honest.headers.get("location")
    assert spoofed.content == honest.content
    assert spoofed.headers.get("etag") == honest.headers.get("etag")


def test_the_endpoint_says_the_address_that_was_asked(server_url: str) -> None:
    """The one place where Host counts; what else claims to be the host does not."""
    asked = ask(f"{server_url}/sparql", headers={**SPOOFED, "Host": "kg.example.org", "Accept": "text/turtle"})
    assert "<http://kg.example.org/sparql>" in asked.text
    assert "evil.example" not in asked.text
    secure = ask(f"{server_url}/sparql", headers={"Host": "kg.example.org", "X-Forwarded-Proto": "https"})
    assert "<https://kg.example.org/sparql>" in secure.text


# --- systemd -------------------------------------------------------------------------------------------------------


def test_the_unit_is_sound(tmp_path: Path) -> None:
    need("systemd-analyze")
    program = tmp_path / "treatkg"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    unit = tmp_path / "treatkg.service"
    unit.write_text(UNIT.replace("/opt/treatkg/bin/treatkg", str(program)), encoding="utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=15", str(unit)]
    exposed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert exposed.returncode == 0, exposed.stdout


def test_options_in_the_documents_are_those_of_the_command() -> None:
    command = typer.main.get_command(cli.app)
    assert hasattr(command, "commands")
    known = {option for p in command.commands["serve"].params for option in p.opts}
    recipe = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    table = re.findall(r"^\| (`--.*?) \|", (DEPLOY / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    documented = {option for cell in table for option in re.findall(r"--[a-z-]+", cell)}
    (started,) = re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)
    assert documented == known - {"--help"}
    assert set(re.findall(r"--[a-z-]+", started)) <= known
    assert set(re.findall(r"--[a-z-]+", recipe.split("CMD")[-1])) <= known


# --- the image -----------------------------------------------------------------------------------------------------


def test_the_recipe_of_the_image() -> None:
    """It copies what is here, and nothing of it runs as root. That it builds is not tested: it needs a registry."""
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    copied = [part for word, rest in steps if word == "COPY" and "--from" not in rest for part in rest.split()[:-1]]
    assert copied
    assert all((ROOT / part).exists() for part in copied)
    forced = re.findall(
        r'^"(\w+)" = "treatkg/_resources', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {*forced, "src", "pyproject.toml", "README.md", "requirements.lock"} <= set(copied)
    assert all("/" not in rest.split()[0] for word, rest in steps if word == "FROM")
    last = [word for word, _ in steps]
    assert last[-1] == "CMD"
    user = next(rest for word, rest in reversed(steps) if word == "USER")
    assert int(user.split(":")[0]) > 0
    assert "HEALTHCHECK" in last


# --- nginx ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def proxied(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of nginx in front of the server, as docs/deploy/nginx.conf says."""
    nginx = shutil.which("nginx") or next(iter(Path("/usr/sbin").glob("nginx")), None)
    if nginx is None:
        pytest.skip("nginx is not installed (Debian: nginx-light)")
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for said, here in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:7878", server_url.removeprefix("http://")),
        ("/var/cache/nginx/treatkg", f"{folder}/cache"),
    ):
        assert site.count(said) == 1
        site = site.replace(said, here)
    (folder / "site.conf").write_text(site, encoding="utf-8")
    places = "".join(
        f"  {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"user {getpass.getuser()};\nworker_processes 1;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\n  access_log off;\n{places}  include {folder}/site.conf;\n}}\n",
        encoding="utf-8",
    )
    command = [str(nginx), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    with subprocess.Popen([*command, "-g", "daemon off;"]) as running:
        try:
            _wait(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()


def _wait(address: str) -> None:
    for _ in range(100):
        with contextlib.suppress(httpx.TransportError):
            if ask(address).status_code == 200:
                return
        time.sleep(0.1)
    pytest.fail(f"{address} does not answer")


@pytest.mark.parametrize("path", [*ANSWERS, "/id/dupilumab", "/nowhere", "/queries/licensed-biologics?asOf=never"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_nginx_hands_everything_through(proxied: str, server_url: str, path: str, coding: str) -> None:
    asked = {"Accept-Encoding": coding, "Host": "kg.example.org"}
    straight = ask(server_url + path, headers=asked)
    for _ in range(2):
        through = ask(proxied + path, headers={**asked, **SPOOFED})
        assert through.status_code == straight.status_code
        assert through.content == straight.content
        for name in (
            "content-type",
            "etag",
            "location",
            "vary",
            "content-encoding",
            "access-control-allow-origin",
            "link",
        ):
            assert through.headers.get(name) == straight.headers.get(name), name


def test_nginx_keeps_validators_strong(proxied: str) -> None:
    for coding in ("identity", "gzip"):
        asked = {"Accept-Encoding": coding}
        tag = ask(f"{proxied}/queries/boxed-warnings.csv", headers=asked).headers["etag"]
        assert tag.startswith('"')
        again = ask(f"{proxied}/queries/boxed-warnings.csv", headers={**asked, "If-None-Match": tag})
        assert again.status_code == 304
        assert again.content == b""


def test_nginx_keeps_answers_apart_by_format(proxied: str) -> None:
    address, states = f"{proxied}/queries/use-restrictions", []
    for accept in ("text/csv", "application/sparql-results+xml", "text/csv"):
        answer = ask(address, headers={"Accept": accept})
        assert answer.headers["content-type"].startswith(accept)
        states.append(answer.headers["x-cache"])
    assert states == ["MISS", "MISS", "HIT"]


def test_nginx_lets_long_queries_through_and_bombs_not(proxied: str) -> None:
    long = f"{QUERY} #" + "x" * 60_000
    assert httpx.post(f"{proxied}/sparql", data={"query": long}).status_code == 200
    assert ask(f"{proxied}/sparql", params={"query": f"{QUERY} #" + "x" * 30_000}).status_code == 200
    assert httpx.post(f"{proxied}/sparql", data={"query": "x" * 300_000}).status_code == 413
    assert ask(f"{proxied}/sparql", params={"query": "SELECT * { SERVICE <http://a/> {} }"}).status_code == 403
    assert ask(f"{proxied}/health").json()["status"] == "ok"


def test_nginx_has_the_numbers_of_the_server(proxied: str) -> None:
    assert "treatkg_requests_total" in ask(f"{proxied}/metrics").text


# --- w3id ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "iri",
    [
        f"{namespaces.BASE}dupilumab",
        f"{namespaces.BASE}source/aaaai-schram-2011",
        namespaces.TKG + "Indication",
        "https://w3id.org/treatkg/ontology.ttl",
        "https://w3id.org/treatkg/",
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "text/turtle"])
def test_iris_lead_to_the_server_and_on(client: TestClient, iri: str, accept: str) -> None:
    asked = iri.removeprefix("https://w3id.org/treatkg/").partition("#")[0]
    target = _led(asked)
    assert target.startswith("https://kg.example.org/")
    answer = client.get(target.removeprefix("https://kg.example.org"), headers={"Accept": accept})
    assert answer.status_code == 200
    if accept == "text/turtle" and asked:
        assert answer.headers["content-type"].startswith("text/turtle")
        assert iri.partition("#")[2].removesuffix(".ttl") in answer.text


def test_a_loaded_graph_leads_to_its_content(client: TestClient) -> None:
    """Of which there is none here: the server says so by the graph's own IRI."""
    target = _led("load/chembl")
    answer = client.get(target.removeprefix("https://kg.example.org"))
    assert answer.status_code == 404
    assert f"<{namespaces.LOAD}chembl>" in answer.text


def _led(asked: str) -> str:
    """Follow the rewrite rules, whose patterns Apache and Python read alike."""
    rules = re.findall(
        r"^RewriteRule (\S+) (\S+) \[R=303,L\]$", (DEPLOY / "w3id.htaccess").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(rules) == 5
    pattern, target = next((pattern, target) for pattern, target in rules if re.search(pattern, asked))
    return re.sub(pattern, target.replace("$1", r"\1"), asked)
