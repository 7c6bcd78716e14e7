"""What a parameter of a stored query may be: the closed lists, from its head or from the graph."""

from __future__ import annotations

from collections.abc import Mapping

from treatkg.knowledge import Knowledge
from treatkg.queries import Parameter

# Longer lists (facts, sources) help nobody to choose.
MOST = 250


def choices(knowledge: Knowledge, parameter: Parameter) -> Mapping[str, str]:
    """Return value -> label of all that a parameter takes; empty if that is no closed list, or a long one."""
    if parameter.allowed:
        return {value: value for value in parameter.allowed}
    return knowledge.terms.members(parameter.cls, MOST) if parameter.cls else {}
