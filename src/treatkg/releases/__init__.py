"""Releases: what changed between two graphs, as facts, and the dated, checksummed files of one."""

from treatkg.releases.diff import Change, Differences, compare
from treatkg.releases.release import Released, release

__all__ = ["Change", "Differences", "Released", "compare", "release"]
