"""DailyMed SPL: labels with their numbered subsections, kits, labels for lay people, pharmacologic classes."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg import loading, resources
from treatkg.errors import BadInputError, LimitError
from treatkg.loading import Check, Options, inputs
from treatkg.loading.items import Document, Fact, Item, Mention, Section, Skip

SOURCE = loading.find(str(resources.LOADERS / "dailymed-spl"))
SET_ID = "0f0f0f0f-1111-2222-3333-444444444444"
LOINC = 'codeSystem="2.16.840.1.113883.6.1"'


def section(code: str, title: str = "", text: str = "", inner: str = "", excerpt: str = "") -> str:
    head = f"<title>{title}</title>" if title else ""
    body = f"<text>{text}</text>" if text else ""
    short = f"<excerpt><highlight><text>{excerpt}</text></highlight></excerpt>" if excerpt else ""
    below = "".join(f"<component>{one}</component>" for one in inner.split("@@") if one)
    return f'<section><code code="{code}" {LOINC}/>{head}{body}{short}{below}</section>'


def ingredient(name: str, unii: str, kind: str = "ACTIB") -> str:
    code = f'<code code="{unii}" codeSystem="2.16.840.1.113883.4.9"/>'
    substance = f"<ingredientSubstance>{code}<name>{name}</name></ingredientSubstance>"
    return f'<ingredient classCode="{kind}">{substance}</ingredient>'


def approval(number: str) -> str:
    return f'<subjectOf><approval><id extension="{number}" root="2.16.840.1.113883.3.150"/></approval></subjectOf>'


def product(
    name: str = "Zonib", generic: str = "zonimab", ingredients: str = "", number: str = "BLA761999", inner: str = ""
) -> str:
    called = f"<asEntityWithGeneric><genericMedicine><name>{generic}</name></genericMedicine></asEntityWithGeneric>"
    route = '<substanceAdministration><routeCode displayName="SUBCUTANEOUS"/></substanceAdministration>'
    substances = ingredients or ingredient("ZONIMAB", "0123456789") + ingredient("WATER", "059QF0KO0R", "IACT")
    return (
        f"<subject><manufacturedProduct><manufacturedProduct><name>{name}</name>{called}{substances}{inner}"
        f"</manufacturedProduct>{approval(number)}<consumedIn>{route}</consumedIn></manufacturedProduct></subject>"
    )


def spl(
    *sections: str,
    products: str | None = None,
    code: str = "34391-3",
    shown: str = "HUMAN PRESCRIPTION DRUG LABEL",
    version: str = "1560",
) -> str:
    data = f'<section><code code="48780-1" {LOINC}/>{product() if products is None else products}</section>'
    body = "".join(f"<component>{one}</component>" for one in (data, *sections))
    return (
        '<document xmlns="urn:hl7-org:v3"><id root="99999999-1111-2222-3333-444444444444"/>'
        f'<code code="{code}" {LOINC} displayName="{shown}"/><title>Highlights</title><effectiveTime value="20250131"/>'
        f'<setId root="{SET_ID}"/><versionNumber value="{version}"/><author><assignedEntity><representedOrganization>'
        "<name>Zoni Inc.</name></representedOrganization></assignedEntity></author>"
        f"<component><structuredBody>{body}</structuredBody></component></document>"
    )


PRURIGO = "ZONIB is indicated for the treatment of adults with prurigo nodularis."
INDICATIONS = section(
    "34067-9",
    "1 INDICATIONS AND USAGE",
    inner=section(
        "42229-5",
        "1.1 Atopic Dermatitis",
        "<paragraph>ZONIB is indicated for the treatment of adults and pediatric patients 12 years\n   of age and "
        'older with <content styleCode="bold">moderate-to-severe</content> atopic dermatitis.</paragraph>',
    )
    + "@@"
    + section("42229-5", "1.2 Prurigo Nodularis", f"<paragraph>{PRURIGO}</paragraph>"),
    excerpt="<paragraph>ZONIB is indicated for the treatment of asthma (1)</paragraph>",
)  # fmt: skip


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    def save(content: str | bytes, name: str = "label.xml") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return save


@pytest.fixture
def read(saved: Callable[..., Path]) -> Callable[[str], list[Item]]:
    return lambda content: items(saved(content))


def items(path: Path) -> list[Item]:
    return [
        item
        for one in loading.recognise(SOURCE, inputs.find([str(path)]))
        for record in one.reader().records(one.file)
        for item in SOURCE.transform()(record)
    ]


def facts(found: list[Item], kind: str = "") -> list[Fact]:
    return [item for item in found if isinstance(item, Fact) and kind in {"", item.type}]


def sections(found: list[Item]) -> dict[str, Section]:
    return {item.name: item for item in found if isinstance(item, Section)}


Read = Callable[[str], list[Item]]

# --- labels


def test_a_box_around_doses_is_no_boxed_warning(read: Read) -> None:
    box = section("34066-1", text="<paragraph>Moderate Symptomatology - 0.5 mg to 2 mg b.i.d.</paragraph>")
    dosage = section("34068-7", "DOSAGE AND ADMINISTRATION", inner=section("42229-5", "Adults", inner=box))
    warnings = section(
        "34071-1", "WARNINGS", inner=section("34066-1", "WARNING: INFECTIONS", "<paragraph>x</paragraph>")
    )
    found = read(spl(dosage, warnings))
    assert [item.text for item in sections(found).values() if item.kind == "BoxedWarningText"] == [
        "WARNING: INFECTIONS\n\nx"
    ]
    assert any("Moderate" in item.text for item in sections(found).values() if item.kind == "DosageText")
    assert not any("Moderate" in fact.label for fact in facts(found))


def test_a_label_gives_its_document_and_numbered_subsections_of_the_kind_around_them(read: Read) -> None:
    found = read(spl(INDICATIONS))
    assert found[0] == Document(
        key=SET_ID,
        title="Zonib (zonimab)",
        version="1560",
        date="2025-01-31",
        url=f"https://dailymed.nlm.nih.gov/dailymed/drugInfo.cfm?setid={SET_ID}",
        values={"holder": "Zoni Inc."},
    )
    assert {name: (one.kind, one.locator) for name, one in sections(found).items()} == {
        "indications-1.1": ("IndicationsText", "1.1 Atopic Dermatitis"),
        "indications-1.2": ("IndicationsText", "1.2 Prurigo Nodularis"),
    }
    assert sections(found)["indications-1.1"].text == (
        "1.1 Atopic Dermatitis\n\nZONIB is indicated for the treatment of adults and pediatric patients 12 years of "
        "age and older with moderate-to-severe atopic dermatitis."
    )
    eczema, prurigo = facts(found)
    assert eczema.values["treatment"] == Mention("Treatment", ["Zonib", "zonimab"], ["unii:0123456789"])
    assert eczema.values["disease"] == Mention("Disease", ["Atopic Dermatitis"])
    assert (eczema.values["authority"], eczema.values["route"]) == ("FDA", "SubcutaneousRoute")
    assert eczema.values["population"] == [
        {"type": "Population", "minAgeMonths": 144, "severity": ["Moderate", "Severe"]}
    ]
    assert prurigo.values["population"] == [{"type": "Population", "minAgeMonths": 216}]
    (passage,) = eczema.passages
    assert passage.locator == "1.1 Atopic Dermatitis"
    assert sections(found)[passage.section].text[passage.start : passage.end] == passage.quote


def test_highlights_count_once_and_are_not_read(read: Read) -> None:
    assert "asthma" not in str(read(spl(INDICATIONS)))


def test_text_keeps_paragraphs_items_and_rows(read: Read) -> None:
    text = (
        "<paragraph>First <linkHtml>(5.1)</linkHtml> H<sub>2</sub>O<br/>line</paragraph>"
        "<list><item><caption>a</caption>one</item><item>two<list><item>three</item></list></item></list><table><caption>Cap</caption><thead><tr><th>A</th><th>B</th></tr>"
        "</thead><tbody><tr><td>1</td><td><paragraph>2</paragraph></td></tr></tbody></table>"
        '<renderMultiMedia referencedObject="MM1"/>tail'
    )
    (only,) = sections(read(spl(section("34084-4", "6 ADVERSE REACTIONS", text)))).values()
    assert only.text.split("\n\n") == [
        "6 ADVERSE REACTIONS", "First (5.1) H2O line", "a", "one", "two", "three", "Cap", "A | B", "1 | 2", "tail",
    ]  # fmt: skip


def test_untitled_subsections_go_on_with_the_one_around_them(read: Read) -> None:
    inner = (
        section("42229-5", "", "<paragraph>more</paragraph>")
        + "@@"
        + section("34081-0", "8.4 Pediatric Use", "<paragraph>kids</paragraph>")
    )
    found = sections(
        read(spl(section("43684-0", "8 USE IN SPECIFIC POPULATIONS", "<paragraph>some</paragraph>", inner)))
    )
    assert {name: (one.kind, one.text) for name, one in found.items()} == {
        "populations": ("PopulationsText", "8 USE IN SPECIFIC POPULATIONS\n\nsome\n\nmore"),
        "pediatric-use-8.4": ("PediatricUseText", "8.4 Pediatric Use\n\nkids"),
    }


def test_a_numbered_contraindication_may_be_no_more_than_its_title(read: Read) -> None:
    inner = (
        section("42229-5", "4.1 Narrow-angle glaucoma")
        + "@@"
        + section("42228-7", "4.2 Pregnancy", "<paragraph>It can harm.</paragraph>")
    )
    found = read(spl(section("34070-3", "4 CONTRAINDICATIONS", "", inner)))
    assert [[one.get("about") for one in fact.values["condition"]] for fact in facts(found, "Contraindication")] == [
        [Mention("Disease", ["Narrow-angle glaucoma"])],
        ["tkg:PregnancyState"],
    ]
    assert {one.kind for one in sections(found).values()} == {"ContraindicationsText"}
    assert facts(read(spl(section("34070-3", "4 CONTRAINDICATIONS")))) == []


def test_none_is_a_check(read: Read) -> None:
    (check,) = facts(read(spl(section("34070-3", "4 CONTRAINDICATIONS", "<paragraph>None.</paragraph>"))))
    assert (check.values["checkedSection"], check.values["checkFinding"]) == ("ContraindicationsSection", "NoneListed")
    assert check.passages[0].quote == "4 CONTRAINDICATIONS\n\nNone."


def test_the_pads_of_a_kit_are_not_what_treats(read: Read) -> None:
    drug, pad = ingredient("ZONIMAB", "0123456789"), ingredient("ISOPROPYL ALCOHOL", "ND2M416302")
    parts = (
        f"<part><partProduct><name>Zonib</name>{drug}</partProduct>{approval('BLA761999')}</part>"
        f"<part><partProduct><name>Pad</name>{pad}</partProduct>{approval('PART333')}</part>"
    )
    kit = product(ingredients=" ", inner=parts)
    found = read(spl(INDICATIONS, products=kit))
    assert facts(found)[0].values["treatment"] == Mention("Treatment", ["Zonib", "zonimab"], ["unii:0123456789"])


def test_of_a_combination_no_substance_stands_for_the_product(read: Read) -> None:
    both = product(
        "Zoniduo",
        "zonimab and goutol",
        ingredient("ZONIMAB", "0123456789") + ingredient("GOUTOL", "9876543210", "ACTIM"),
    )
    assert facts(read(spl(INDICATIONS, products=both)))[0].values["treatment"] == Mention(
        "Treatment", ["Zoniduo", "zonimab and goutol"], []
    )


def test_what_nobody_approved_is_no_licence(read: Read) -> None:
    found = read(spl(INDICATIONS, products=product(number="part341")))
    assert facts(found) == []
    assert [item.reason for item in found if isinstance(item, Skip)] == [
        "a statement of what an unapproved or monograph drug is indicated for: no licence"
    ] * 2


def test_a_label_for_lay_people_has_no_boxed_warning(read: Read) -> None:
    content = (
        section("50570-1", "Do not use", "<paragraph>if the seal is broken</paragraph>"),
        section("50569-3", "Ask a doctor before use if", "<paragraph>you have gout</paragraph>"),
        section("34066-1", "", "<paragraph>TAMPER-EVIDENT: DO NOT USE IF BROKEN</paragraph>"),
    )
    lay = read(spl(*content, code="34390-5", shown="HUMAN OTC DRUG LABEL"))
    assert {one.kind for one in sections(lay).values()} == {"DoNotUseText", "AskDoctorText", "BoxedWarningText"}
    assert facts(lay) == []
    assert [fact.type for fact in facts(read(spl(*content)))] == ["BoxedWarning"]


@pytest.mark.parametrize(
    ("code", "shown", "label"),
    [
        ("34391-3", "", True),
        ("53404-0", "VACCINE LABEL", True),
        ("55439-4", "MEDICAL DEVICE", False),
        ("50578-4", "PRESCRIPTION ANIMAL DRUG LABEL", False),
        ("64124-1", "INDEXING - SUBSTANCE", False),
        ("", "", False),
    ],
)
def test_only_labels_of_drugs_for_humans_are_read(read: Read, code: str, shown: str, label: bool) -> None:
    found = read(spl(INDICATIONS, code=code, shown=shown))
    assert bool(sections(found)) is label
    assert label or [type(item) for item in found] == [Skip]


# --- pharmacologic classes


def test_classes_have_kinds_and_codes(read: Read) -> None:
    def kind(code: str, shown: str) -> str:
        coded = f'<code code="{code}" codeSystem="2.16.840.1.113883.3.26.1.5" displayName="{shown}"/>'
        return f"<asSpecializedKind><generalizedMaterialKind>{coded}</generalizedMaterialKind></asSpecializedKind>"

    kinds = (
        kind("N0000000001", "Zoni Blocker [EPC]") + kind("N0000000002", "Zoni Inhibition [MoA]")
        + kind("N0000000003", "Less Itch [PE]") + kind("N0000000004", "Zonis [Chemical/Ingredient]")
        + kind("N0000000005", "Zonis [CS]") + kind("N0000000006", "Odd [EXT]")
    )  # fmt: skip
    coded = '<code code="0123456789" codeSystem="2.16.840.1.113883.4.9"/>'
    inner = f"<identifiedSubstance>{coded}<name>ZONIMAB</name>{kinds}</identifiedSubstance>"
    substance = f"<identifiedSubstance><id/>{inner}</identifiedSubstance>"
    data = f'<section><code code="48779-3" {LOINC}/><subject>{substance}</subject></section>'
    found = read(spl(data, products="", code="60685-5", shown="Indexing - Pharmacologic Class"))
    assert [
        (fact.values["classKind"], fact.values["pharmacologicClass"].ids, fact.passages[0].quote)
        for fact in facts(found)
    ] == [
        ("EstablishedPharmacologicClass", ["nui:N0000000001"], "Zoni Blocker [EPC]"),
        ("MechanismClass", ["nui:N0000000002"], "Zoni Inhibition [MoA]"),
        ("PhysiologicEffectClass", ["nui:N0000000003"], "Less Itch [PE]"),
        ("ChemicalStructureClass", ["nui:N0000000004"], "Zonis [Chemical/Ingredient]"),
        ("ChemicalStructureClass", ["nui:N0000000005"], "Zonis [CS]"),
    ]
    assert [item.reason for item in found if isinstance(item, Skip)] == [
        "a class that is not of EPC, MoA, PE or CS: EXT"
    ]
    assert facts(found)[0].values["treatment"] == Mention("Treatment", ["ZONIMAB"], ["unii:0123456789"])


# --- files


def test_a_release_with_archives_in_it_is_read_and_its_images_are_counted(saved: Callable[..., Path]) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.xml", spl(INDICATIONS))
        archive.writestr("a-01.JPG", b"\xff\xd8")
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("prescription/20250131_a.zip", inner.getvalue())
    ignored: Counter[str] = Counter()
    path = saved(outer.getvalue(), "dm_spl_release.zip")
    (one,) = loading.recognise(SOURCE, inputs.find([str(path)]), ignored=ignored)
    assert one.file.name.endswith("dm_spl_release.zip!prescription/20250131_a.zip!a.xml")
    assert sum(ignored.values()) == 1


def test_several_documents_in_one_root_are_read(saved: Callable[..., Path]) -> None:
    path = saved(f'<set xmlns="urn:hl7-org:v3">{spl(INDICATIONS)}{spl(INDICATIONS, version="2")}</set>')
    assert [item.version for item in items(path) if isinstance(item, Document)] == ["1560", "2"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ('{"results": []}', "not a file of DailyMed"),
        ("<PubmedArticleSet/>", "not a file of DailyMed"),
        ('<document xmlns="urn:other"><setId/><code/></document>', "not a file of DailyMed"),
        (spl(INDICATIONS)[:-40], "not valid XML"),
        (f'<!DOCTYPE document [<!ENTITY x SYSTEM "file:///etc/passwd">]>{spl(INDICATIONS)}', "not a file of DailyMed"),
    ],
)
def test_other_and_broken_files_are_refused(saved: Callable[..., Path], content: str, message: str) -> None:
    with pytest.raises((BadInputError, LimitError), match=message) as caught:
        items(saved(content))
    assert "label.xml" in str(caught.value)


PARTS = st.recursive(
    st.text("ab <&\n", max_size=6).map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;")),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(
            ["paragraph", "list", "item", "table", "tr", "td", "content", "sup", "br", "text", "title", "section"]
        ),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


@given(st.sampled_from(["34067-9", "34070-3", "34066-1", "42229-5", "x", ""]), PARTS, PARTS)
@settings(max_examples=60, deadline=None)
def test_any_layout_of_a_section_gives_items(
    tmp_path_factory: pytest.TempPathFactory, code: str, title: str, text: str
) -> None:
    path = tmp_path_factory.mktemp("spl") / "label.xml"
    path.write_text(spl(section(code, title, text, section("42229-5", text, title))))
    found = items(path)
    assert isinstance(found[0], Document)
    for fact in facts(found):
        for passage in fact.passages:
            assert sections(found)[passage.section].text[passage.start : passage.end] == passage.quote


# --- real files


def test_real_files_give_the_numbers_of_the_guide(samples: Path) -> None:
    files = [str(path) for path in sorted((samples / "dailymed_spl").glob("*.xml"))]
    report = loading.try_out(SOURCE, files, Options(check=Check.ALL, jobs=1))
    assert (report.records, report.documents, sum(report.findings.values())) == (4, 4, 0)
    assert report.facts == {
        "Indication": 8, "Contraindication": 5, "PharmacologicClass": 5, "BoxedWarning": 1, "LabelCheck": 1,
    }  # fmt: skip
    assert report.skipped == {"a statement of what it is indicated for whose disease is not certain": 17}


def test_facts_of_the_real_label_of_adalimumab(samples: Path) -> None:
    found = items(samples / "dailymed_spl" / "humira.xml")
    assert isinstance(found[0], Document)
    assert (found[0].version, found[0].date, found[0].title) == ("1560", "2013-09-30", "Humira (Adalimumab)")
    assert len(sections(found)) == 49
    uses = {fact.values["disease"].names[0]: fact for fact in facts(found, "Indication")}
    assert list(uses) == [
        "Rheumatoid Arthritis", "Juvenile Idiopathic Arthritis", "Psoriatic Arthritis", "Ankylosing Spondylitis",
        "Crohn\u2019s Disease", "Ulcerative Colitis", "Plaque Psoriasis",
    ]  # fmt: skip
    assert uses["Juvenile Idiopathic Arthritis"].values["population"][0]["minAgeMonths"] == 48
    assert uses["Plaque Psoriasis"].values["population"][0]["severity"] == ["Moderate", "Severe"]
    assert all(fact.values["treatment"].ids == ["unii:FYS6T7F842"] for fact in facts(found))
    (box,) = facts(found, "BoxedWarning")
    assert box.values["risk"] == ["tkg:SeriousInfectionRisk", "tkg:MalignancyRisk"]
    (check,) = facts(found, "LabelCheck")
    assert check.values["checkFinding"] == "NoneListed"


@pytest.mark.parametrize("name", ["dailymed-indications_dupixent.json", "indication_text_curation_AD.jsonl"])
def test_scraped_texts_beside_the_real_files_are_refused(samples: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="not a file of DailyMed"):
        items(samples / "dailymed_spl" / name)
