"""The user's store: what is loaded (a register and files of triples: the truth) and an index of it for queries.

    STORE/registry.sqlite   loads, documents and which load holds each version of a document
    STORE/facts/*.nt        the triples of each load in blocks, never changed
    STORE/staging/          loads that are not finished
    STORE/index/            Oxigraph: the curated graph, and one named graph for each version of a source

A load is taken in by one transaction of the register. Whatever ends before it leaves the store as it was; what ends
after it leaves an index that is behind, and the next opening brings it up to date.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from treatkg import resources
from treatkg.errors import BadInputError, StorageError
from treatkg.loading.report import Report
from treatkg.loading.staging import blocks

_SCHEMA = """
CREATE TABLE IF NOT EXISTS loads (
  id INTEGER PRIMARY KEY, source TEXT, version TEXT, date TEXT, graph TEXT, file TEXT, digest TEXT, fingerprint TEXT,
  loader TEXT, retrieved TEXT, started TEXT, ended TEXT, complete INTEGER,
  title TEXT, license TEXT, homepage TEXT, report TEXT, facts TEXT, current INTEGER
);
CREATE TABLE IF NOT EXISTS documents (
  source TEXT, key TEXT, version TEXT, ord TEXT, iri TEXT, digest TEXT, load INTEGER, seen INTEGER,
  PRIMARY KEY (source, key, version)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_of_load ON documents (load);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT);
"""

# The mark of the register that holds the named graphs which the index does not have as they are.
PENDING = "pending"
# The documents of a load that are known already: the one placeholder is the source.
_KNOWN = "FROM incoming i JOIN documents d ON d.source = ? AND d.key = i.key AND d.version = i.version"


@dataclass(frozen=True)
class Load:
    """One file as it was loaded; `fingerprint` is of the file, the loader, the graph and the options together."""

    source: str
    version: str
    date: str
    graph: str
    file: str
    digest: str
    fingerprint: str
    loader: str
    retrieved: str
    started: str
    complete: bool
    title: str
    license: str
    homepage: str


class Store:
    """A store in a folder. Use `opened()`, which makes it and keeps other writers out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._db = sqlite3.connect(folder / "registry.sqlite", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)
        self._db.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the register."""
        self._db.close()

    def staging(self, fingerprint: str) -> Path:
        """Return the folder in which a load is prepared."""
        return self.folder / "staging" / fingerprint

    def is_loaded(self, fingerprint: str) -> bool:
        """Return whether this file was loaded by this loader already."""
        found = self._db.execute("SELECT 1 FROM loads WHERE fingerprint = ? AND current = 1", (fingerprint,))
        return found.fetchone() is not None

    def loads(self) -> list[dict[str, object]]:
        """Return the loads that count, oldest first."""
        return [dict(row) for row in self._db.execute("SELECT * FROM loads WHERE current = 1 ORDER BY id")]

    def contents(self) -> list[dict[str, object]]:
        """Return source, version, file and number of documents of each load that counts."""
        rows = self._db.execute(
            "SELECT l.source, l.version, l.file, l.graph, (SELECT count(*) FROM documents d WHERE d.load = l.id) "
            "AS documents FROM loads l WHERE l.current = 1 ORDER BY l.source, l.date, l.id"
        )
        return [dict(row) for row in rows]

    def take(self, load: Load, staged: Path, report: Report, *, replace: bool = False) -> set[str]:
        """Take a staged load in, all at once, and return the graphs that it changes.

        Args:
            load: what was loaded.
            staged: the file of its blocks.
            report: gets what is new, known already, and superseded.
            replace: whether a version of a document that is known with other content gives way.
        """
        facts = self.folder / "facts" / f"{load.fingerprint}.nt"
        facts.parent.mkdir(exist_ok=True)
        staged.replace(facts)
        with self._transaction():
            changed = self._insert(load, facts.name, report, replace=replace)
            self._set(PENDING, json.dumps(sorted(changed | set(json.loads(self.state(PENDING) or "[]")))))
        shutil.rmtree(self.staging(load.fingerprint), ignore_errors=True)
        self._sweep()
        return changed

    def _insert(self, load: Load, facts: str, report: Report, *, replace: bool) -> set[str]:
        before = {iri for iri, _ in self._ended(load.source)}
        ended = datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds")
        previous = self._db.execute(
            "SELECT id, graph FROM loads WHERE source = ? AND digest = ? AND current = 1", (load.source, load.digest)
        ).fetchall()
        number = self._db.execute(
            "INSERT INTO loads (source, version, date, graph, file, digest, fingerprint, loader, retrieved, started, "
            "ended, complete, title, license, homepage, facts, current) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,1)",
            (load.source, load.version, load.date, load.graph, load.file, load.digest, load.fingerprint, load.loader,
             load.retrieved, load.started, ended, load.complete, load.title, load.license, load.homepage, facts),
        ).lastrowid  # fmt: skip
        changed = {load.graph} | {row["graph"] for row in previous}
        self._read_in(self.folder / "facts" / facts)
        self._mark_replacing(load, replace=replace)
        self._count(load.source, report)
        rows = self._db.execute(
            f"SELECT DISTINCT l.graph {_KNOWN} JOIN loads l ON l.id = d.load WHERE i.replaces", (load.source,)
        )
        changed |= {row["graph"] for row in rows}
        for row in previous:  # the same file, by another loader or graph: its documents are read anew
            self._db.execute("DELETE FROM documents WHERE load = ?", (row["id"],))
            self._db.execute("UPDATE loads SET current = 0 WHERE id = ?", (row["id"],))
        self._db.execute(
            "UPDATE documents SET seen = ?1 WHERE source = ?2 AND (SELECT date FROM loads WHERE id = seen) <= ?3 "  # noqa: S608
            f"AND (key, version) IN (SELECT i.key, i.version {_KNOWN.replace('?', '?2')})",
            (number, load.source, load.date),
        )
        self._db.execute(
            "INSERT OR REPLACE INTO documents SELECT ?, i.key, i.version, i.ord, i.iri, i.digest, ?, ? FROM incoming i "
            "LEFT JOIN documents d ON d.source = ? AND d.key = i.key AND d.version = i.version "
            "WHERE d.key IS NULL OR i.replaces",
            (load.source, number, number, load.source),
        )
        report.ended += len({iri for iri, _ in self._ended(load.source)} - before)
        self._db.execute("UPDATE loads SET report = ? WHERE id = ?", (json.dumps(report.as_dict()), number))
        return changed

    def _read_in(self, facts: Path) -> None:
        """Fill the table `incoming`; a document that stands in several blocks has the digest of all of them."""
        self._db.execute("DROP TABLE IF EXISTS incoming")
        self._db.execute(
            "CREATE TEMP TABLE incoming (key TEXT, version TEXT, ord TEXT, iri TEXT, digest TEXT, "
            "replaces INTEGER DEFAULT 0, PRIMARY KEY (key, version)) WITHOUT ROWID"
        )
        self._db.create_function("mix", 2, _mix, deterministic=True)
        self._db.executemany(
            "INSERT INTO incoming (key, version, ord, iri, digest) VALUES (?,?,?,?,?) "
            "ON CONFLICT (key, version) DO UPDATE SET digest = mix(digest, excluded.digest)",
            ((head.key, head.version, head.order, head.iri, head.digest) for head, _ in blocks(facts)),
        )

    def _mark_replacing(self, load: Load, *, replace: bool) -> None:
        """Mark what gives a known version other content: all if so asked, this file's own, a newer whole release's."""
        self._db.execute(
            "UPDATE incoming SET replaces = 1 WHERE EXISTS (SELECT 1 FROM documents d JOIN loads l ON l.id = d.load "
            "WHERE d.source = ? AND d.key = incoming.key AND d.version = incoming.version "
            "AND d.digest <> incoming.digest AND (? OR l.digest = ? OR (? AND l.date < ?)))",
            (load.source, replace, load.digest, load.complete, load.date),
        )

    def _count(self, source: str, report: Report) -> None:
        def count(condition: str) -> int:
            query = f"SELECT count(*) {_KNOWN} WHERE {condition}"
            return int(self._db.execute(query, (source,)).fetchone()[0])

        total = int(self._db.execute("SELECT count(*) FROM incoming").fetchone()[0])
        report.unchanged += count("d.digest = i.digest")
        report.kept += count("d.digest <> i.digest AND NOT i.replaces")
        report.new += total - count("1") + count("i.replaces")
        report.superseding += int(
            self._db.execute(
                "SELECT count(*) FROM incoming i WHERE NOT EXISTS (SELECT 1 FROM documents d WHERE d.source = ?1 AND "
                "d.key = i.key AND d.version = i.version) AND EXISTS (SELECT 1 FROM documents d WHERE d.source = ?1 "
                "AND d.key = i.key AND d.ord < i.ord)",
                (source,),
            ).fetchone()[0]
        )

    def _ended(self, source: str) -> list[tuple[str, str]]:
        """Return (IRI, day) of documents that the newest complete version of a source no longer has."""
        newest = self._db.execute(
            "SELECT id, date, version FROM loads WHERE source = ? AND complete = 1 AND current = 1 "
            "ORDER BY date DESC, version DESC, id DESC LIMIT 1", (source,),
        ).fetchone()  # fmt: skip
        if newest is None:
            return []
        rows = self._db.execute(
            "SELECT d.iri FROM documents d JOIN loads s ON s.id = d.seen WHERE d.source = ? AND s.date < ? "
            "AND NOT EXISTS (SELECT 1 FROM documents n JOIN loads m ON m.id = n.seen WHERE n.source = d.source "
            "AND n.key = d.key AND m.date >= ?) AND NOT EXISTS (SELECT 1 FROM documents l WHERE l.source = d.source "
            "AND l.key = d.key AND l.ord > d.ord)", (source, newest["date"], newest["date"]),
        )  # fmt: skip
        return [(row["iri"], newest["date"]) for row in rows]

    # --- for the index

    def documents_of(self, graph: str) -> Iterator[tuple[Path, set[tuple[str, str]]]]:
        """Return each file of facts of a graph with the (key, version) of the documents that count in it."""
        for load in self._db.execute(
            "SELECT id, facts FROM loads WHERE graph = ? AND current = 1", (graph,)
        ).fetchall():
            rows = self._db.execute("SELECT key, version FROM documents WHERE load = ?", (load["id"],))
            yield self.folder / "facts" / load["facts"], {(row["key"], row["version"]) for row in rows}

    def superseded(self) -> Iterator[tuple[str, str, str]]:
        """Return (IRI, IRI of the newest version, its order) of every document that is not the newest of its key."""
        rows = self._db.execute(
            "SELECT d.iri AS old, n.iri AS new, n.ord AS ord FROM documents d JOIN documents n ON n.source = d.source "
            "AND n.key = d.key WHERE n.ord = (SELECT max(ord) FROM documents m WHERE m.source = d.source AND "
            "m.key = d.key) AND d.ord < n.ord ORDER BY d.iri, n.iri"
        )
        yield from ((row["old"], row["new"], row["ord"]) for row in rows)

    def ended(self) -> list[tuple[str, str]]:
        """Return (IRI, day) of documents that the newest complete version of their source no longer has."""
        names = [row["source"] for row in self._db.execute("SELECT DISTINCT source FROM loads WHERE current = 1")]
        return [pair for name in names for pair in self._ended(name)]

    def state(self, name: str) -> str:
        """Return a mark of the register, or an empty text."""
        row = self._db.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else ""

    def set_state(self, name: str, value: str) -> None:
        """Set a mark of the register."""
        with self._transaction():
            self._set(name, value)

    def _set(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _sweep(self) -> None:
        """Remove the facts of loads that no longer count."""
        used = {row["facts"] for row in self._db.execute("SELECT facts FROM loads WHERE current = 1")}
        for file in (self.folder / "facts").glob("*.nt"):
            if file.name not in used:
                file.unlink(missing_ok=True)


def _mix(one: str, other: str) -> str:
    return hashlib.sha256((one + other).encode()).hexdigest()


def default_folder() -> Path:
    """Return where the store is when nobody says (TREATKG_STORE, else the user's data folder)."""
    if chosen := os.environ.get("TREATKG_STORE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "treatkg" / "store"


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """Open a store for writing; it is made where there is none.

    Raises:
        StorageError: it cannot be made or read, or another process writes to it (which is named).
        BadInputError: the folder holds something else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / "registry.sqlite").exists():
            raise BadInputError(f"{folder}: not a store, and not empty; name another folder")
        lock = (folder / "lock").open("a+")
    except OSError as error:
        raise StorageError(f"{folder}: the store cannot be opened ({error.strerror})") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise StorageError(
                f"{folder}: process {lock.read().strip() or '?'} writes to the store; wait for it"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        try:
            store = Store(folder)
        except sqlite3.DatabaseError as error:
            raise BadInputError(f"{folder / 'registry.sqlite'}: not the register of a store ({error})") from error
        try:
            yield store
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"{folder}: the store cannot be written ({error}); it is as it was") from error
        finally:
            store.close()


def contents(folder: Path) -> list[dict[str, object]]:
    """Return what a store holds: source, version, file and number of documents of each load.

    Raises:
        BadInputError: the folder is no store.
    """
    if not (folder / "registry.sqlite").exists():
        raise BadInputError(f"{folder}: not a store; `treatkg load SOURCE PATH --to {folder}` makes one")
    with opened(folder) as store:
        return store.contents()


def graph_digest() -> str:
    """Return the SHA-256 of the curated graph, by which names are mapped."""
    file = resources.TRIPLES
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(f"{file}: the graph cannot be read ({error.strerror})") from error
