"""Errors that people can act on: each says what is wrong, where, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What the command line returns."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    BAD_INPUT = 3
    LIMIT = 4
    IO = 5


class TreatKGError(Exception):
    """Base of every error that the library raises on purpose."""

    exit_code = ExitCode.BAD_INPUT


class UsageError(TreatKGError):
    """The caller named a query, parameter, term or option that does not exist or does not fit."""

    exit_code = ExitCode.USAGE


class AmbiguousNameError(UsageError):
    """A name can mean several things; `candidates` are the ids of those."""

    def __init__(self, message: str, candidates: Iterable[str]) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class BadInputError(TreatKGError):
    """A file that was read is not what it should be."""


class LimitError(TreatKGError):
    """A limit on time, memory or size was hit."""

    exit_code = ExitCode.LIMIT


class StorageError(TreatKGError):
    """A file or an endpoint could not be read or written."""

    exit_code = ExitCode.IO


class ReasonerError(TreatKGError):
    """The reasoner is missing, failed, or found a contradiction."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint such as ``; did you mean "severity"?`` or an empty string."""
    by_folded = {candidate.casefold(): candidate for candidate in sorted(known)}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=3, cutoff=0.6)
    if not near:
        return ""
    return "; did you mean " + " or ".join(f'"{by_folded[match]}"' for match in near) + "?"
