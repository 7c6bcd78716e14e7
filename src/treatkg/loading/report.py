"""What a load did: counts by reason and class, to be printed or read by a program."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_SHOWN = 10


@dataclass
class Report:
    """Counts of one load, of one file or of several.

    `unmapped` counts (kind, name) of what the graph has no term for; `unchanged` are records whose version is in the
    store already; `kept` those of a known version with other content, of which the first stays.
    """

    source: str = ""
    files: int = 0
    files_known: int = 0
    records: int = 0
    documents: int = 0
    triples: int = 0
    new: int = 0
    unchanged: int = 0
    kept: int = 0
    superseding: int = 0
    ended: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    checked: int = 0
    findings: Counter[str] = field(default_factory=Counter)

    def add(self, other: Report) -> None:
        """Add the counts of another report."""
        for name, value in vars(other).items():
            if isinstance(value, Counter):
                getattr(self, name).update(value)
            elif isinstance(value, int):
                setattr(self, name, getattr(self, name) + value)

    def as_dict(self) -> dict[str, object]:
        """Return the report as JSON."""
        result: dict[str, object] = {
            name: dict(value.most_common()) if isinstance(value, Counter) else value
            for name, value in vars(self).items()
            if name != "unmapped"
        }
        result["unmapped"] = [[kind, name, count] for (kind, name), count in self.unmapped.most_common()]
        return result

    def lines(self) -> list[str]:
        """Return the report for a person."""
        lines = [f"{self.records:,} records read, {self.documents:,} documents, {self.triples:,} triples"]
        if self.files_known:
            lines.append(f"{self.files_known:,} of {self.files:,} files were loaded before and are unchanged")
        if self.new or self.unchanged or self.kept:
            lines.append(
                f"{self.new:,} new versions of documents ({self.superseding:,} supersede an older one), "
                f"{self.unchanged:,} known already"
            )
        if self.kept:
            lines.append(
                f"{self.kept:,} of a known version with other content: the first stays (--replace takes the new)"
            )
        if self.ended:
            lines.append(f"{self.ended:,} documents are not in the newer version of the source: ended")
        lines += _counted("facts and things", self.facts)
        lines += _counted("skipped", self.skipped)
        names = Counter({f"{name} ({kind})": count for (kind, name), count in self.unmapped.items()})
        lines += _counted(f"{len(names):,} names without a term in the graph (kept, flagged)", names)
        if self.checked:
            lines.append(f"{self.checked:,} documents checked with SHACL: {sum(self.findings.values()):,} findings")
        return lines + [f"  {count:,} x {message}" for message, count in self.findings.most_common(_SHOWN)]


def _counted(title: str, counts: Counter[str]) -> list[str]:
    if not counts:
        return []
    shown = [f"  {count:>9,}  {name}" for name, count in counts.most_common(_SHOWN)]
    more = [f"  ... and {len(counts) - _SHOWN:,} more"] if len(counts) > _SHOWN else []
    return [f"{title}:", *shown, *more]
