"""The finder over HTTP."""

import gzip
import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

PREGNANT = "/finder?years=30&jurisdiction=tkg:EU&condition=tkg:PregnancyState&asOf=2026-11-28"


def test_the_form_stands_alone(client: TestClient) -> None:
    page = client.get("/finder")
    assert page.status_code == 200
    assert "not medical advice" in page.text
    assert 'id="answer"' not in page.text
    for name in ("years", "months", "weight", "severity", "sex", "jurisdiction", "asOf", "earlier", "condition"):
        assert f'name="{name}"' in page.text


def test_an_answer_shows_facts_with_evidence(client: TestClient) -> None:
    page = client.get(PREGNANT)
    assert page.status_code == 200
    barred = page.text.split('id="barred"')[1].split('id="others"')[0]
    for name in ("abrocitinib", "baricitinib", "upadacitinib"):
        assert f'href="/id/{name}?asOf=2026-11-28"' in barred
        assert f'href="/id/{name}/contraindication/eu-pregnancy"' in barred
    assert 'details class="evidence"' in barred
    assert "#:~:text=" in page.text


def test_the_queries_behind_it_run_with_its_parameters(client: TestClient) -> None:
    page = client.get(PREGNANT)
    addresses = [link.replace("&amp;", "&") for link in re.findall(r'href="(/queries/[^"]+)"', page.text)]
    assert {urlsplit(address).path.rpartition("/")[2] for address in addresses} >= {
        "options-for-patient",
        "cautions-for-conditions",
        "screening-before-treatment",
    }
    for address in addresses:
        assert client.get(address, headers={"Accept": "text/csv"}).status_code == 200, address
    (options,) = [address for address in addresses if "/options-for-patient" in address]
    assert parse_qs(urlsplit(options).query)["ageMonths"] == ["360"]


def test_pregnancy_is_spoken_of_for_each_treatment(client: TestClient) -> None:
    page = client.get(PREGNANT)
    ciclosporin = page.text.split('href="/id/ciclosporin?asOf=2026-11-28"')[1].split("</article>")[0]
    assert "the graph holds no advice on it for European Union; what is said elsewhere follows" in ciclosporin
    assert 'href="/id/ciclosporin/reproductive-safety/uk-pregnancy"' in ciclosporin
    assert "United Kingdom, not European Union" in ciclosporin
    assert 'id="open"' not in page.text
    dupilumab = page.text.split('href="/id/dupilumab?asOf=2026-11-28"')[1].split("</article>")[0]
    against = dupilumab.split("Against it")[1].split("Cautions about")[0]
    assert 'href="/id/dupilumab/reproductive-safety/eu-pregnancy"' in against
    assert "/queries/reproductive-safety?stage=tkg%3APregnancyStage" in page.text


def test_what_was_ticked_stays_ticked(client: TestClient) -> None:
    page = client.get("/finder?years=30&condition=tkg:PregnancyState&earlier=topical-corticosteroids")
    assert re.search(r'value="tkg:PregnancyState" checked', page.text)
    assert re.search(r'name="earlier" value="topical-corticosteroids" checked', page.text)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("years=abc&jurisdiction=tkg:EU", "a whole number"),
        ("years=30", "choose where"),
        ("years=30&years=31&jurisdiction=tkg:EU", "given more than once"),
        ("years=30&jurisdiction=tkg:EU&condition=%3Cscript%3E", "nothing is called"),
        ("years=30&jurisdiction=tkg:EU&condition=" + "x" * 10_000, "1 to 300 characters"),
        ("years=30&jurisdiction=tkg:EU&condition=%00%1b", "nothing is called"),
        ("years=30&jurisdiction=tkg:EU&asOf=yesterday", "is no date"),
        ("asOf=2021-01-01&asOf=2022-01-01", "more than once"),
    ],
)
def test_bad_input_is_explained_in_the_form(client: TestClient, query: str, reason: str) -> None:
    page = client.get(f"/finder?{query}")
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert reason in page.text
    assert "<script>" not in page.text
    assert 'class="patient"' in page.text


def test_none_found_is_said(client: TestClient) -> None:
    page = client.get("/finder?years=30&jurisdiction=tkg:EU&asOf=1960-01-01")
    assert page.status_code == 200
    assert "None found" in page.text


def test_a_hypersensitivity_is_asked_for_and_answered(client: TestClient) -> None:
    page = client.get("/finder?years=30&jurisdiction=tkg:EU&allergy=dupilumab")
    assert re.search(r'name="allergy" value="dupilumab" checked', page.text)
    barred = page.text.split('id="barred"')[1].split("</section>")[0]
    assert 'href="/id/dupilumab/contraindication/eu-hypersensitivity"' in barred
    wrong = client.get("/finder?years=30&jurisdiction=tkg:EU&allergy=peanuts%20and%20moonlight")
    assert wrong.status_code == 400


def test_of_a_past_day_it_says_what_is_not_dated(client: TestClient) -> None:
    note = "A statement on safety to which the sources give no day is shown on every day"
    assert note in client.get("/finder?years=30&jurisdiction=tkg:EU&asOf=2021-06-01").text
    assert note not in client.get("/finder?years=30&jurisdiction=tkg:EU").text


@pytest.mark.parametrize(
    "page", ["/finder?years=30&jurisdiction=tkg:UK", "/treatments?", "/page/dupilumab?", "/page/tacrolimus-ointment?"]
)
def test_before_2021_licences_of_the_eu_held_in_the_uk(client: TestClient, page: str) -> None:
    note = "the central licences of the European Union held in the United Kingdom too"
    assert note in client.get(f"{page}&asOf=2020-12-31").text
    assert note not in client.get(f"{page}&asOf=2021-01-01").text
    assert note not in client.get("/finder?years=30&jurisdiction=tkg:US&asOf=2020-12-31").text


def test_it_is_light_and_quick(client: TestClient) -> None:
    client.get(PREGNANT)
    took = []
    for _ in range(5):
        begin = time.process_time()
        page = client.get(PREGNANT)
        took.append(time.process_time() - begin)
    assert min(took) < 0.2, "seconds of processor"
    assert len(gzip.compress(page.content)) < 250_000
