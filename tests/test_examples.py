"""The examples in the documentation run, against a real server."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

EXAMPLES = (Path(__file__).parents[1] / "docs" / "asking-from-r-and-curl.md").read_text(encoding="utf-8")
TOOLS = {"sh": ["sh", "-e"], "r": ["Rscript", "-"]}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", EXAMPLES, re.MULTILINE | re.DOTALL)


def run(language: str, block: str, server_url: str) -> str:
    needed = {"sh": "curl", "r": "Rscript"}[language]
    if shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed")
    text = block.replace("http://127.0.0.1:7878", server_url)
    done = subprocess.run(TOOLS[language], input=text, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_asks_a_stored_question(server_url: str) -> None:
    answer = run("sh", blocks("sh")[0], server_url)
    assert answer.startswith("drug,cytokine,")
    assert "\nhttps://w3id.org/treatkg/id/dupilumab,http://purl.uniprot.org/uniprot/P35225," in answer


def test_curl_asks_sparql(server_url: str) -> None:
    assert "https://w3id.org/treatkg/id/dupilumab" in run("sh", blocks("sh")[1], server_url).splitlines()


def test_r_reads_answers_as_data_frames(server_url: str) -> None:
    (block,) = blocks("r")
    answer = run("r", block, server_url)
    assert re.search(r"tralokinumab +2021-12-27", answer)
    assert "Interleukin-4 receptor subunit" in answer
