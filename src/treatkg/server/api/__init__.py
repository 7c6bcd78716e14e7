"""The HTTP interface described: OpenAPI 3.1, made from the heads of the stored queries, and a page from it."""

from treatkg.server.api.routes import ROUTES

__all__ = ["ROUTES"]
