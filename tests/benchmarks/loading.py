"""How fast each loader is, against the fastest parser of its format alone: ratios of one run, side by side.

    python tests/benchmarks/loading.py SAMPLES [SOURCE...]

SAMPLES is a folder with a folder of real files for each source. For each file the parser and the whole load (recognise,
read, transform, find, write N-Triples; without and with the SHACL sample) run in turn, and the least time counts.
What every load does once, whatever its files, is timed by itself: reading the names of the graph. Files below 50 kB say
nothing of speed and are left out.
"""

from __future__ import annotations

import gzip
import io
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import orjson
import yaml
from lxml import etree
from python_calamine import CalamineWorkbook

from treatkg import loading
from treatkg.errors import TreatKGError
from treatkg.loading import Check, Options, running

ROUNDS = 3
SMALLEST = 50_000
# Source -> the folders of samples that hold its files.
FOLDERS = {
    "openfda-label": ["openfda_label"],
    "dailymed-spl": ["dailymed_spl"],
    "drugsfda": ["drugsfda"],
    "ema-medicines": ["ema"],
    "chembl": ["chembl"],
    "clinicaltrials": ["ctgov_v2"],
    "drugmechdb": ["drugmechdb"],
    "ontology": ["ontology", "go"],
    "sssom": ["sssom"],
    "kgx": ["kgx", "ontology"],
    "uniprot": ["uniprot"],
}


def main() -> None:
    """Print one line for each file of each source."""
    samples = Path(sys.argv[1])
    once = least(running.known_terms, rounds=1)
    print(f"reading the names of the graph, once a load: {once:.2f} s\n")
    known = running.known_terms()
    running.known_terms = lambda: known
    chosen = sys.argv[2:] or list(FOLDERS)
    print(
        f"{'source':<16} {'file':<40} {'MB':>6} {'parse s':>8} {'load s':>8} {'load/parse':>10} {'1 core, checked':>16}"
    )
    for name in chosen:
        source = loading.find(name)
        for file in (file for folder in FOLDERS[name] for file in sorted((samples / folder).iterdir())):
            if line := measured(source, file):
                print(f"{name:<16} {line}", flush=True)


def measured(source: loading.Source, file: Path) -> str:
    """Return the figures of one file, or nothing where the source refuses it."""
    if file.stat().st_size < SMALLEST:
        return ""
    alone = Options(jobs=1, check=Check.NONE)
    try:
        running.try_out(source, [str(file)], Options(jobs=1, limit=1, check=Check.NONE))
    except TreatKGError:
        return ""
    parse = least(lambda: parsed(file))
    load = least(lambda: running.try_out(source, [str(file)], alone))
    checked = least(lambda: running.try_out(source, [str(file)], Options(jobs=1)), rounds=1)
    size = file.stat().st_size / 1e6
    return (
        f"{file.name[:40]:<40} {size:>6.2f} {parse:>8.3f} {load:>8.2f} {load / parse:>10.1f} {checked / parse:>16.1f}"
    )


def least(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the least time of some runs, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def parsed(file: Path) -> object:
    """Parse a file with the fastest library for its format, and do nothing with it."""
    content = file.read_bytes()
    if file.suffix == ".gz":
        content, file = gzip.decompress(content), file.with_suffix("")
    match file.suffix:
        case ".json" | ".srj":
            return orjson.loads(content)
        case ".jsonl":
            return [orjson.loads(line) for line in content.splitlines() if line.strip()]
        case ".xml":
            return etree.fromstring(content)
        case ".yaml":
            return yaml.load(content, Loader=yaml.CSafeLoader)
        case ".xlsx":
            return [CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()]
        case ".zip":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return [rows(archive.read(name).splitlines()) for name in archive.namelist()]
        case ".obo":
            import fastobo

            with tempfile.NamedTemporaryFile(suffix=".obo") as copy:
                copy.write(content)
                copy.flush()
                return list(fastobo.iter(copy.name))
    return rows(content.splitlines())


def rows(lines: Iterable[bytes]) -> list[list[bytes]]:
    """Split lines at tabs, which no library does faster."""
    return [line.split(b"\t") for line in lines]


if __name__ == "__main__":
    main()
