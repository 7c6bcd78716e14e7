"""The day that a page speaks of: today, or `?asOf=`."""

from __future__ import annotations

import datetime

from starlette.requests import Request

from treatkg.errors import UsageError


def day_of(request: Request) -> datetime.date:
    """Return the day of a page.

    Raises:
        UsageError: `asOf` is no date, or is given twice.
    """
    given = [text for text in request.query_params.getlist("asOf") if text.strip()]
    if not given:
        return datetime.datetime.now(datetime.UTC).date()
    if len(given) > 1:
        raise UsageError("asOf is given more than once")
    try:
        return datetime.date.fromisoformat(given[0].strip())
    except ValueError as error:
        raise UsageError(f"asOf={given[0][:40]!r} is no date: write it as 2023-06-01") from error
