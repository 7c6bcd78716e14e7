"""The README shows the true output of the commands it names."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```console\n\$ (treatkg [^\n]*)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def normalised(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(("command", "output"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_output_in_the_readme_is_true(command: str, output: str) -> None:
    arguments = [sys.executable, "-m", "treatkg", *shlex.split(command)[1:]]
    environment = {**os.environ, "PYTHONUTF8": "1"}
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, env=environment)
    assert normalised(done.stdout) == normalised(output)


def test_readme_shows_output() -> None:
    assert len(BLOCKS) >= 4
    assert all(output.strip() for _, output in BLOCKS)
    assert "@@" not in README.read_text(encoding="utf-8")
