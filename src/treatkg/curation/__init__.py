"""Curated YAML-LD files: strict reading into RDF."""

from treatkg.curation.corpus import Corpus, read_corpus

__all__ = ["Corpus", "read_corpus"]
