"""Public sources, brought into a user's store beside the curated graph: a named graph for each version of a source."""

from treatkg.loading.recognising import Recognised, recognise
from treatkg.loading.source import Source, find, sources

__all__ = ["Recognised", "Source", "find", "recognise", "sources"]
