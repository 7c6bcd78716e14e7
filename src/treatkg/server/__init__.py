"""The graph over HTTP: SPARQL 1.1 Protocol (query), stored queries, pages for people. Read-only and offline."""

from treatkg.server.app import create_app

__all__ = ["create_app"]
