"""What changed between two releases, as facts and not as lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from treatkg import namespaces
from treatkg.knowledge import Knowledge
from treatkg.releases import wording
from treatkg.releases.facts import Facts, Subject, read

_HEADINGS = {"new": "New", "changed": "Changed", "evidence": "Other evidence", "gone": "Gone"}


@dataclass(frozen=True)
class Change:
    """One change of one fact or thing.

    Attributes:
        kind: "new", "changed", "evidence" (says the same by other sources) or "gone".
        sentence: what it is, in words.
        details: for "changed" and "evidence", one clause for each difference.
    """

    kind: str
    id: str
    cls: str
    treatment: str
    sentence: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Differences:
    """The changes from one release to another, in the order new, changed, evidence, gone."""

    before: str
    after: str
    changes: tuple[Change, ...]
    new_sources: tuple[str, ...]

    def to_text(self) -> str:
        """Return lines for a terminal."""
        lines = [f"From {self.before} to {self.after}: {self._counts()}"]
        for kind, changes in self._grouped():
            lines += ["", f"{_HEADINGS[kind]} ({len(changes)})"]
            for change in changes:
                lines += [f"  {change.sentence}", *(f"    {detail}" for detail in change.details)]
        return "\n".join(lines) + "\n"

    def to_markdown(self) -> str:
        """Return a section of a changelog."""
        lines = [f"## From {self.before} to {self.after}", "", f"{self._counts()}."]
        for kind, changes in self._grouped():
            lines += ["", f"### {_HEADINGS[kind]}", ""]
            for change in changes:
                lines += [f"- {change.sentence}", *(f"  - {detail}" for detail in change.details)]
        return "\n".join(lines) + "\n"

    def to_json(self) -> str:
        """Return one object; each change with its kind, id, class, treatment, sentence and details."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"

    def _grouped(self) -> Iterable[tuple[str, list[Change]]]:
        for kind in _HEADINGS:
            if changes := [change for change in self.changes if change.kind == kind]:
                yield kind, changes

    def _counts(self) -> str:
        counts = [f"{len(changes)} {_HEADINGS[kind].lower()}" for kind, changes in self._grouped()]
        counts += [f"{len(self.new_sources)} new sources"] if self.new_sources else []
        return ", ".join(counts) or "no difference"


def compare(old: Knowledge, new: Knowledge) -> Differences:
    """Compare two graphs fact by fact."""
    before, after = read(old), read(new)
    changes = [change for iri in sorted({*before.subjects, *after.subjects}) for change in _changes(iri, before, after)]
    order = list(_HEADINGS)
    return Differences(
        _version(before),
        _version(after),
        tuple(sorted(changes, key=lambda change: (order.index(change.kind), change.treatment, change.id))),
        tuple(sorted(title for source, title in after.sources.items() if source not in before.sources)),
    )


def _changes(iri: str, before: Facts, after: Facts) -> Iterable[Change]:
    old, new = before.subjects.get(iri), after.subjects.get(iri)
    if old is None and new is not None:
        yield _change("new", new, wording.new)
    elif new is None and old is not None:
        yield _change("gone", old, wording.gone)
    elif old is not None and new is not None:
        if clauses := wording.changed(old, new):
            yield _change("changed", new, wording.heading, clauses)
        if clauses := wording.evidence(old, new):
            yield _change("evidence", new, wording.heading, clauses)


def _change(kind: str, subject: Subject, say: Callable[[Subject], str], details: tuple[str, ...] = ()) -> Change:
    return Change(kind, namespaces.shorten(subject.iri), subject.cls, subject.about, say(subject), details)


def _version(facts: Facts) -> str:
    return f"{facts.version} ({facts.issued})"
