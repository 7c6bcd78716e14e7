"""Classification and consistency with owlready2 and HermiT, and why a thing is in a class or has an edge."""

from treatkg.reasoning.classify import ContradictionError, classify
from treatkg.reasoning.slicing import ontology_slice

__all__ = ["ContradictionError", "classify", "ontology_slice"]
