"""The reader of XML: records as nodes, marks, versions, and what is refused."""

from __future__ import annotations

import pickle
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from treatkg.errors import BadInputError, LimitError
from treatkg.loading import inputs
from treatkg.loading.inputs import Input
from treatkg.loading.nodes import Node
from treatkg.loading.readers import reader, xml_stream

SPACE = "urn:example:set"


def made(tmp_path: Path, content: str | bytes, name: str = "set.xml") -> Input:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return next(iter(inputs.find([str(path)])))


def read(file: Input, **options: Any) -> list[Any]:  # noqa: ANN401 (as in source.yaml)
    return list(reader("xml", {"records": "item", "namespace": SPACE, **options}).records(file))


def test_records_come_with_place_header_and_mixed_content(tmp_path: Path) -> None:
    file = made(
        tmp_path,
        f'<?xml version="1.0"?><set xmlns="{SPACE}" date="2026-01-02"><about>now</about><!-- no -->'
        '<item n="1">a <b>bold</b> word</item><item n="2"><part><item n="inner"/></part></item></set>',
    )
    first, second = read(file, header={"date": "set/@date", "about": "set/about"})
    assert (first.where, second.where, first.kind) == ("item[0]", "item[1]", "item")
    assert first.header == {"about": "now", "date": "2026-01-02"}
    assert first.data == Node("item", {"n": "1"}, ["a ", Node("b", {}, ["bold"]), " word"])
    assert first.data.text() == "a bold word"
    assert second.data.value("part", "item", attribute="n") == "inner"
    assert pickle.loads(pickle.dumps(second)) == second  # noqa: S301 (our own bytes)


def test_namespaces_and_several_kinds_of_records(tmp_path: Path) -> None:
    file = made(tmp_path, "<r><a>1</a><b>2</b><a>3</a></r>")
    found = list(reader("xml", {"records": ["a", "b"]}).records(file))
    assert [(one.kind, one.where, one.data.text()) for one in found] == [
        ("a", "a[0]", "1"), ("b", "b[0]", "2"), ("a", "a[1]", "3"),
    ]  # fmt: skip
    assert read(file) == []


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({}, True),
        ({"root": "set"}, True),
        ({"root": "other"}, False),
        ({"paths": ["code", "body/text"]}, True),
        ({"paths": ["body/none"]}, False),
        ({"absent": ["code"]}, False),
        ({"absent": ["body/none"]}, True),
    ],
)
def test_a_format_is_known_by_what_a_record_begins_with(tmp_path: Path, marks: dict[str, Any], expected: bool) -> None:
    file = made(tmp_path, f'<set xmlns="{SPACE}"><item><code/><body><text/></body></item><item><late/></item></set>')
    assert reader("xml", {"records": "item", "namespace": SPACE}).recognises(file, marks) is expected


def test_the_version_is_a_text_or_an_attribute(tmp_path: Path) -> None:
    file = made(tmp_path, f'<set xmlns="{SPACE}"><item><day value="20260102"/><no>7 </no></item></set>')
    made_reader = reader("xml", {"records": "item", "namespace": SPACE})
    assert made_reader.version(file, "set/item/day/@value") == "20260102"
    assert made_reader.version(file, "set/item/no") == "7"
    assert made_reader.version(file, "set/none") == ""


BOMB = (
    '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' if n else f'<!ENTITY a0 "{"&a;" * 10}">' for n in range(9))
    + f']><r xmlns="{SPACE}"><item>&a8;</item></r>'
)
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "entities": (BOMB, "declares entities"),
    "attribute": (BOMB.replace("<item>&a8;", '<item a="&a8;">'), "entit"),
    "external": (
        f'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r xmlns="{SPACE}"><item>&x;</item></r>',
        "declares entities",
    ),
    "doctype": (f'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/r.dtd"><r xmlns="{SPACE}"><item/></r>', "document type"),
    "truncated": (f'<r xmlns="{SPACE}"><item><a>', "not valid XML"),
    "empty": ("", "not valid XML"),
    "not xml": ('{"results": []}', "not valid XML"),
    "deep": (f'<r xmlns="{SPACE}"><item>' + "<a>" * 300, r"levels deep|not valid XML"),
    "encoding": (
        b'<?xml version="1.0" encoding="utf-8"?><r xmlns="urn:example:set"><item>\xff\xfe</item></r>',
        "not valid",
    ),
    "unknown encoding": ('<?xml version="1.0" encoding="klingon"?><r/>', "not valid"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_unsafe_or_broken_is_refused_at_once(tmp_path: Path, name: str) -> None:
    content, message = REFUSED[name]
    file = made(tmp_path, content)
    begin = time.process_time()
    with pytest.raises((BadInputError, LimitError), match=message) as caught:
        read(file)
    assert time.process_time() - begin < 1
    assert "set.xml" in str(caught.value)
    assert isinstance(reader("xml", {"records": "item", "namespace": SPACE}).recognises(file, {}), bool)


def test_a_declared_document_type_is_let_pass_where_the_format_has_one(tmp_path: Path) -> None:
    file = made(tmp_path, '<!DOCTYPE r PUBLIC "-//X//Y" "http://127.0.0.1:9/r.dtd"><r><item>1</item></r>')
    (found,) = read(file, namespace="", doctype=True)
    assert found.data.text() == "1"
    with pytest.raises(BadInputError, match="declares entities"):
        read(made(tmp_path, BOMB), doctype=True)


def test_a_huge_record_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_stream, "_MOST_ELEMENTS", 50)
    file = made(
        tmp_path, f'<set xmlns="{SPACE}">' + "<item><a/></item>" * 100 + "<item>" + "<a/>" * 60 + "</item></set>"
    )
    with pytest.raises(LimitError, match="a record of more than 50 elements"):
        read(file)


def test_records_are_read_with_flat_memory(tmp_path: Path) -> None:
    """Of many records, the tree holds those of one block that was read: what was seen is forgotten."""
    file = made(tmp_path, f'<set xmlns="{SPACE}"><list>' + "<item><a>x</a></item>\n" * 20_000 + "</list></set>")
    made_reader = xml_stream.XmlReader("item", SPACE)
    most = 0
    for event, element, path in made_reader._events(file):  # noqa: SLF001 (the tree is not seen from outside)
        if event == "end" and path[-1] == "item":
            xml_stream._forget(element)  # noqa: SLF001
            parent = element.getparent()
            most = max(most, len(parent) if parent is not None else 0)
    assert most < 2_000
    assert len(read(file)) == 20_000


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=8
)
TREES = st.recursive(
    st.builds(
        Node,
        st.sampled_from("abc"),
        st.dictionaries(st.sampled_from("xyz"), TEXT, max_size=2),
        st.lists(TEXT, max_size=1),
    ),
    lambda inner: st.builds(Node, st.sampled_from("abc"), st.just({}), st.lists(inner, max_size=3)),
    max_leaves=6,
)


@given(st.lists(TREES, max_size=3))
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, trees: list[Node]) -> None:
    root = etree.Element(f"{{{SPACE}}}set")
    for tree in trees:
        etree.SubElement(root, f"{{{SPACE}}}item").append(_element(tree))
    file = made(tmp_path_factory.mktemp("xml"), etree.tostring(root))
    assert [one.data.content for one in read(file)] == [[_joined(tree)] for tree in trees]


def _element(node: Node) -> etree._Element:
    element = etree.Element(f"{{{SPACE}}}{node.tag}", dict(node.attributes))
    for part in node.content:
        if isinstance(part, Node):
            element.append(_element(part))
        else:
            element.text = part
    return element


def _joined(node: Node) -> Node:
    return Node(
        node.tag, node.attributes, [_joined(part) if isinstance(part, Node) else part for part in node.content if part]
    )
