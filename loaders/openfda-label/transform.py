"""openFDA drug label records: sections of text, and what is certain in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from treatkg.loading import dates
from treatkg.loading.items import Document, Item, Record, Skip
from treatkg.loading.text import label_products, label_rules
from treatkg.loading.text.label_rules import Label, LabelSection

# Key of the record -> kind of section, and how it is cited.
_SECTIONS = {
    "boxed_warning": ("BoxedWarningText", "Boxed warning"),
    "indications_and_usage": ("IndicationsText", "Indications and usage"),
    "dosage_and_administration": ("DosageText", "Dosage and administration"),
    "contraindications": ("ContraindicationsText", "Contraindications"),
    "warnings_and_cautions": ("WarningsText", "Warnings and precautions"),
    "warnings": ("WarningsText", "Warnings"),
    "precautions": ("WarningsText", "Precautions"),
    "general_precautions": ("WarningsText", "General precautions"),
    "adverse_reactions": ("AdverseReactionsText", "Adverse reactions"),
    "drug_interactions": ("InteractionsText", "Drug interactions"),
    "drug_and_or_laboratory_test_interactions": ("InteractionsText", "Drug and laboratory test interactions"),
    "use_in_specific_populations": ("PopulationsText", "Use in specific populations"),
    "pregnancy": ("PregnancyText", "Pregnancy"),
    "teratogenic_effects": ("PregnancyText", "Teratogenic effects"),
    "nonteratogenic_effects": ("PregnancyText", "Nonteratogenic effects"),
    "pregnancy_or_breast_feeding": ("PregnancyText", "If pregnant or breast-feeding"),
    "lactation": ("BreastFeedingText", "Lactation"),
    "nursing_mothers": ("BreastFeedingText", "Nursing mothers"),
    "pediatric_use": ("PediatricUseText", "Pediatric use"),
    "geriatric_use": ("GeriatricUseText", "Geriatric use"),
    "description": ("DescriptionText", "Description"),
    "clinical_pharmacology": ("ClinicalPharmacologyText", "Clinical pharmacology"),
    "mechanism_of_action": ("MechanismText", "Mechanism of action"),
    "pharmacodynamics": ("ClinicalPharmacologyText", "Pharmacodynamics"),
    "clinical_studies": ("ClinicalStudiesText", "Clinical studies"),
    "purpose": ("OtherText", "Purpose"),
    "do_not_use": ("DoNotUseText", "Do not use"),
    "ask_doctor": ("AskDoctorText", "Ask a doctor before use"),
    "ask_doctor_or_pharmacist": ("AskDoctorText", "Ask a doctor or pharmacist before use"),
    "when_using": ("WarningsText", "When using this product"),
    "stop_use": ("WarningsText", "Stop use and ask a doctor"),
}
_LAY = {"do_not_use", "ask_doctor", "ask_doctor_or_pharmacist", "stop_use", "purpose", "keep_out_of_reach_of_children"}
_NUMBERED = re.compile(r"\s*(\d{1,2}(?:\.\d{1,2})?)\s+[A-Z]{2}")
_DAILYMED = "https://dailymed.nlm.nih.gov/dailymed/drugInfo.cfm?setid="
_OTHER_PRODUCT = "the openfda block is of another label (its spl_set_id is not the set_id): the block is not read"
_NO_BLOCK = "no openfda block: the product is named by the first words of spl_product_data_elements"
_LONGEST_NAME = 8


def transform(record: Record) -> Iterator[Item]:
    """Return the document of one label record, its sections and its facts."""
    data = record.data
    if not isinstance(data, dict):
        yield Skip("a record that is no object", record.where)
        return
    set_id = next(iter(_texts(data.get("set_id"))), "")
    if not re.fullmatch(r"[0-9A-Za-z-]{8,64}", set_id):
        yield Skip("a record without set_id (a reply of chosen fields or counts)", record.where)
        return
    block, reason = _block(data, set_id)
    label = _label(data, block)
    yield _document(data, block, label, set_id, reason)
    if reason:
        yield Skip(reason, record.where)
    yield from label_rules.items(label)


def _block(data: dict[str, Any], set_id: str) -> tuple[dict[str, Any], str]:
    """Return the openfda block, and why it is not read where it is not."""
    block = data.get("openfda")
    if not isinstance(block, dict) or not any(_texts(value) for value in block.values()):
        return {}, _NO_BLOCK
    owners = {owner.lower() for owner in _texts(block.get("spl_set_id"))}
    if owners and set_id.lower() not in owners:
        return {}, _OTHER_PRODUCT
    return block, ""


def _label(data: dict[str, Any], block: dict[str, Any]) -> Label:
    brands, generics = _texts(block.get("brand_name")), _texts(block.get("generic_name"))
    if not brands and not generics:
        brands, generics = _first_words(data)
    numbers = _texts(block.get("application_number"))
    licensed = any(label_products.is_licence(number) for number in numbers)
    kinds = " ".join(_texts(block.get("product_type"))).upper()
    day, precision = _day(data)
    return Label(
        product=label_products.product(
            brands, generics, _texts(block.get("substance_name")), _texts(block.get("unii"))
        ),
        sections=list(_sections(data)),
        jurisdiction="US",
        authority="FDA" if licensed else "",
        licensed=licensed or not block,
        over_the_counter="OTC" in kinds or (not kinds and bool(_LAY & data.keys())),
        values={
            "observedOn": day,
            "observedOnPrecision": precision,
            "route": label_products.route(_texts(block.get("route"))),
            "product": brands[0] if len(brands) == 1 else "",
        },
    )


def _document(data: dict[str, Any], block: dict[str, Any], label: Label, set_id: str, reason: str) -> Document:
    brands, generics = _texts(block.get("brand_name")), _texts(block.get("generic_name"))
    day, precision = _day(data)
    notes = [reason[:1].upper() + reason[1:] + "."] if reason else []
    if block and True not in _flags(block.get("is_original_packager")):
        notes.append("The holder is a repackager or relabeller, not the original packager.")
    return Document(
        key=set_id,
        title=label_products.title(brands, generics) or label.name,
        version=next(iter(_texts(data.get("version"))), ""),
        date=day,
        precision=precision,
        url=_DAILYMED + set_id,
        values={"holder": _texts(block.get("manufacturer_name")), "note": " ".join(notes)},
    )


def _sections(data: dict[str, Any]) -> Iterator[LabelSection]:
    for key, (kind, cited) in _SECTIONS.items():
        texts = [text for text in _texts(data.get(key), strip=False) if text.strip()]
        for number, text in enumerate(texts, start=1):
            numbered = _NUMBERED.match(text)
            locator = f"{numbered[1]} {cited}" if numbered else cited
            name = key.replace("_", "-")
            if number > 1:
                locator, name = f"{locator} ({number})", f"{name}-{number}"
            yield LabelSection(kind, name, locator, text)


def _first_words(data: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return brand and generic name from the product data, which begin with them ("Dupixent dupilumab DUPILUMAB")."""
    words = " ".join(_texts(data.get("spl_product_data_elements"))).split()
    folded = [word.casefold() for word in words]
    for begin in range(min(4, len(words))):
        for length in range(_LONGEST_NAME, 0, -1):
            end = begin + length
            if len(words) >= end + length and folded[begin:end] == folded[end : end + length]:
                generic = " ".join(words[begin:end])
                return [" ".join(words[:begin])] if begin else [generic], [generic]
    return [" ".join(words[:_LONGEST_NAME])] if words else [], []


def _day(data: dict[str, Any]) -> tuple[str, str]:
    return dates.day(next(iter(_texts(data.get("effective_time"))), ""))


def _texts(value: object, *, strip: bool = True) -> list[str]:
    """Return the texts of a value that is a list, one text or number, or nothing."""
    found = value if isinstance(value, list) else [value]
    texts = [str(one) for one in found if isinstance(one, (str, int)) and not isinstance(one, bool)]
    return [text.strip() for text in texts if text.strip()] if strip else texts


def _flags(value: object) -> list[bool]:
    return [one in {True, "true", "True"} for one in (value if isinstance(value, list) else [value])]
