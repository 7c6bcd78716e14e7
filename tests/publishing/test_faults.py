"""What goes wrong while files are written leaves the previous files whole, and nothing beside them."""

import functools
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

BEFORE = b"before"


def treatkg(*arguments: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process, with a limit on the size of a file in bytes."""

    def prepare() -> None:
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [sys.executable, "-m", "treatkg", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, preexec_fn=prepare)


def refused(done: subprocess.CompletedProcess[str], code: int, *said: str) -> None:
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("treatkg: ")
    assert "Traceback" not in done.stderr
    for text in said:
        assert text in done.stderr


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of two megabytes, which needs root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount(folder, "size=2m"):
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def mount(folder: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_full_disk(small_disk: Path) -> None:
    out = small_disk / "treatkg.nt"
    out.write_bytes(BEFORE)
    done = treatkg("export", "ntriples", "--out", str(out))
    refused(done, 5, str(out), "No space left", "previous file is unchanged")
    assert files(small_disk) == {"treatkg.nt": BEFORE}


def test_a_disk_that_fills_up_while_several_files_are_written(small_disk: Path) -> None:
    (small_disk / "dupilumab.jsonld").write_bytes(BEFORE)
    refused(treatkg("export", "jsonld-files", "--out", str(small_disk)), 5, "No space left")
    assert files(small_disk) == {"dupilumab.jsonld": BEFORE}


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    out = tmp_path / "treatkg.ttl"
    out.write_bytes(BEFORE)
    refused(treatkg("export", "turtle", "--out", str(out), limit=1_000_000), 5, str(out), "File too large")
    assert files(tmp_path) == {"treatkg.ttl": BEFORE}


def test_a_standard_output_that_is_full() -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "treatkg", "export", "turtle"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    refused(done, 5, "No space left")
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.mkdir, "it is a folder"),
        (os.mkfifo, "it is a device or pipe"),
        (lambda path: path.symlink_to("/dev/null"), "it is a device or pipe"),
    ],
)
def test_what_is_no_file_is_not_replaced(make: Callable[[Path], None], said: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    make(out)
    refused(treatkg("export", "queries", "--out", str(out)), 5, str(out), said)
    assert not out.is_file()
    assert list(tmp_path.iterdir()) == [out]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.ttl").write_bytes(BEFORE)
    (tmp_path / "link.ttl").symlink_to("real.ttl")
    assert treatkg("export", "queries", "--out", str(tmp_path / "link.ttl")).returncode == 0
    assert (tmp_path / "link.ttl").is_symlink()
    assert (tmp_path / "real.ttl").read_bytes() != BEFORE


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    if os.getuid() == 0:
        pytest.skip("root may write everywhere; the next test is for root")
    out = tmp_path / "treatkg.ttl"
    out.write_bytes(BEFORE)
    tmp_path.chmod(0o555)
    done = treatkg("export", "queries", "--out", str(out))
    tmp_path.chmod(0o755)
    refused(done, 5, str(out), "Permission denied", "previous file is unchanged")
    assert files(tmp_path) == {"treatkg.ttl": BEFORE}


def test_a_disk_that_may_not_be_written(small_disk: Path) -> None:
    out = small_disk / "treatkg.ttl"
    out.write_bytes(BEFORE)
    assert mount(small_disk, "remount,ro")
    refused(treatkg("export", "queries", "--out", str(out)), 5, str(out), "Read-only file system")
    refused(treatkg("export", "--all", "--out", str(small_disk / "new")), 5, str(small_disk), "Read-only file system")
    assert files(small_disk) == {"treatkg.ttl": BEFORE}


@pytest.mark.slow
def test_an_interrupted_export_of_everything(tmp_path: Path) -> None:
    previous = {"treatkg.ttl": BEFORE, "ro-crate-metadata.json": BEFORE, "jsonld-files/dupilumab.jsonld": BEFORE}
    for name, content in previous.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-m", "treatkg", "export", "--all", "--out", str(tmp_path)]
    # A shell starts what runs in the background deaf to interrupts; the child is not to inherit that.
    hear = functools.partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hear) as process:  # noqa: PLW1509
        while process.poll() is None and not list(tmp_path.glob(".treatkg.nt*")):
            time.sleep(0.05)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert "nothing was changed" in process.stderr.read()
        assert process.wait() == 130
    assert files(tmp_path) == previous
