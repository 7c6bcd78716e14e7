"""Changes in words."""

from __future__ import annotations

from treatkg.releases.facts import Subject

_MONTHS_OF_A_YEAR = 12
_YEARS_BEGIN = 24


def new(subject: Subject) -> str:
    """Return, for example, "lebrikizumab: new US indication, 12 years and older (US: adults and adolescents ...)"."""
    if not subject.is_fact:
        return f"new {subject.cls}: {subject.label}"
    return f"{_named(subject)}: new {_kind(subject)}{_population(subject)} ({subject.label})"


def gone(subject: Subject) -> str:
    """Return what is no longer in the graph."""
    if not subject.is_fact:
        return f"{subject.cls} gone: {subject.label}"
    return f"{_named(subject)}: {_kind(subject)} gone ({subject.label})"


def changed(old: Subject, subject: Subject) -> tuple[str, ...]:
    """Return one clause for each property whose values differ."""
    clauses = []
    for name in sorted(old.values.keys() | subject.values.keys()):
        before, after = old.values.get(name, frozenset()), subject.values.get(name, frozenset())
        gone_values, new_values = " and ".join(sorted(before - after)), " and ".join(sorted(after - before))
        if gone_values and new_values:
            clauses.append(f"{name}: {gone_values} → {new_values}")
        elif new_values:
            clauses.append(f"{name} added: {new_values}")
        elif gone_values:
            clauses.append(f"{name} removed: {gone_values}")
    return tuple(clauses)


def evidence(old: Subject, subject: Subject) -> tuple[str, ...]:
    """Return one clause for each source that now speaks of a fact, no longer does, or is read otherwise."""
    before, after = old.findings, subject.findings
    clauses = [f"source added: {title}" for title in sorted(after.keys() - before.keys())]
    clauses += [f"source removed: {title}" for title in sorted(before.keys() - after.keys())]
    for title in sorted(after.keys() & before.keys()):
        clauses += [f"now read in {title}: {finding}" for finding in sorted(after[title] - before[title])]
        clauses += [f"no longer read in {title}: {finding}" for finding in sorted(before[title] - after[title])]
    return tuple(clauses)


def heading(subject: Subject) -> str:
    """Return which fact or thing a change is about."""
    if not subject.is_fact:
        return f"{subject.cls} {subject.label}"
    return f"{_named(subject)}: {_kind(subject)} ({subject.label})"


def _named(subject: Subject) -> str:
    return subject.about or "the disease"


def _kind(subject: Subject) -> str:
    return " ".join([*subject.jurisdictions, subject.cls])


def _population(subject: Subject) -> str:
    return "".join(f", {_between(low, high)}" for low, high in subject.ages)


def _between(low: int | None, high: int | None) -> str:
    """Say ages as a label would: "12 years and older", "6 months to under 6 years"."""
    if low is not None and high is not None:
        return f"{_age(low)} to under {_age(high)}"
    if low is not None:
        return f"{_age(low)} and older"
    return f"under {_age(high)}" if high is not None else ""


def _age(months: int) -> str:
    if months % _MONTHS_OF_A_YEAR or months < _YEARS_BEGIN:
        return f"{months} months"
    return f"{months // _MONTHS_OF_A_YEAR} years"
