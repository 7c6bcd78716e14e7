"""Public sources, brought into a user's store beside the curated graph: a named graph for each version of a source."""

from treatkg.loading.checking import Check
from treatkg.loading.recognising import Recognised, recognise
from treatkg.loading.report import Report
from treatkg.loading.running import Options, Watcher, load, try_out, write_out
from treatkg.loading.source import Source, find, sources

__all__ = [
    "Check",
    "Options",
    "Recognised",
    "Report",
    "Source",
    "Watcher",
    "find",
    "load",
    "recognise",
    "sources",
    "try_out",
    "write_out",
]
