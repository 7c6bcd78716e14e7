"""Links to passages of sources."""

import pytest

from treatkg.explorer.passages import address_of, passage


@pytest.mark.parametrize(
    ("reference", "anchor", "expected"),
    [
        ("https://example.org/label", "aged 6 years", "https://example.org/label#:~:text=aged%206%20years"),
        ("https://example.org/label#s4", "live vaccines", "https://example.org/label#s4:~:text=live%20vaccines"),
        ("https://example.org/label", "moderate-to-severe, &c", "moderate%2Dto%2Dsevere%2C%20%26c"),
        ("https://example.org/label", "over \n two lines", "over%20two%20lines"),
        ("https://example.org/label", "", "https://example.org/label"),
        ("DOI:10.1056/NEJMoa1610020", "", "https://doi.org/10.1056/NEJMoa1610020"),
    ],
)
def test_a_passage(reference: str, anchor: str, expected: str) -> None:
    assert passage(reference, anchor).endswith(expected)
    assert passage(reference, anchor).startswith("https://")


@pytest.mark.parametrize(
    "reference", ["", "source/x", "javascript:alert(1)", "data:text/html,x", "ftp://example.org/x"]
)
def test_what_no_browser_shall_open(reference: str) -> None:
    assert address_of(reference) == passage(reference, "words") == ""
