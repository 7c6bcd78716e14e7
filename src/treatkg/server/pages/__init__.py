"""Pages for people. Each module is a room of its own with its routes; here they are joined."""

from treatkg.server.pages import things, treatment

ROUTES = [*things.ROUTES, *treatment.ROUTES]

__all__ = ["ROUTES"]
