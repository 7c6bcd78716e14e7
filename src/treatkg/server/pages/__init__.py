"""Pages for people. Each module is a room of its own with its routes; here they are joined."""

from treatkg.server.pages import comparing, finder, searching, things, treatment

ROUTES = [*things.ROUTES, *treatment.ROUTES, *finder.ROUTES, *searching.ROUTES, *comparing.ROUTES]

__all__ = ["ROUTES"]
