"""Curated YAML-LD files: strict reading into RDF."""

from treatkg.curation.corpus import Corpus, asserted_triples, read_corpus

__all__ = ["Corpus", "asserted_triples", "read_corpus"]
