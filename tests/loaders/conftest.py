"""Real files of the sources, where the checkout stands beside them."""

from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"


@pytest.fixture
def samples() -> Path:
    if not SAMPLES.is_dir():
        pytest.skip("the real files of the sources are not beside this checkout")
    return SAMPLES
