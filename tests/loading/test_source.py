"""A loader's folder: what source.yaml must say, how transform.py is imported, and what is said when they are wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from treatkg import loading
from treatkg.errors import BadInputError, UsageError
from treatkg.loading import vocabulary
from treatkg.loading.readers import reader


def change(folder: Path, **values: object) -> None:
    file = folder / "source.yaml"
    content = yaml.safe_load(file.read_text())
    for key, value in values.items():
        if value is None:
            del content[key]
        else:
            content[key] = value
    file.write_text(yaml.safe_dump(content))


@pytest.mark.parametrize("source", loading.sources().values(), ids=lambda source: source.id)
def test_every_source_of_the_project_is_described_and_works(source: loading.Source) -> None:
    assert source.folder.name == source.id
    assert callable(source.transform())
    assert source.gives
    assert set(source.gives) <= vocabulary.classes()
    readme = (source.folder / "README.md").read_text(encoding="utf-8")
    assert source.title.split()[0] in readme
    for entry in source.formats:
        reader(entry.reader, entry.options)
    for refusal in source.refusals:
        reader(refusal.reader, refusal.options)
    assert all(entry.reason for entry in source.refusals)
    assert all(set(entry) == {"drop", "reason"} for entry in source.filters), source.filters


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"title": None}, '"title" is missing'),
        ({"licence": "CC0"}, 'unknown key "licence"; did you mean "license"'),
        ({"formats": []}, '"formats" is missing'),
        ({"id": "No Good"}, "not lower-case letters"),
        ({"formats": [{"name": "x"}]}, 'without "title"'),
        ({"formats": ["x"]}, "is a node"),
        (
            {"formats": [{"name": "x", "title": "x", "reader": "json", "recognise": {}, "colums": 1}]},
            'unknown key "colums"',
        ),
    ],
)
def test_wrong_description_says_what_is_wrong(folder: Path, values: dict[str, object], message: str) -> None:
    change(folder, **values)
    with pytest.raises(BadInputError, match=message):
        loading.find(str(folder))


def test_unknown_reader_and_option_are_told(folder: Path, labels: Callable[..., Path]) -> None:
    entry = {"name": "x", "title": "x", "reader": "jsno", "recognise": {}}
    change(folder, formats=[entry])
    paths = [str(labels([{"set": "s"}]))]
    with pytest.raises(BadInputError, match='no reader "jsno"; did you mean "json"'):
        loading.try_out(loading.find(str(folder)), paths)
    change(folder, formats=[{**entry, "reader": "jsonl", "options": {"colour": "red"}}])
    with pytest.raises(BadInputError, match="does not take these options"):
        loading.try_out(loading.find(str(folder)), paths)


def test_yaml_that_is_none_is_told(folder: Path) -> None:
    (folder / "source.yaml").write_text("id: [")
    with pytest.raises(BadInputError, match=r"source\.yaml: not valid YAML"):
        loading.find(str(folder))


def test_transform_that_is_missing_or_fails_is_told(folder: Path) -> None:
    (folder / "transform.py").write_text("def other(): ...\n")
    with pytest.raises(BadInputError, match=r"no function transform\(record\)"):
        loading.find(str(folder)).transform()
    other = folder.with_name("other")
    folder.rename(other)
    (other / "transform.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(BadInputError, match="cannot be imported: ModuleNotFoundError"):
        loading.find(str(other)).transform()
    (other / "transform.py").unlink()
    with pytest.raises(BadInputError, match=r"has no transform\.py"):
        loading.find(str(other)).transform()


def test_unknown_source_is_told_with_what_is_near(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`treatkg load --list` shows all"):
        loading.find("chmbl")
    with pytest.raises(UsageError, match="not the folder of a loader"):
        loading.find(str(tmp_path))
    with pytest.raises(UsageError, match="not the folder of a loader"):
        loading.find("../../etc")


def test_loader_of_the_users_own_is_digested_with_its_code(folder: Path) -> None:
    before = loading.find(str(folder)).digest()
    (folder / "README.md").write_text("text")
    assert loading.find(str(folder)).digest() == before
    (folder / "transform.py").write_text((folder / "transform.py").read_text() + "\n# changed\n")
    assert loading.find(str(folder)).digest() != before
