"""Third-party files that the build puts beside the pages: what is there, and at which address.

A checkout or a wheel may lack them; pages must work without.
"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
FOLDER = STATIC / "vendor"
_YEAR = "public, max-age=31536000, immutable"
_REVALIDATED = "no-cache"


@functools.cache
def contents(folder: Path = FOLDER) -> dict[str, Any]:
    """Return what `VENDOR.json` says: `files` by name, and the `packages` in them; nothing where it is missing."""
    try:
        said: dict[str, Any] = json.loads((folder / "VENDOR.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"files": {}, "packages": []}
    return said


def address(name: str) -> str:
    """Return where a page finds a file, with its content's hash so that caches may keep it, or nothing."""
    said = contents()["files"].get(name)
    return f"/static/vendor/{name}?v={said['sha256'][:16]}" if said else ""


class _Files(StaticFiles):
    """Files whose address changes with their content; under another address they are revalidated."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file; a folder that was never built holds nothing."""
        response = await super().get_response(os.path.join("vendor", path), scope)  # noqa: PTH118 (of an address)
        said = contents()["files"].get(path, {}).get("sha256", "-")
        asked = scope["query_string"].decode("latin-1")
        response.headers["Cache-Control"] = _YEAR if asked == f"v={said[:16]}" else _REVALIDATED
        return response


ROUTES = [Mount("/static/vendor", _Files(directory=STATIC))]
