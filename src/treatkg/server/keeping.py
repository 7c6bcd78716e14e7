"""What is the same for everybody: made of the served graph once, by one thread, and soon after the start."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Message, Scope

from treatkg.errors import TreatKGError

Made = TypeVar("Made")
_making = threading.RLock()
_PAUSE = 0.2  # seconds, so that who asks at the start is answered first
# Their first readers would wait longest; what they are made of serves all other pages too.
_SLOW = (
    "/search",
    "/treatments",
    "/finder",
    "/coverage",
    "/map",
    "/map/neighbourhood",
    "/editor/terms.json",
    "/.well-known/void",
    "/openapi.json",
    "/queries",
)


def kept(request: Request, name: str, make: Callable[[], Made]) -> Made:
    """Return what was made under a name, or make it; anew when another graph is served."""
    with _making:  # who comes meanwhile waits: many that make the same would need many times as long
        state = request.app.state
        if not hasattr(state, "kept") or state.kept[0] is not state.knowledge:
            state.kept = state.knowledge, {}
        made = state.kept[1]
        if name not in made:
            made[name] = make()
        found: Made = made[name]
        return found


async def prepare(app: Starlette) -> None:
    """Ask the slow pages once, one after the other."""
    for path in _SLOW:
        await asyncio.sleep(_PAUSE)
        with contextlib.suppress(TreatKGError):  # another graph may lack what a page is about
            await _visit(app, path)


async def _visit(app: Starlette, path: str) -> None:
    """Ask for a page as a client would, but uncounted."""
    query = b"q=dupilumab" if path == "/search" else b"thing=MONDO:0004980" if path.endswith("hood") else b""
    accept = b"text/turtle, application/json, text/html;q=0.5"
    scope: Scope = {
        "type": "http",
        "app": app,
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query,
        "headers": [(b"accept", accept), (b"host", b"localhost")],
        "server": ("localhost", 80),
        "client": None,
        "state": {},
    }

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    await app.router(scope, receive, send)
