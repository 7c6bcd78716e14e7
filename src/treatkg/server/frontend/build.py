"""Bring the third-party code of the pages into `static/vendor/`.

npm installs what `package-lock.json` pins by version and integrity hash; this copies the few files that the pages load,
with the licences of everything in them, and writes `VENDOR.json`, which says what they are. Without npm, or where its
registry cannot be reached, it says so and ends well: the pages work without these files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
TARGET = HERE.parent / "static" / "vendor"
FILES = {
    "@zazuko/yasqe": ("build/yasqe.min.js", "build/yasqe.min.css"),
    "cytoscape": ("dist/cytoscape.esm.min.mjs",),
}
# Packages whose files name a licence and its holder, but hold no text of it.
MIT = HERE / "MIT.txt"
WAIT = 600  # seconds


def main() -> int:
    """Build, and say what was built."""
    if sys.argv[1:] == ["--tidy-lock"]:
        tidy_lock()
        return 0
    try:
        install()
    except (OSError, subprocess.SubprocessError) as error:
        print(f"The query editor and the map are left out: {reason(error)}.", file=sys.stderr)
        print("The pages work without them; `make frontend` tries again.", file=sys.stderr)
        return 0
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    files = {Path(file).name: copied(package, file, lock) for package, names in FILES.items() for file in names}
    packages = [described(path, entry) for path, entry in lock["packages"].items() if path and not entry.get("dev")]
    (TARGET / "LICENSES.txt").write_text("\n".join(map(licence, packages)), encoding="utf-8")
    content = json.dumps({"files": files, "packages": packages}, indent=1)
    (TARGET / "VENDOR.json").write_text(f"{content}\n", encoding="utf-8")
    print(f"Built {', '.join(files)}.")
    return 0


def install() -> None:
    """Run npm: that of the system, else the one beside this Python.

    Raises:
        OSError: there is no npm.
        subprocess.SubprocessError: it failed; its words are with the error.
    """
    places = f"{os.environ.get('PATH', '')}{os.pathsep}{Path(sys.executable).parent}"
    npm = shutil.which("npm", path=places)
    if npm is None:
        raise FileNotFoundError("no npm on this machine, and none from PyPI")
    subprocess.run(  # noqa: S603
        [npm, "ci", "--loglevel=error"],
        cwd=HERE,
        env={**os.environ, "PATH": places},
        check=True,
        capture_output=True,
        text=True,
        timeout=WAIT,
    )


def reason(error: Exception) -> str:
    """Return what went wrong, in one line."""
    if isinstance(error, subprocess.CalledProcessError):
        lines = [line.removeprefix("npm error").strip() for line in str(error.stderr).splitlines()]
        return " ".join(["npm failed:", *[line for line in lines if line][:2]]).rstrip(".")
    return str(error)


def tidy_lock() -> None:
    """Take addresses that npm writes and does not need out of the lock."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    for entry in lock["packages"].values():
        entry.pop("funding", None)
    LOCK.write_text(f"{json.dumps(lock, indent=2)}\n", encoding="utf-8")


def copied(package: str, file: str, lock: dict[str, Any]) -> dict[str, Any]:
    """Copy a file of a package and return what is said of it."""
    path = f"node_modules/{package}"
    content = (HERE / path / file).read_bytes()
    (TARGET / Path(file).name).write_bytes(content)
    return {**described(path, lock["packages"][path]), "sha256": hashlib.sha256(content).hexdigest()}


def described(path: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return name, version, licence and integrity of a package of the lock."""
    return {
        "name": path.rpartition("node_modules/")[2],
        "path": path,
        "version": entry["version"],
        "licence": entry.get("license", "not stated"),
        "integrity": entry["integrity"],
    }


def licence(package: dict[str, Any]) -> str:
    """Return the licence of a package as it must go with its code."""
    folder = HERE / str(package["path"])
    texts = [file for file in sorted(folder.iterdir()) if file.name.lower().startswith(("licen", "copying", "notice"))]
    about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    holders = [str(each.get("name", "")) if isinstance(each, dict) else str(each) for each in people(about)]
    head = f"{package['name']} {package['version']} ({package['licence']}), by {', '.join(holders) or 'its authors'}"
    texts = texts or ([MIT] if package["licence"] == "MIT" else [])
    return "\n\n".join([head, *(file.read_text(encoding="utf-8", errors="replace") for file in texts), "-" * 72])


def people(about: dict[str, Any]) -> list[Any]:
    """Return the author and the contributors that a package names."""
    return [each for each in [about.get("author"), *about.get("contributors", [])] if each]


if __name__ == "__main__":
    sys.exit(main())
