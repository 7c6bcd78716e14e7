"""Third-party code of the pages is what the lock pins, and nothing breaks where it was not built."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from treatkg.server import vendor

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "src" / "treatkg" / "server" / "frontend"
CLIENTS = Path(__file__).parent / "clients"
LOCK = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))
LOCKS = [*ROOT.glob("requirements*.lock"), FRONTEND / "package-lock.json", CLIENTS / "package-lock.json"]


@pytest.fixture
def built() -> dict[str, dict[str, str]]:
    files: dict[str, dict[str, str]] = vendor.contents()["files"]
    if not files:
        pytest.skip("third-party code was not built: `make frontend` brings it from npm")
    return files


def test_every_package_is_pinned_by_version_and_hash() -> None:
    packages = {path: entry for path, entry in LOCK["packages"].items() if path}
    assert len(packages) > 5
    assert [path for path, entry in packages.items() if not entry["integrity"].startswith("sha512-")] == []
    wanted = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert packages[f"node_modules/{name}"]["version"] == version


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parent.name}/{lock.name}")
def test_no_lock_names_a_host(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert re.findall(r"://|\bregistry\b|\"resolved\"", text) == []
    assert len(text) > 500


def test_files_are_those_that_were_recorded(built: dict[str, dict[str, str]]) -> None:
    there = {file.name for file in vendor.FOLDER.iterdir()}
    assert there == {*built, "VENDOR.json", "LICENSES.txt"}
    for name, said in built.items():
        assert hashlib.sha256((vendor.FOLDER / name).read_bytes()).hexdigest() == said["sha256"]
        entry = LOCK["packages"][f"node_modules/{said['name']}"]
        assert (said["version"], said["licence"], said["integrity"]) == (
            entry["version"],
            entry["license"],
            entry["integrity"],
        )


def test_licences_of_all_packages_come_along(built: dict[str, dict[str, str]]) -> None:
    text = (vendor.FOLDER / "LICENSES.txt").read_text(encoding="utf-8")
    shipped = {path for path, entry in LOCK["packages"].items() if path and not entry.get("dev")}
    assert {package["path"] for package in vendor.contents()["packages"]} == shipped
    for package in vendor.contents()["packages"]:
        assert f"{package['name']} {package['version']} ({package['licence']})" in text
    assert {said["name"] for said in built.values()} <= {package["name"] for package in vendor.contents()["packages"]}


def test_caches_keep_what_has_its_hash_in_the_address(client: TestClient, built: dict[str, dict[str, str]]) -> None:
    for name in built:
        answer = client.get(vendor.address(name))
        assert (answer.status_code, hashlib.sha256(answer.content).hexdigest()) == (200, built[name]["sha256"])
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].startswith(("text/javascript", "text/css"))
        other = client.get(f"/static/vendor/{name}?v=0000")
        assert other.headers["cache-control"] == "no-cache"
        known = client.get(f"/static/vendor/{name}", headers={"If-None-Match": other.headers["etag"]})
        assert known.status_code == 304


@pytest.mark.parametrize("path", ["", "nothing.js", "../style.css", "%2e%2e/style.css", "../../app.py"])
def test_nothing_else_is_served_there(client: TestClient, path: str) -> None:
    answer = client.get(f"/static/vendor/{path}")
    assert answer.status_code == 404 or "--ink" in answer.text  # a client may shorten the path itself


def test_a_build_that_cannot_reach_npm_says_so_and_fails_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "server" / "frontend"
    shutil.copytree(FRONTEND, folder, ignore=shutil.ignore_patterns("node_modules"))
    environment = {"PATH": "", "npm_config_registry": "http://127.0.0.1:9", "npm_config_cache": str(tmp_path / "cache")}
    build = [sys.executable, str(folder / "build.py")]
    done = subprocess.run(build, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, "are left out: n" in done.stderr, "Traceback" in done.stderr) == (0, True, False)
    assert not (tmp_path / "server" / "static").exists()


def test_what_was_not_built_has_no_address(tmp_path: Path) -> None:
    assert vendor.contents(tmp_path)["files"] == {}
    assert vendor.address("nothing.js") == ""
