"""Pages for people. Each module is a room of its own with its routes; here they are joined."""

from treatkg.server import vendor
from treatkg.server.pages import comparing, covering, docs, editor, finder, mapping, searching, things, treatment

ROUTES = [
    *vendor.ROUTES,
    *things.ROUTES,
    *treatment.ROUTES,
    *finder.ROUTES,
    *searching.ROUTES,
    *comparing.ROUTES,
    *mapping.ROUTES,
    *covering.ROUTES,
    *editor.ROUTES,
    *docs.ROUTES,
]

__all__ = ["ROUTES"]
