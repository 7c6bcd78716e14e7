"""From an application of Drugs@FDA to its authorisation and to the decisions on its submissions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from treatkg.loading import dates
from treatkg.loading.items import Document, Fact, Item, Mention, Passage, Record, Skip

_TYPES = {"N": "NDA", "A": "ANDA", "B": "BLA", "NDA": "NDA", "ANDA": "ANDA", "BLA": "BLA"}
_NUMBER = re.compile(r"(NDA|ANDA|BLA|N|A|B)[\s-]*([0-9]{1,6})", re.IGNORECASE)
_UNKNOWN_DAY = "1900-01-01"
_OFF_THE_MARKET = {"discontinued", "none (tentative approval)"}
# Supplements that change the text, the making or the safety programme of a product, not what is authorised.
_NOT_READ = {"LABELING", "MANUF (CMC)", "REMS"}
# The four letters that the FDA adds to the name of a biological product tell makers apart, not substances.
_SUFFIX = re.compile(r"(?<=[a-z]{3})-[a-z]{4}$", re.IGNORECASE)
_PAGE = "https://www.accessdata.fda.gov/scripts/cder/daf/index.cfm?event=overview.process&ApplNo="


@dataclass(frozen=True, slots=True)
class _Product:
    number: str
    name: str
    ingredient: str
    form: str
    strength: str
    statuses: tuple[str, ...]

    def is_off_the_market(self) -> bool:
        return bool(self.statuses) and all(status.casefold() in _OFF_THE_MARKET for status in self.statuses)


@dataclass(frozen=True, slots=True)
class _Submission:
    type: str
    number: str
    status: str
    date: str
    kind: str
    priority: str
    documents: tuple[str, ...]
    where: str

    def is_approval(self) -> bool:
        return self.type == "ORIG" and self.status == "AP"


@dataclass(frozen=True, slots=True)
class _Application:
    number: str
    sponsor: str
    products: tuple[_Product, ...]
    submissions: tuple[_Submission, ...]
    where: str


def transform(record: Record) -> Iterator[Item]:
    """Yield the application with an authorisation for each active ingredient, and the decisions on its submissions."""
    if record.kind == "broken":
        yield Skip(f"a broken row of {record.data['table']}", f"{record.where}: {record.data['problem']}")
        return
    if not isinstance(record.data, Mapping):
        yield Skip("not an application", record.where)
        return
    found = _of_json(record) if "application_number" in record.data else _of_tables(record)
    if isinstance(found, Skip):
        yield found
        return
    if not found.products:
        yield Skip("an application without products", found.number)
        return
    names = _distinct(product.name for product in found.products)
    digits = found.number.lstrip("ABDLN")
    yield Document(found.number, f"{', '.join(names[:3]) or 'unnamed'} ({found.number})", url=_PAGE + digits)
    groups: dict[str, list[_Product]] = {}
    for product in found.products:
        groups.setdefault(_key(product.ingredient), []).append(product)
    for products in groups.values():
        part = f"/{products[0].ingredient.replace('/', '-')}" if len(groups) > 1 else ""
        yield from _authorisation(found, products, part, _text(record.header.get("modified")))
        yield from _decisions(found, products, part)
    for submission in found.submissions:
        if _is_not_read(submission):
            yield Skip(f"a supplement of the class {submission.kind}", found.number)


# --- the two layouts


def _of_tables(record: Record) -> _Application | Skip:
    data = record.data
    applications = _rows(data.get("Applications"))
    if not applications:
        return Skip("rows of no application", record.where)
    first = applications[0]
    kind = _TYPES.get(_text(first.get("ApplType")).upper())
    number = _text(first.get("ApplNo"))
    if not kind or not number:
        return Skip("an application of unknown type", record.where)
    products = tuple(_table_products(data, record.header.get("marketingStatus", {})))
    submissions = tuple(_table_submissions(data, record.header.get("submissionClass", {})))
    return _Application(kind + number, _text(first.get("SponsorName")), products, submissions, record.where)


def _table_products(data: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[_Product]:
    statuses: dict[str, list[str]] = {}
    for row in _rows(data.get("MarketingStatus")):
        code = _text(row.get("MarketingStatusID"))
        statuses.setdefault(_text(row.get("ProductNo")), []).append(names.get(code, f"status {code}"))
    for row in _rows(data.get("Products")):
        yield _Product(
            number=_text(row.get("ProductNo")),
            name=_text(row.get("DrugName")),
            ingredient=_text(row.get("ActiveIngredient")),
            form=_text(row.get("Form")),
            strength=_text(row.get("Strength")),
            statuses=_distinct(statuses.get(_text(row.get("ProductNo")), ())),
        )


def _table_submissions(data: Mapping[str, Any], classes: Mapping[str, str]) -> Iterator[_Submission]:
    documents: dict[tuple[str, str], list[str]] = {}
    for row in _rows(data.get("ApplicationDocs")):
        key = (_text(row.get("SubmissionType")).upper(), _text(row.get("SubmissionNo")))
        documents.setdefault(key, []).append(_text(row.get("ApplicationDocsURL")))
    for row in _rows(data.get("Submissions")):
        key = (_text(row.get("SubmissionType")).upper(), _text(row.get("SubmissionNo")))
        yield _Submission(
            type=key[0],
            number=key[1],
            status=_text(row.get("SubmissionStatus")).upper(),
            date=_day(row.get("SubmissionStatusDate")),
            kind=classes.get(_text(row.get("SubmissionClassCodeID")), ""),
            priority=_text(row.get("ReviewPriority")),
            documents=_addresses(documents.get(key, ())),
            where=f"Submissions {key[0]}-{key[1]}",
        )


def _of_json(record: Record) -> _Application | Skip:
    found = _NUMBER.fullmatch(_text(record.data.get("application_number")).strip())
    if not found:
        return Skip("an application of unknown type", record.where)
    products = tuple(map(_json_product, _rows(record.data.get("products"))))
    submissions = tuple(
        _json_submission(row, f"{record.where}.submissions[{place}]")
        for place, row in enumerate(_rows(record.data.get("submissions")))
    )
    number = _TYPES[found[1].upper()] + found[2].zfill(6)
    return _Application(number, _text(record.data.get("sponsor_name")), products, submissions, record.where)


def _json_product(row: Mapping[str, Any]) -> _Product:
    ingredients = _rows(row.get("active_ingredients"))
    return _Product(
        number=_text(row.get("product_number")),
        name=_text(row.get("brand_name")),
        ingredient="; ".join(filter(None, (_text(one.get("name")) for one in ingredients))),
        form=";".join(filter(None, (_text(row.get("dosage_form")), _text(row.get("route"))))),
        strength=";".join(filter(None, (_text(one.get("strength")) for one in ingredients))),
        statuses=_distinct([_text(row.get("marketing_status"))]),
    )


def _json_submission(row: Mapping[str, Any], where: str) -> _Submission:
    return _Submission(
        type=_text(row.get("submission_type")).upper(),
        number=_text(row.get("submission_number")),
        status=_text(row.get("submission_status")).upper(),
        date=_day(row.get("submission_status_date")),
        kind=_text(row.get("submission_class_code")).upper(),
        priority=_text(row.get("review_priority")),
        documents=_addresses(_text(one.get("url")) for one in _rows(row.get("application_docs"))),
        where=where,
    )


# --- facts


def _authorisation(application: _Application, products: Sequence[_Product], part: str, seen: str) -> Iterator[Item]:
    originals = [one for one in application.submissions if one.type == "ORIG"]
    approvals = [one for one in originals if one.is_approval()]
    statuses = _distinct(status for product in products for status in product.statuses)
    if originals and not approvals:
        yield Skip("the original submission is not approved (tentative approval)", application.number)
        return
    is_tentative = all("tentative" in status.casefold() for status in statuses)
    if not approvals and is_tentative:
        yield Skip("neither an approved submission nor a product on the market", application.number)
        return
    days = [one.date for one in approvals]
    decided = min(days) if days and all(days) else ""
    is_marketed = not all(product.is_off_the_market() for product in products)
    observed, _ = dates.day(seen)
    name = products[0].name or products[0].ingredient
    values = {
        "treatment": _mention(products),
        "product": _distinct(product.name for product in products),
        "jurisdiction": "US",
        "authority": "FDA",
        "applicationNumber": application.number,
        "holder": application.sponsor,
        "decidedOn": decided,
        # A product that is off the market may have lost its approval: the table does not say when.
        **({"validFrom": decided} if decided and is_marketed else {"observedOn": observed}),
        "activeIngredient": _distinct(product.ingredient for product in products),
        "marketingStatus": statuses,
        "authorisedProduct": [_product(product) for product in products],
    }
    when = f"approved on {decided}" if decided else "listed without the day of its approval"
    market = "" if is_marketed else f", now {' or '.join(statuses).lower()}"
    where = ", ".join(["Applications, Products", *(one.where for one in approvals)])
    yield Fact(
        "ProductAuthorisation",
        f"authorisation{part}",
        f"US: {name} ({application.number}) {when}{market}",
        values,
        [Passage(where if "[" not in application.where else application.where)],
    )


def _product(product: _Product) -> dict[str, Any]:
    return {
        "type": "AuthorisedProduct",
        "label": " ".join(filter(None, (product.name, product.strength, product.form))) or product.number,
        "productNumber": product.number,
        "productName": product.name,
        "activeIngredient": product.ingredient,
        "dosageForm": product.form,
        "productStrength": product.strength,
        "marketingStatus": list(product.statuses),
    }


def _decisions(application: _Application, products: Sequence[_Product], part: str) -> Iterator[Item]:
    seen: dict[str, int] = {}
    for submission in application.submissions:
        if _is_not_read(submission):
            continue
        short = f"{submission.type or 'submission'}-{submission.number or 'unnumbered'}".replace("/", "-")
        seen[short] = seen.get(short, 0) + 1
        again = f"-{seen[short]}" if seen[short] > 1 else ""
        word = {"AP": "approved", "TA": "tentatively approved"}.get(submission.status, submission.status or "listed")
        when = f" on {submission.date}" if submission.date else ""
        name = products[0].name or products[0].ingredient
        kind = f" ({submission.kind})" if submission.kind else ""
        yield Fact(
            "SubmissionDecision",
            f"submission/{short}{again}{part}",
            f"US: {name} ({application.number}) {submission.type}-{submission.number}{kind} {word}{when}",
            {
                "treatment": _mention(products),
                "product": _distinct(product.name for product in products),
                "jurisdiction": "US",
                "authority": "FDA",
                "applicationNumber": application.number,
                "submissionType": submission.type,
                "submissionNumber": submission.number,
                "submissionClass": submission.kind,
                "submissionStatus": submission.status,
                "decidedOn": submission.date,
                "reviewPriority": submission.priority,
                "publication": list(submission.documents),
            },
            [Passage(submission.where)],
        )


def _is_not_read(submission: _Submission) -> bool:
    return submission.type == "SUPPL" and submission.kind in _NOT_READ


def _mention(products: Sequence[_Product]) -> Mention:
    """Return what is authorised: by the brand, else by the ingredient; several ingredients are no single substance."""
    ingredient = products[0].ingredient
    parts = [_key(part) for part in ingredient.split(";")]
    brands = [name for name in _distinct(product.name for product in products) if name]
    if len(parts) > 1:
        # "HYDROCORTISONE" may name a product of hydrocortisone and acetic acid.
        return Mention("Treatment", [*(name for name in brands if _key(name) not in parts), ingredient])
    return Mention("Treatment", _distinct([*brands, ingredient, _SUFFIX.sub("", ingredient)]))


# --- values


def _rows(value: object) -> list[Mapping[str, Any]]:
    """Return the nodes of a list; one node may stand without a list, and none may be null or absent."""
    found = value if isinstance(value, list) else [value]
    return [row for row in found if isinstance(row, Mapping)]


def _text(value: object) -> str:
    if isinstance(value, list):
        return ";".join(filter(None, map(_text, value)))
    return "" if value is None or isinstance(value, (bool, Mapping)) else str(value).strip()


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _day(value: object) -> str:
    day, precision = dates.day(_text(value))
    return "" if precision or day == _UNKNOWN_DAY else day


def _addresses(values: Iterable[str]) -> tuple[str, ...]:
    return _distinct(value for value in values if value.startswith(("http://", "https://")))
