"""The process that runs owlready2 and HermiT. Called by `treatkg.reasoning.process` only, with a file of the project.

Usage: python -m treatkg.reasoning._worker SLICE.rdf JAVA JAVA_MB PYTHON_MB. Prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_TKG = "https://w3id.org/treatkg/ontology#"


def main(path: str, java: str, java_mb: str, python_mb: str) -> None:
    """Classify the individuals of an RDF/XML file, in a world of its own."""
    release = _limit_memory(int(python_mb))
    import owlready2
    from owlready2 import reasoning as owlready_reasoning

    content = Path(path).read_bytes()
    if b"python_module" in content or b":imports" in content:
        raise SystemExit("the slice holds python_module or owl:imports, which owlready2 would follow")
    owlready2.JAVA_EXE = java
    owlready_reasoning.JAVA_MEMORY = int(java_mb)
    world = owlready2.World()
    with Path(path).open("rb") as handle:
        ontology = world.get_ontology(_TKG).load(fileobj=handle, only_local=True)
    answer: dict[str, Any] = {"classes": len(list(ontology.classes())), "types": [], "unsatisfiable": []}
    release()
    try:
        with ontology:
            owlready2.sync_reasoner(world, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        answer["inconsistent"] = True
    else:
        answer["unsatisfiable"] = [cls.iri for cls in world.inconsistent_classes() if cls is not owlready2.Nothing]
        answer["types"] = sorted(
            {(i.iri, c.iri) for i in world.individuals() for c in _classes(i, owlready2.ThingClass)}
        )
    print(json.dumps(answer))  # noqa: T201


def _classes(individual: Any, named: Any) -> list[Any]:  # noqa: ANN401 (owlready2 has no types)
    direct = [cls for cls in individual.is_a if isinstance(cls, named)]
    return [above for cls in direct for above in cls.ancestors() if above.iri.startswith(_TKG)]


def _limit_memory(megabytes: int) -> Any:  # noqa: ANN401
    """Limit the memory of this process; the result lifts it again for Java, which reserves far more than it uses."""
    try:
        import resource
    except ImportError:  # not on Windows
        return lambda: None
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, hard))
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


if __name__ == "__main__":
    main(*sys.argv[1:])
