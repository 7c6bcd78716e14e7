"""Dates as sources write them, made into days with their precision."""

from __future__ import annotations

import datetime
import re

_FORMS = (
    (re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})(?:[T ].*)?"), ""),
    (re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?:[0-9]{6}.*)?"), ""),
    (re.compile(r"(?P<d>[0-9]{2})/(?P<m>[0-9]{2})/(?P<y>[0-9]{4})(?: .*)?"), ""),
    (re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})"), "Month"),
    (re.compile(r"(?P<y>[0-9]{4})"), "Year"),
)


def day(text: str) -> tuple[str, str]:
    """Return (YYYY-MM-DD, precision) of a date: ISO, YYYYMMDD, dd/mm/yyyy, YYYY-MM or YYYY.

    The precision is "" for a day, else Month or Year, with its first day. ("", "") is no date of these forms.
    """
    for form, precision in _FORMS:
        found = form.fullmatch(text.strip())
        if not found:
            continue
        parts = {"m": "1", "d": "1", **{key: value for key, value in found.groupdict().items() if value}}
        try:
            return datetime.date(int(parts["y"]), int(parts["m"]), int(parts["d"])).isoformat(), precision
        except ValueError:
            return "", ""
    return "", ""
