"""The process that runs owlready2 and HermiT. Called by `treatkg.reasoning` only, with a file that the project wrote.

Usage: python -m treatkg._reasoner SLICE.rdf JAVA MEMORY_MB. Prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import owlready2
from owlready2 import reasoning as owlready_reasoning

_TKG = "https://w3id.org/treatkg/ontology#"


def main(path: str, java: str, memory_mb: str) -> None:
    """Classify the individuals of an RDF/XML file."""
    owlready2.JAVA_EXE = java
    owlready_reasoning.JAVA_MEMORY = int(memory_mb)
    world = owlready2.World()
    with Path(path).open("rb") as handle:
        ontology = world.get_ontology("https://w3id.org/treatkg/ontology#").load(fileobj=handle, only_local=True)
    if not list(ontology.classes()):
        raise SystemExit("owlready2 loaded no class: it reads RDF/XML and N-Triples, and Turtle as nothing")
    try:
        with ontology:
            owlready2.sync_reasoner(world, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        print(json.dumps({"inconsistent": True, "explanation": []}))  # noqa: T201
        return
    unsatisfiable = [cls.iri for cls in world.inconsistent_classes() if cls is not owlready2.Nothing]
    if unsatisfiable:
        print(json.dumps({"inconsistent": True, "explanation": [f"{iri} can have no member" for iri in unsatisfiable]}))  # noqa: T201
        return
    types = [
        [individual.iri, ancestor.iri]
        for individual in world.individuals()
        for cls in individual.is_a
        if isinstance(cls, owlready2.ThingClass)
        for ancestor in cls.ancestors()
        if ancestor.iri.startswith(_TKG)
    ]
    print(json.dumps({"types": sorted(map(list, {tuple(pair) for pair in types}))}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
