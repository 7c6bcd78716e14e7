"""Where the ontology, data, shapes and queries are: beside the code in a wheel, the checkout in an editable install."""

from __future__ import annotations

from pathlib import Path

_PACKAGED = Path(__file__).parent / "_resources"
ROOT = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).resolve().parents[2]

ONTOLOGY = ROOT / "ontology"
CURATED = ROOT / "data" / "curated"
TRIPLES = ROOT / "data" / "triples.ttl"
SHAPES = ROOT / "shapes"
QUERIES = ROOT / "queries"
LOADERS = ROOT / "loaders"
