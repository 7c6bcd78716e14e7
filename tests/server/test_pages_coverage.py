"""The coverage page over HTTP."""

import gzip
import re
import time

from starlette.testclient import TestClient


def test_pictures_have_tables(client: TestClient) -> None:
    page = client.get("/coverage")
    assert page.status_code == 200
    assert page.text.count('<svg viewBox="0 0 480') == 2
    assert page.text.count("As a table") == 2
    picture = page.text.split("<svg")[1].split("</svg>")[0]
    table = page.text.split("As a table")[1].split("</table>")[0]
    said = re.findall(r">(\d+) of (\d+) \(", picture)
    assert said
    assert said == [(part, total) for total, part in re.findall(r'number">(\d+)</td><td class="number">(\d+)<', table)]
    assert "style=" not in page.text


def test_missing_facts_are_marked_in_words_too(client: TestClient) -> None:
    page = client.get("/coverage")
    assert page.text.count('<span class="unseen">missing</span>') == page.text.count('<td class="missing">') > 0


def test_light_and_quick(client: TestClient) -> None:
    client.get("/coverage")
    took = []
    for _ in range(5):
        begin = time.process_time()
        page = client.get("/coverage")
        took.append(time.process_time() - begin)
    assert min(took) < 0.1
    assert len(gzip.compress(page.content)) < 250_000
