"""Pages for people. Each module is a room of its own with its routes; here they are joined."""

from treatkg.server import vendor
from treatkg.server.pages import docs, editor, things, treatment

ROUTES = [
    *vendor.ROUTES,
    *treatment.ROUTES,
    *things.ROUTES,
    *editor.ROUTES,
    *docs.ROUTES,
]

__all__ = ["ROUTES"]
