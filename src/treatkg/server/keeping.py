"""What is made of the served graph once, until another graph takes its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request

Made = TypeVar("Made")


def kept(request: Request, name: str, make: Callable[[], Made]) -> Made:
    """Return what was made under a name, or make it; anew when another graph is served."""
    state = request.app.state
    if not hasattr(state, "kept") or state.kept[0] is not state.knowledge:
        state.kept = state.knowledge, {}
    made = state.kept[1]
    if name not in made:
        made[name] = make()
    found: Made = made[name]
    return found
