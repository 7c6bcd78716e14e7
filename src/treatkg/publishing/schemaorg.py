"""The graph in the words of schema.org, for search engines: treatments, conditions, trials, guidelines, the dataset.

Schema.org has no room for populations, negation or conditions that must hold together. So what is more than one thing
and another is text, in the words of the fact, and what denies or has ended stays out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from treatkg import namespaces
from treatkg.namespaces import DATASET, DCTERMS, SKOS, TKG
from treatkg.publishing.content import Content
from treatkg.publishing.description import LICENCE, creators, files
from treatkg.publishing.formats import Output
from treatkg.publishing.media import media_type
from treatkg.publishing.view import View

Node = dict[str, Any]
_SCHEMA = "https://schema.org/"
_NO_DRUG = {TKG + name for name in ("ProcedureModality", "EmollientModality")}
_GUIDANCE = {"PregnancyStage": "pregnancyWarning", "BreastFeedingStage": "breastfeedingWarning"}


def outputs(content: Content) -> Iterator[Output]:
    """Write one document; its context is inlined, so that readers fetch nothing."""
    writer = _Writer(content.view)
    nodes = [_dataset(content), *writer.nodes()]
    document = {"@context": {"@vocab": _SCHEMA}, "@graph": nodes}
    yield Output("schemaorg.jsonld", (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())


class _Writer:
    def __init__(self, view: View) -> None:
        self.view = view
        members: dict[str, list[str]] = {}
        for iri in view.instances("Treatment"):
            for group in view.texts(iri, TKG + "memberOf"):
                members.setdefault(group, []).append(iri)
        self.drug_classes = {group for group, found in members.items() if all(map(self._is_drug, found))}

    def nodes(self) -> Iterator[Node]:
        """Conditions, groups, treatments, trials and recommendations, in this order."""
        yield from self._conditions()
        yield from (self._group(iri) for iri in self.view.instances("TreatmentGroup"))
        substances = set(self.view.instances("Substance")) - set(self.view.instances("Treatment"))
        yield from (self._treatment(iri) for iri in self.view.instances("Treatment"))
        yield from (self._substance(iri) for iri in sorted(substances))
        yield from (self._trial(iri) for iri in self.view.instances("Trial"))
        yield from self._recommendations()

    def _conditions(self) -> Iterator[Node]:
        """Diseases for which something is licensed, with what is licensed for them, and the harms that may happen."""
        licensed: dict[str, list[str]] = {}
        for treatment in self.view.instances("Treatment"):
            for disease in self.view.texts(treatment, TKG + "indicatedFor"):
                licensed.setdefault(disease, []).append(treatment)
        subjects = self.view.instances("TreatmentSubject")
        harms = {harm for iri in subjects for harm in self.view.texts(iri, TKG + "mayCause")}
        for iri in sorted({*licensed, *harms}):
            node = {
                **self._thing(iri, self._medical_type(iri)),
                "possibleTreatment": _references(licensed.get(iri, ())),
            }
            if licensed.get(iri) and iri == namespaces.expand("MONDO:0004980"):
                node["relevantSpecialty"] = {"@id": f"{_SCHEMA}Dermatology"}
            yield _present(node)

    def _treatment(self, iri: str) -> Node:
        drug = self._is_drug(iri)
        node = self._thing(iri, ["MedicalTherapy", "Drug"] if drug else "MedicalTherapy")
        node["contraindication"] = [
            {"@type": "MedicalContraindication", "@id": fact, "name": self.view.label(fact)}
            for fact in self._facts(iri, "Contraindication")
        ]
        node["adverseOutcome"] = _references(self.view.texts(iri, TKG + "mayCause"))
        if drug:
            node |= self._drug(iri)
            node["legalStatus"] = [
                {
                    "@type": "DrugLegalStatus",
                    "@id": fact,
                    "name": f"Licensed: {self.view.label(fact)}",
                    "applicableLocation": self._place(fact),
                }
                for fact in self._facts(iri, "Indication")
            ]
        return _present(node)

    def _substance(self, iri: str) -> Node:
        return _present({**self._thing(iri, "Drug"), **self._drug(iri)})

    def _drug(self, iri: str) -> Node:
        substances = self.view.texts(iri, TKG + "activeSubstance")
        about = [iri, *substances]
        node: Node = {
            "activeIngredient": self._labels(substances),
            "administrationRoute": self._labels(self.view.texts(iri, TKG + "routeOfAdministration")),
            "drugClass": _references(
                group for group in self.view.texts(iri, TKG + "memberOf") if group in self.drug_classes
            ),
            "mechanismOfAction": self._labels(
                fact for each in about for fact in self._facts(each, "MechanismOfAction")
            ),
            "proprietaryName": self.view.texts(iri, TKG + "brandName"),
            "warning": self._labels([*self._facts(iri, "BoxedWarning"), *self._facts(iri, "Warning")]),
        }
        for fact in self._facts(iri, "ReproductiveSafety"):
            stage = self.view.first(fact, TKG + "reproductiveStage").removeprefix(TKG)
            if stage in _GUIDANCE:
                node.setdefault(_GUIDANCE[stage], []).append(self.view.label(fact))
        return node

    def _group(self, iri: str) -> Node:
        description = {"description": self.view.first(iri, SKOS + "definition")}
        kind = "DrugClass" if iri in self.drug_classes else "MedicalTherapy"
        return _present({**self._thing(iri, kind), **description})

    def _is_drug(self, iri: str) -> bool:
        return self.view.first(iri, TKG + "modality") not in _NO_DRUG

    def _trial(self, iri: str) -> Node:
        arms = self.view.texts(iri, TKG + "hasArm")
        treatments = {each for arm in arms for each in self.view.texts(arm, TKG + "armTreatment")}
        sponsors = self.view.texts(iri, TKG + "sponsor")
        return _present(
            {
                "@id": iri,
                "@type": "MedicalTrial",
                "name": self.view.label(iri),
                "alternateName": self.view.texts(iri, DCTERMS + "title"),
                "description": self.view.first(iri, TKG + "design"),
                "sponsor": [{"@type": "Organization", "name": name} for name in sponsors],
                "studySubject": _references(sorted(treatments)),
            }
        )

    def _recommendations(self) -> Iterator[Node]:
        """Those for a treatment only: schema.org takes a recommendation for one that works."""
        for fact in self.view.instances("Recommendation"):
            favours = self.view.first(fact, TKG + "recommendationDirection") == TKG + "ForUse"
            if not favours or not self._holds(fact):
                continue
            subjects = [*self.view.texts(fact, TKG + "disease"), *self.view.texts(fact, TKG + "treatment")]
            yield _present(
                {
                    "@id": fact,
                    "@type": "MedicalGuidelineRecommendation",
                    "name": self.view.label(fact),
                    "guidelineSubject": _references(subjects),
                    "guidelineDate": self.view.first(fact, TKG + "validFrom"),
                    "recommendationStrength": self._labels(self.view.texts(fact, TKG + "recommendationStrength")),
                    "evidenceOrigin": self._labels(self.view.texts(fact, TKG + "guideline")),
                }
            )

    def _thing(self, iri: str, kind: str | list[str]) -> Node:
        codes = [namespaces.shorten(match) for match in self.view.texts(iri, SKOS + "exactMatch")]
        return {
            "@id": iri,
            "@type": kind,
            "name": self.view.label(iri),
            "alternateName": self.view.texts(iri, SKOS + "altLabel"),
            "code": [
                {"@type": "MedicalCode", "codingSystem": prefix, "codeValue": local}
                for prefix, _, local in (code.partition(":") for code in codes)
            ],
        }

    def _medical_type(self, iri: str) -> str:
        classes = self.view.classes(iri)
        if TKG + "Disease" in classes:
            return "MedicalCondition"
        return "MedicalSignOrSymptom" if TKG + "Phenotype" in classes else "MedicalEntity"

    def _place(self, fact: str) -> list[Node]:
        places = self.view.texts(fact, TKG + "jurisdiction")
        return [{"@type": "AdministrativeArea", "name": self.view.label(place)} for place in places]

    def _facts(self, treatment: str, kind: str) -> list[str]:
        """Return the facts of a class about a treatment that affirm and hold on the day of issue."""
        facts = self.view.facts_of.get(treatment, [])
        return [fact for fact in facts if self.view.kind(fact) == kind and self._holds(fact)]

    def _holds(self, fact: str) -> bool:
        return self.view.in_force(fact) and not self.view.values(fact, TKG + "polarity")

    def _labels(self, iris: Iterable[str]) -> list[str]:
        return [self.view.label(iri) for iri in iris]


def _dataset(content: Content) -> Node:
    view = content.view
    note = " ".join(view.texts(DATASET, SKOS + "note"))
    return {
        "@id": DATASET,
        "@type": "Dataset",
        "name": view.first(DATASET, DCTERMS + "title"),
        "description": f"{view.first(DATASET, SKOS + 'definition')} {note}",
        "version": view.first(DATASET, f"{_SCHEMA}version"),
        "datePublished": view.issued,
        "license": {"@id": LICENCE},
        "isAccessibleForFree": True,
        "creator": [{"@type": "Organization", "name": name} for name in creators(content)],
        "usageInfo": {"@type": "CreativeWork", "text": note},
        "about": {"@id": namespaces.expand("MONDO:0004980")},
        "distribution": [
            {
                "@type": "DataDownload",
                "name": file.path,
                "encodingFormat": media_type(file.path),
                "contentSize": f"{file.size} bytes",
                "sha256": file.sha256,
            }
            for file in files(content)
        ],
    }


def _references(iris: Iterable[str]) -> list[Node]:
    return [{"@id": iri} for iri in iris]


def _present(node: Node) -> Node:
    """Return a node without what has no value."""
    return {key: value for key, value in node.items() if value not in ("", [], {})}
