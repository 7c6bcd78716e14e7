"""From a row of the EMA medicines table to an authorisation, its indications, and what ended or refused it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from treatkg.loading import dates
from treatkg.loading.items import Document, Fact, Item, Mention, Passage, Record, Section, Skip
from treatkg.loading.text.indications import Stated, find_indications

_SECTION = "therapeutic-indication"
_LOCATOR = "Therapeutic indication"
_LONGEST_QUOTE = 2000
_ATC = re.compile(r"[A-Z]\d\d[A-Z]{2}\d\d")
_NUMBER = re.compile(r"[A-Z]+(?:/[A-Za-z0-9]+)+")
_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
_AMERICAN = {
    "oesoph": "esoph",
    "oedem": "edem",
    "haem": "hem",
    "aemi": "emi",
    "tumour": "tumor",
    "rrhoea": "rrhea",
    "generalised": "generalized",
    "paediatric": "pediatric",
}

_IN_FORCE = "authorised"
_SUSPENDED = "suspended"
# Status of an authorisation that has ended, with what that is called among the events.
_ENDED = {
    "withdrawn": "AuthorisationWithdrawn",
    "revoked": "AuthorisationWithdrawn",
    "expired": "MarketingEnded",
    "lapsed": "MarketingEnded",
}
_NEVER = {
    "refused": "ApplicationRefused",
    "application withdrawn": "ApplicationWithdrawn",
    "withdrawn from rolling review": "ApplicationWithdrawn",
}
_OPINION = {"opinion", "opinion under re-examination"}
_WORDS = {
    "AuthorisationWithdrawn": "authorisation withdrawn",
    "MarketingEnded": "authorisation ended",
    "AuthorisationSuspended": "authorisation suspended",
    "ApplicationRefused": "application refused",
    "ApplicationWithdrawn": "application withdrawn",
}
_END = "withdrawal_expiry_revocation_lapse_of_marketing_authorisation_date"


@dataclass(frozen=True, slots=True)
class _Medicine:
    number: str
    name: str
    status: str
    text: str
    seen: str
    row: Mapping[str, str]
    treatment: Mention

    def day(self, key: str) -> str:
        return _day(self.row.get(key, ""))


def transform(record: Record) -> Iterator[Item]:
    """Yield the record of a human medicine, with what its status lets one say."""
    if not isinstance(record.data, Mapping):
        yield Skip("not a medicine", record.where)
        return
    row = {_key(column): _text(value) for column, value in record.data.items()}
    category = row.get("category", "").casefold()
    if category != "human":
        yield Skip(
            "a veterinary medicine" if category == "veterinary" else "neither human nor veterinary", record.where
        )
        return
    number, name = row.get("ema_product_number", ""), row.get("name_of_medicine", "")
    if not _NUMBER.fullmatch(number) or not name:
        yield Skip("a medicine without product number or name", record.where)
        return
    updated = _day(row.get("last_updated_date", ""))
    seen = updated or _day(_text(record.header.get("date")))
    medicine = _Medicine(
        number, name, row.get("medicine_status", ""), _verbatim(record.data), seen, row, _treatment(row)
    )
    url = row.get("medicine_url", "")
    yield Document(
        number,
        f"{name} ({number})",
        # A row may change, as when a medicine is withdrawn, without a new revision of its product information; a new
        # medicine gets its first revision without a new date, and without one it is the older.
        version="-".join(filter(None, (row.get("revision_number", "") or "0", updated))),
        date=updated,
        url=url if _ADDRESS.fullmatch(url) else "",
    )
    if medicine.text.strip():
        yield Section(_SECTION, "IndicationsText", _LOCATOR, medicine.text)
    yield from _facts(medicine)


def _facts(medicine: _Medicine) -> Iterator[Item]:
    status = medicine.status.casefold()
    if status in _OPINION:
        yield Skip("an opinion, no decision yet", medicine.number)
        return
    if status not in {_IN_FORCE, _SUSPENDED, *_ENDED, *_NEVER}:
        yield Skip(f'the status "{medicine.status}", which is not known', medicine.number)
        return
    if status not in _NEVER:
        yield _authorisation(medicine)
    yield from _events(medicine)
    if status == _IN_FORCE:
        yield from _indications(medicine)


def _authorisation(medicine: _Medicine) -> Fact:
    """Return the authorisation, with a validity only where the row says that it holds, or until when it held."""
    decided, ended = medicine.day("marketing_authorisation_date"), medicine.day(_END)
    status = medicine.status.casefold()
    validity: dict[str, str] = {"observedOn": medicine.seen}
    if decided and status == _IN_FORCE:
        validity = {"validFrom": decided}
    elif decided and status in _ENDED and ended > decided:
        validity = {"validFrom": decided, "validUntil": ended}
    since = f" since {decided}" if decided and status == _IN_FORCE else f" (authorised on {decided})" if decided else ""
    return Fact(
        "ProductAuthorisation",
        "authorisation",
        f"EU: {medicine.name} ({medicine.number}) {status}{since}",
        {
            **_common(medicine),
            **validity,
            "decidedOn": decided,
            "applicationNumber": medicine.number,
            "holder": medicine.row.get("marketing_authorisation_developer_applicant_holder", ""),
            "authorisationStatus": medicine.status,
            "productName": medicine.name,
            "activeIngredient": medicine.row.get("active_substance", ""),
            "atcCode": _parts(medicine.row.get("atc_code_human", "")),
            "therapeuticArea": _parts(medicine.row.get("therapeutic_area_mesh", "")),
        },
        [Passage("columns Medicine status, Marketing authorisation date")],
    )


def _events(medicine: _Medicine) -> Iterator[Item]:
    """Yield what ended or refused it, with its day.

    A date counts only beside the status that it belongs to: authorised medicines that were never refused have a date of
    refusal (the day after the opinion).
    """
    status = medicine.status.casefold()
    stated = _ENDED.get(status) or _NEVER.get(status) or ("AuthorisationSuspended" if status == _SUSPENDED else "")
    found = set()
    days = {
        "refusal_of_marketing_authorisation_date": "ApplicationRefused",
        "withdrawal_of_application_date": "ApplicationWithdrawn",
        _END: _ENDED.get(status, "AuthorisationWithdrawn"),
        "suspension_of_marketing_authorisation_date": "AuthorisationSuspended",
    }
    for column, event in days.items():
        day = medicine.day(column)
        if not day:
            continue
        was_suspended = event == "AuthorisationSuspended" and status in _ENDED
        if event != stated and not was_suspended:
            yield Skip("a date that does not belong to the status", f"{medicine.number}, {column}")
            continue
        found.add(event)
        yield Fact(
            "RegulatoryEvent",
            f"event/{event}",
            f"EU: {medicine.name} ({medicine.number}): {_WORDS[event]} on {day}",
            {**_common(medicine), "eventType": event, "eventDate": day},
            [Passage(f"column {column.replace('_', ' ')}")],
        )
    if stated and stated not in found:
        yield Skip(f"{_WORDS[stated]}, without the day", medicine.number)


def _indications(medicine: _Medicine) -> Iterator[Item]:
    names = [medicine.name, *re.split(r"\s*\((?:previously\s+)?|\)", medicine.name), *medicine.treatment.names]
    names += _parts(medicine.row.get("active_substance", ""))
    found = find_indications(medicine.text, [name for name in names if name])
    if not found:
        yield Skip("no treated disease that the rules can tell", medicine.number)
    areas = _parts(medicine.row.get("therapeutic_area_mesh", ""))
    counts: dict[str, int] = {}
    for stated in found:
        for population in _populations(stated):
            base = re.sub(r"[\s/-]+", "-", stated.names[0].casefold())
            counts[base] = counts.get(base, 0) + 1
            quote = medicine.text[stated.start : min(stated.end, stated.start + _LONGEST_QUOTE)]
            yield Fact(
                "Indication",
                f"indication/{base}-{counts[base]}",
                f"EU: {medicine.name} for {stated.names[0]}{_in_words(population)}",
                {
                    **_common(medicine),
                    "disease": Mention("Disease", _disease_names(stated.names, areas)),
                    "population": [{"type": "Population", **population}] if population else [],
                    "observedOn": medicine.seen,
                },
                [Passage(f"column {_LOCATOR}", quote, _SECTION, stated.start, stated.start + len(quote))],
            )


def _common(medicine: _Medicine) -> dict[str, Any]:
    return {
        "treatment": medicine.treatment,
        "product": medicine.name,
        "jurisdiction": "EU",
        "authority": "EuropeanCommission",
    }


# --- who and what


def _treatment(row: Mapping[str, str]) -> Mention:
    """Return what is authorised; several active substances are no single one."""
    inn = next((row[key] for key in row if key.startswith("international_non_proprietary_name")), "")
    names = (inn, row.get("active_substance", ""), row.get("name_of_medicine", "").split(" (")[0])
    codes = _parts(row.get("atc_code_human", ""))
    ids = [f"atc:{codes[0]}"] if len(codes) == 1 and _ATC.fullmatch(codes[0]) else []
    return Mention("Treatment", tuple(dict.fromkeys(name for name in names if name)), ids)


def _populations(stated: Stated) -> Iterator[dict[str, Any]]:
    rest: dict[str, Any] = {}
    if stated.severities:
        rest["severity"] = list(stated.severities)
    if stated.weight and Decimal(stated.weight) > 0:
        rest["minWeightKg"] = Decimal(stated.weight)
    note = "; ".join(filter(None, (stated.state, f"{stated.who}, ages not given" if stated.who else "")))
    if note:
        rest["note"] = note
    for ages in stated.ages:
        yield {**ages.values(), **rest}
    if not stated.ages:
        yield rest


def _in_words(population: Mapping[str, Any]) -> str:
    words = []
    if "severity" in population:
        words.append(" or ".join(population["severity"]).lower())
    low, high = population.get("minAgeMonths"), population.get("maxAgeMonths")
    if low is not None or high is not None:
        words.append(f"from {_age(low or 0)}" + (f" to below {_age(high)}" if high is not None else ""))
    if "minWeightKg" in population:
        words.append(f"from {population['minWeightKg']} kg")
    if "note" in population:
        words.append(population["note"])
    return "".join(f", {word}" for word in words)


def _age(months: int) -> str:
    return f"{months // 12} years" if months % 12 == 0 else f"{months} months"


def _disease_names(names: Iterable[str], areas: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the text, in American spelling too, and the MeSH heading that says the same."""
    found = dict.fromkeys(names)
    for name in list(found):
        american = name
        for british, other in _AMERICAN.items():
            american = american.replace(british, other)
        found[american] = None
    for area in areas:
        turned = " ".join(reversed(area.split(", ")))
        if any(_plain(turned) == _plain(name) for name in found):
            found |= {turned: None, area: None}
    return tuple(found)


def _plain(name: str) -> str:
    return re.sub(r"['\u2019]s\b|[^a-z0-9]", "", name.casefold())


# --- values


def _key(column: str) -> str:
    """Return the name of a column as the JSON report writes it: lower case, with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", column.casefold()).strip("_")


def _text(value: object) -> str:
    if isinstance(value, list):
        return ";".join(filter(None, map(_text, value)))
    if value is None or isinstance(value, (bool, Mapping)):
        return ""
    if isinstance(value, (float, Decimal)) and value == int(value):
        value = int(value)
    return " ".join(str(value).replace("&nbsp;", " ").replace("&amp;", "&").split())


def _verbatim(row: Mapping[str, Any]) -> str:
    value = next((value for column, value in row.items() if _key(column) == "therapeutic_indication"), "")
    if isinstance(value, list):
        return "\n".join(one for one in value if isinstance(one, str))
    return value if isinstance(value, str) else ""


def _parts(joined: str) -> list[str]:
    return [part.strip() for part in joined.split(";") if part.strip()]


def _day(text: str) -> str:
    day, precision = dates.day(text)
    return "" if precision else day
