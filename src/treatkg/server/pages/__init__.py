"""Pages for people. Each module is a room of its own with its routes; here they are joined."""

from treatkg.server.pages import things

ROUTES = [*things.ROUTES]

__all__ = ["ROUTES"]
