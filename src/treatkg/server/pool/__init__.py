"""Killable processes for the queries of clients: one that hits a limit costs its client an answer, nobody else."""

from treatkg.server.pool.limits import Limits, StoppedError
from treatkg.server.pool.pooling import Pool

__all__ = ["Limits", "Pool", "StoppedError"]
