"""DailyMed SPL documents: sections of labels with what is certain in them, and pharmacologic classes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from treatkg.loading import dates
from treatkg.loading.items import Document, Fact, Item, Mention, Passage, Record, Skip
from treatkg.loading.nodes import Node
from treatkg.loading.text import label_products, label_rules
from treatkg.loading.text.label_rules import Label, LabelSection

# LOINC code of a section -> kind of its text, and the name that its passages go by.
_SECTIONS = {
    "34066-1": ("BoxedWarningText", "boxed-warning"),
    "34067-9": ("IndicationsText", "indications"),
    "34068-7": ("DosageText", "dosage"),
    "34070-3": ("ContraindicationsText", "contraindications"),
    "43685-7": ("WarningsText", "warnings"),
    "34071-1": ("WarningsText", "warnings"),
    "42232-9": ("WarningsText", "precautions"),
    "34084-4": ("AdverseReactionsText", "adverse-reactions"),
    "34073-7": ("InteractionsText", "interactions"),
    "43684-0": ("PopulationsText", "populations"),
    "42228-7": ("PregnancyText", "pregnancy"),
    "34077-8": ("PregnancyText", "pregnancy"),
    "53414-9": ("PregnancyText", "pregnancy"),
    "34080-2": ("BreastFeedingText", "breast-feeding"),
    "77290-5": ("BreastFeedingText", "breast-feeding"),
    "34081-0": ("PediatricUseText", "pediatric-use"),
    "34082-8": ("GeriatricUseText", "geriatric-use"),
    "34089-3": ("DescriptionText", "description"),
    "34090-1": ("ClinicalPharmacologyText", "clinical-pharmacology"),
    "43679-0": ("MechanismText", "mechanism"),
    "43681-6": ("ClinicalPharmacologyText", "pharmacodynamics"),
    "34092-7": ("ClinicalStudiesText", "clinical-studies"),
    "55105-1": ("OtherText", "purpose"),
    "50570-1": ("DoNotUseText", "do-not-use"),
    "50569-3": ("AskDoctorText", "ask-doctor"),
    "50568-5": ("AskDoctorText", "ask-doctor-or-pharmacist"),
    "50567-7": ("WarningsText", "when-using"),
    "50566-9": ("WarningsText", "stop-use"),
}
_UNCLASSIFIED = "42229-5"
_BOX = "34066-1"
_CONTRAINDICATIONS = "34070-3"
_CLASSES = "60685-5"
_LABEL = re.compile(
    r"\bhuman\b.*\blabel\b|\bvaccine\b|\bplasma derivative\b|\bcellular therapy\b|\ballergenic\b", re.IGNORECASE
)
_LABELS = {"34391-3": False, "34390-5": True}
_NUMBER = re.compile(r"^(\d{1,2}(?:\.\d{1,2})*)\.?\s+")
_BLOCKS = {"paragraph", "list", "item", "table", "caption", "footnote", "title"}
_ACTIVE = {"ACTIB", "ACTIM", "ACTIR"}
_UNII_SYSTEM = "2.16.840.1.113883.4.9"
_NUI_SYSTEM = "2.16.840.1.113883.3.26.1.5"
_CLASS_KINDS = {
    "EPC": "EstablishedPharmacologicClass",
    "MOA": "MechanismClass",
    "PE": "PhysiologicEffectClass",
    "CS": "ChemicalStructureClass",
    "CHEMICAL/INGREDIENT": "ChemicalStructureClass",
}
_DAILYMED = "https://dailymed.nlm.nih.gov/dailymed/drugInfo.cfm?setid="


def transform(record: Record) -> Iterator[Item]:
    """Return the document of one SPL document, its sections and its facts."""
    document: Node = record.data
    code, kind = document.value("code", attribute="code"), document.value("code", attribute="displayName")
    set_id = document.value("setId", attribute="root")
    if not set_id:
        yield Skip("a document without setId", record.where)
    elif code == _CLASSES:
        yield from _classes(document, set_id)
    elif code in _LABELS or _LABEL.search(kind):
        yield from _label(document, set_id, lay=_LABELS.get(code, "OTC" in kind.upper()))
    else:
        yield Skip(f"no label of a drug for humans: {kind or code or 'a document without code'}", record.where)


# --- labels


def _label(document: Node, set_id: str, *, lay: bool) -> Iterator[Item]:
    products = _products(document)
    brands = [_name(product.node("name")) for product in products]
    generics = [
        name.text() for product in products for name in product.nodes("asEntityWithGeneric", "genericMedicine", "name")
    ]
    substances, uniis = _active(products)
    named = label_products.product(brands, generics, substances, uniis)
    numbers = [number.get("extension") for one in document.every("approval") for number in one.nodes("id")]
    licensed = any(label_products.is_licence(number) for number in numbers)
    day, precision = dates.day(document.value("effectiveTime", attribute="value"))
    distinct = list(dict.fromkeys(brand for brand in brands if brand))
    label = Label(
        product=named,
        sections=list(_sections(document)),
        jurisdiction="US",
        authority="FDA" if licensed else "",
        licensed=licensed,
        over_the_counter=lay,
        values={
            "observedOn": day,
            "observedOnPrecision": precision,
            "route": label_products.route(route.get("displayName") for route in document.every("routeCode")),
            "product": distinct[0] if len(distinct) == 1 else "",
        },
    )
    yield _document(document, set_id, label_products.title(distinct, generics) or label.name)
    yield from label_rules.items(label)


def _document(document: Node, set_id: str, title: str) -> Document:
    day, precision = dates.day(document.value("effectiveTime", attribute="value"))
    holder = document.value("author", "assignedEntity", "representedOrganization", "name")
    return Document(
        key=set_id,
        title=title,
        version=document.value("versionNumber", attribute="value"),
        date=day,
        precision=precision,
        url=_DAILYMED + set_id,
        values={"holder": holder},
    )


def _products(document: Node) -> list[Node]:
    """Return the products of a label; of a kit its parts too, but for those that are under no approval of their own.

    A kit of an approved drug holds alcohol pads under a monograph; where nothing is approved, all parts count.
    """
    outer = [
        inner
        for subject in document.every("manufacturedProduct")
        for inner in subject.nodes()
        if inner.tag in {"manufacturedProduct", "manufacturedMedicine"}
    ]
    parts = [part for kit in outer for part in kit.every("partProduct", "partMedicine")]
    everything = [*outer, *parts]
    approved = [one for one in parts if not _is_monograph(document, one)]
    return [*outer, *approved] if len(approved) < len(parts) and approved else everything


def _is_monograph(document: Node, part: Node) -> bool:
    """Return whether a part of a kit has an approval of its own that is no application (NDA, ANDA, BLA)."""
    for kit in document.every("part"):
        if any(one is part for one in kit.every("partProduct", "partMedicine")):
            numbers = [number.get("extension") for one in kit.every("approval") for number in one.nodes("id")]
            return bool(numbers) and not any(label_products.is_licence(number) for number in numbers)
    return False


def _active(products: list[Node]) -> tuple[list[str], list[str]]:
    """Return names and UNIIs of the active ingredients."""
    names, codes = [], []
    for product in products:
        for ingredient in [*product.nodes("ingredient"), *product.nodes("activeIngredient")]:
            substance = ingredient.node("ingredientSubstance") or ingredient.node("activeIngredientSubstance")
            if substance is None or (ingredient.tag == "ingredient" and ingredient.get("classCode") not in _ACTIVE):
                continue
            names.append(substance.value("name"))
            if substance.value("code", attribute="codeSystem") == _UNII_SYSTEM:
                codes.append(substance.value("code", attribute="code"))
    return names, codes


def _name(name: Node | None) -> str:
    """Return the name of a product; its suffix ("Childrens Night Time") is part of it, after a space."""
    if name is None:
        return ""
    suffix = name.value("suffix")
    bare = " ".join("".join(part for part in name.content if isinstance(part, str)).split())
    return f"{bare} {suffix}".strip()


# --- sections


def _sections(document: Node) -> Iterator[LabelSection]:
    """Return the sections that are read; what has no title of its own goes on with the titled one around it."""
    counts: Counter[str] = Counter()
    for body in document.nodes("component", "structuredBody"):
        for section in body.nodes("component", "section"):
            for kind, name, title, blocks in _walk(section, "", ""):
                text = "\n\n".join([*([title] if title else []), *blocks])
                found = _NUMBER.match(title)
                number = found[1] if found and "." in found[1] else ""
                # A numbered contraindication may be no more than its title.
                if not blocks and not (number and kind == "ContraindicationsText"):
                    continue
                full = f"{name}-{number}" if number else name
                counts[full] += 1
                yield LabelSection(
                    kind=kind,
                    name=full if counts[full] == 1 else f"{full}-{counts[full]}",
                    locator=title or name.replace("-", " ").capitalize(),
                    text=text,
                    title=_NUMBER.sub("", title),
                )


def _walk(section: Node, kind: str, name: str) -> Iterator[tuple[str, str, str, list[str]]]:
    """Return a section and its titled subsections: kind, name, title, blocks of text.

    A subsection has the kind of its own code; the unclassified ones, and all of the contraindications, that of the
    section around them. A box within a section other than the warnings is a layout, such as of doses, and no warning.
    """
    code = section.value("code", attribute="code")
    boxed = code == _BOX and kind not in {"", "WarningsText", "BoxedWarningText"}
    if kind != "ContraindicationsText" and not boxed:
        kind, name = _SECTIONS.get(code, (kind, name) if code in {_UNCLASSIFIED, ""} else ("", ""))
    title = section.value("title")
    blocks = _blocks(section.node("text"))
    below: list[tuple[str, str, str, list[str]]] = []
    for child in section.nodes("component", "section"):
        for found in _walk(child, kind, name):
            same = not found[2] and found[:2] == (kind, name) and kind
            if same and not below:
                blocks += found[3]
            elif same and below[-1][:2] == (kind, name):
                below[-1][3].extend(found[3])
            else:
                below.append(found)
    if kind:
        yield kind, name, title, blocks
    yield from below


def _blocks(text: Node | None) -> list[str]:
    """Return the paragraphs, list items and table rows of a section's text, in order, with single spaces."""
    if text is None:
        return []
    found: list[str] = []
    _collect(text, found)
    return [block for block in found if block]


def _collect(node: Node, found: list[str]) -> None:
    line: list[str] = []

    def flush() -> None:
        found.append(" ".join("".join(line).split()))
        line.clear()

    for part in node.content:
        if isinstance(part, str):
            line.append(part)
        elif part.tag == "tr":
            flush()
            found.append(" | ".join(cell.text() for cell in part.nodes() if cell.tag in {"td", "th"}))
        elif part.tag == "br":
            line.append(" ")
        elif part.tag in _BLOCKS or any(True for _ in part.every(*_BLOCKS, "tr")):
            flush()
            _collect(part, found)
        elif part.tag != "renderMultiMedia":
            line.append(part.text() if part.tag != "content" else _inline(part))
    flush()


def _inline(node: Node) -> str:
    """Return text with the spaces at its ends, which part it from its neighbours."""
    return "".join(
        part if isinstance(part, str) else " " if part.tag == "br" else _inline(part) for part in node.content
    )


# --- pharmacologic classes


def _classes(document: Node, set_id: str) -> Iterator[Item]:
    title = document.value("title") or "Pharmacologic class indexing"
    yield _document(document, set_id, title)
    day, precision = dates.day(document.value("effectiveTime", attribute="value"))
    for substance in document.every("identifiedSubstance"):
        unii = substance.value("code", attribute="code")
        if substance.value("code", attribute="codeSystem") != _UNII_SYSTEM:
            continue
        name = substance.value("name") or unii
        treatment = Mention("Treatment", [name], [f"unii:{unii}"])
        for coded in substance.nodes("asSpecializedKind", "generalizedMaterialKind", "code"):
            yield _class(coded, name, treatment, {"observedOn": day, "observedOnPrecision": precision})


def _class(coded: Node, name: str, treatment: Mention, values: dict[str, str]) -> Fact | Skip:
    shown, code = coded.get("displayName"), coded.get("code")
    ending = re.search(r"\s*\[([^\]]+)\]\s*$", shown)
    kind = _CLASS_KINDS.get(ending[1].strip().upper(), "") if ending else ""
    if coded.get("codeSystem") != _NUI_SYSTEM or not kind:
        return Skip(f"a class that is not of EPC, MoA, PE or CS: {ending[1] if ending else 'without a kind'}")
    return Fact(
        "PharmacologicClass",
        f"pharmacologic-class/{treatment.ids[0].removeprefix('unii:')}-{code}",
        f"{name} is of the pharmacologic class {shown}",
        {
            "treatment": treatment,
            "pharmacologicClass": Mention("Thing", [shown], [f"nui:{code}"]),
            "classKind": kind,
            **values,
        },
        [Passage(f"identifiedSubstance {treatment.ids[0]}, generalizedMaterialKind {code}", shown)],
    )
