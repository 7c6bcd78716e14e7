"""Which facts are associations of the Biolink Model, and which are not, and why.

A fact becomes an edge only where the meaning of a predicate, as the Biolink Model defines it, is entailed by the fact
even for a reader who drops every qualifier that Biolink does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from treatkg.namespaces import TKG
from treatkg.publishing.view import View


@dataclass(frozen=True)
class Edge:
    """An association: IRIs of subject and object, a predicate, Biolink's own qualifiers, and how it is known.

    `weaker`: the predicate says less than the fact, so that to deny it would say more than to deny the fact.
    """

    subject: str
    predicate: str
    object: str
    qualifiers: dict[str, str] = field(default_factory=dict)
    level: str = "knowledge_assertion"
    weaker: bool = False


@dataclass(frozen=True)
class People:
    """The people in whom several or qualified conditions hold: a node of its own, since no term stands for them."""

    iri: str
    name: str


class LeftOutError(Exception):
    """The fact is no association; the message says why."""


Rule = Callable[[View, str], list[Edge]]

ENDED = "not in force on the day of issue; Biolink knows no dates, so that the edge would say that it still holds"
NOT_SHOWN = "the source says that it has not been shown, which is not to deny it as a negated edge would"
DENIED = "a denial; the predicate says less than the fact, so that its negation would deny more than the source does"
RELATIVE = "a relative contraindication: contraindicated_in would forbid what the source only advises against"
POSSIBLE = "the source says only that the effect may occur; the predicate would assert it"
AGAINST = "a recommendation against: a negated treats would say that it does not work"
NO_PHASE = "a filing, or a stage that is no phase of a trial: Biolink has no predicate for it"
NO_CHANGE = "a comparison, or no change: Biolink has no predicate for it"
NO_EDGE = "what the fact says of the disease is no relation between two things that Biolink knows"

LEFT_OUT = {
    "BoxedWarning": "a warning names a hazard; Biolink has predicates only for harm that happens",
    "Warning": "a warning names a hazard; Biolink has predicates only for harm that happens",
    "Precaution": "a precaution names a care to be taken; Biolink has no predicate for it",
    "UseRestriction": "a restriction is no contraindication; Biolink has no predicate for it",
    "ReproductiveSafety": "an advice, not a relation between two things; Biolink has no predicate for it",
    "DrugInteraction": "an advice on use together; pharmacologically_interacts_with would assert a mechanism",
    "Screening": "what to look for before treatment; Biolink has no predicate for it",
    "Monitoring": "what to look for during treatment; Biolink has no predicate for it",
    "DoseRegimen": "a dose is no relation between two things",
    "TrialResult": "a figure of a trial's arm is no relation between two things",
    "ComparativeResult": "a figure of a comparison is no relation between two things",
    "PotencyRating": "a rating of a product is no relation between two things",
    "LabelCheck": "that a label lists none is no denial; Biolink has no predicate for it",
    "RegulatoryEvent": "an event is no relation between two things; Biolink has no predicate for it",
    "NameStatement": "a name: it is among the synonyms of the node",
    "DefinitionStatement": "a definition is no relation between two things",
    "SourceStatement": "a statement that is vague, superseded or wrong; it stands for no fact",
    "TrialFact": "a fact on a trial, not on a treatment or disease",
}


def edges(view: View, fact: str) -> list[Edge]:
    """Return the associations of a fact.

    Raises:
        LeftOutError: it is none; says why.
    """
    kind = view.kind(fact)
    if kind in LEFT_OUT:
        raise LeftOutError(LEFT_OUT[kind])
    if not view.in_force(fact):
        raise LeftOutError(ENDED)
    if view.first(fact, TKG + "polarity") == TKG + "NotShown":
        raise LeftOutError(NOT_SHOWN)
    found = RULES[kind](view, fact)
    if not found:
        raise LeftOutError(NO_EDGE)
    if negative(view, fact) and any(edge.weaker for edge in found):
        raise LeftOutError(DENIED)
    return found


def negative(view: View, fact: str) -> bool:
    """Whether the fact denies its content."""
    return view.first(fact, TKG + "polarity") == TKG + "Negative"


def people(view: View, fact: str, describe: Callable[[str], str]) -> People:
    """Return the node of the people in whom a contraindication's conditions hold together."""
    conditions = [describe(each) for each in view.texts(fact, TKG + "condition")]
    groups = [describe(each) for each in view.texts(fact, TKG + "population")]
    routes = [f"given by this route: {describe(each)}" for each in view.texts(fact, TKG + "route")]
    name = "people with all of: " + " AND ".join(f"({each})" for each in [*conditions, *groups, *routes])
    return People(f"{fact}/people", name)


def _indication(view: View, fact: str) -> list[Edge]:
    fda = view.first(fact, TKG + "authority") == TKG + "FDA"
    qualifiers = {"clinical_approval_status": "fda_approved_for_condition" if fda else "approved_for_condition"}
    subject, disease = _treatment(view, fact), view.first(fact, TKG + "disease")
    signs = view.texts(fact, TKG + "manifestation")
    if signs:
        return [Edge(subject, "treats", sign, {**qualifiers, "disease_context_qualifier": disease}) for sign in signs]
    return [Edge(subject, "treats", disease, qualifiers)]


def _reported_use(view: View, fact: str) -> list[Edge]:
    basis = view.first(fact, TKG + "useBasis").removeprefix(TKG)
    predicate = "treats" if basis == "LabelledUse" else "applied_to_treat"
    status = {"LabelledUse": "approved_for_condition", "OffLabelUse": "off_label_use"}.get(basis)
    qualifiers = {"clinical_approval_status": status} if status else {}
    subject, diseases = _treatment(view, fact), view.texts(fact, TKG + "disease")
    return [Edge(subject, predicate, each, qualifiers, weaker=True) for each in diseases]


def _recommendation(view: View, fact: str) -> list[Edge]:
    if view.first(fact, TKG + "recommendationDirection") != TKG + "ForUse":
        raise LeftOutError(AGAINST)
    subject, diseases = _treatment(view, fact), view.texts(fact, TKG + "disease")
    return [Edge(subject, "treats", each, weaker=True) for each in diseases]


def _development(view: View, fact: str) -> list[Edge]:
    phase = view.first(fact, TKG + "developmentPhase").removeprefix(TKG + "Phase")
    if phase not in {"1", "2", "3", "4"}:
        raise LeftOutError(NO_PHASE)
    qualifiers = {"max_research_phase": f"clinical_trial_phase_{phase}"}
    subject = _treatment(view, fact)
    diseases = view.texts(fact, TKG + "disease")
    return [Edge(subject, "in_clinical_trials_for", each, qualifiers, weaker=True) for each in diseases]


def _contraindication(view: View, fact: str) -> list[Edge]:
    if view.first(fact, TKG + "strength") != TKG + "Absolute":
        raise LeftOutError(RELATIVE)
    objects = plain_condition(view, fact) or [f"{fact}/people"]
    return [Edge(_treatment(view, fact), "contraindicated_in", each) for each in objects]


def plain_condition(view: View, fact: str) -> list[str]:
    """Return what the only, unqualified condition of a contraindication for everybody, by every route, is about."""
    conditions = view.texts(fact, TKG + "condition")
    if len(conditions) != 1 or view.values(fact, TKG + "population") or view.values(fact, TKG + "route"):
        return []
    kind = view.first(conditions[0], TKG + "conditionKind").removeprefix(TKG)
    limits = any(view.values(conditions[0], TKG + name) for name in ("grade", "threshold", "except", "during"))
    if limits or kind in {"HypersensitivityCondition", "CoMedicationCondition"}:
        return []
    return view.texts(conditions[0], TKG + "about")


def _adverse_reaction(view: View, fact: str) -> list[Edge]:
    # What a regulator's label lists is an adverse drug reaction; else it is only known to have happened under it.
    labelled = bool(view.values(fact, TKG + "jurisdiction"))
    predicate, level = ("has_side_effect", "knowledge_assertion") if labelled else ("has_adverse_event", "observation")
    subject, effects = _treatment(view, fact), view.texts(fact, TKG + "effect")
    return [Edge(subject, predicate, each, {}, level, weaker=not labelled) for each in effects]


_DECREASED = {"object_direction_qualifier": "decreased", "qualified_predicate": "biolink:causes"}
_INCREASED = {"object_direction_qualifier": "increased", "qualified_predicate": "biolink:causes"}
_ACTIONS = {
    "Inhibitor": {**_DECREASED, "causal_mechanism_qualifier": "inhibition"},
    "Antagonist": {**_DECREASED, "causal_mechanism_qualifier": "antagonism"},
    "Blocker": {**_DECREASED, "causal_mechanism_qualifier": "molecular_channel_blockage"},
    "Agonist": {**_INCREASED, "causal_mechanism_qualifier": "agonism"},
    "Activator": {**_INCREASED, "causal_mechanism_qualifier": "activation"},
    "Modulator": {"causal_mechanism_qualifier": "modulation"},
}


def _mechanism(view: View, fact: str) -> list[Edge]:
    action = view.first(fact, TKG + "actionType").removeprefix(TKG)
    subject, targets = _treatment(view, fact), view.texts(fact, TKG + "target")
    found = [_act(view, subject, action, each) for each in targets or view.texts(fact, TKG + "process")]
    cytokines = [each for each in view.texts(fact, TKG + "blocksSignallingOf") if each not in targets]
    blocked = {**_DECREASED, "object_aspect_qualifier": "activity"}
    return found + [Edge(subject, "affects", each, blocked) for each in cytokines]


def _act(view: View, subject: str, action: str, thing: str) -> Edge:
    if action == "BindingAgent":
        return Edge(subject, "directly_physically_interacts_with", thing)
    return Edge(subject, "affects", thing, {**_ACTIONS[action], **_aspect(view, thing, "activity")})


def _potency(view: View, fact: str) -> list[Edge]:
    measure = view.first(fact, TKG + "measure").removeprefix(TKG)
    subject, target = _treatment(view, fact), view.first(fact, TKG + "measuredTarget")
    if measure in {"Kd", "Ki"}:
        return [Edge(subject, "directly_physically_interacts_with", target, {}, "observation", weaker=True)]
    qualifiers = _aspect(view, target, "activity")
    if measure == "IC50":
        qualifiers = {**_ACTIONS["Inhibitor"], **qualifiers}
    return [Edge(subject, "affects", target, qualifiers, "observation", weaker=True)]


def _effect(view: View, fact: str) -> list[Edge]:
    direction = view.first(fact, TKG + "effectDirection").removeprefix(TKG)
    if direction == "NoChange":
        raise LeftOutError(NO_CHANGE)
    if view.first(fact, TKG + "degree") == TKG + "Possible":
        raise LeftOutError(POSSIBLE)
    subject, feature = _treatment(view, fact), view.first(fact, TKG + "feature")
    classes = view.classes(feature)
    condition = bool({TKG + "Disease", TKG + "Phenotype"} & classes)
    if condition and (direction == "Improves" or (direction == "Reduces" and TKG + "Phenotype" in classes)):
        return [Edge(subject, "ameliorates_condition", feature)]
    if condition and direction == "Worsens":
        return [Edge(subject, "exacerbates_condition", feature)]
    if direction == "Induces":
        return [Edge(subject, "causes", feature)]
    qualifiers = {"Reduces": _DECREASED, "Increases": _INCREASED}.get(direction, {})
    return [Edge(subject, "affects", feature, qualifiers, weaker=not qualifiers)]


def _class_statement(view: View, fact: str) -> list[Edge]:
    return [Edge(_treatment(view, fact), "member_of", each) for each in view.texts(fact, TKG + "statedClass")]


_RELATIONS: dict[str, tuple[str, dict[str, str], str]] = {  # predicate, qualifiers, aspect of proteins
    "Activates": ("affects", _INCREASED, "activity"),
    "Inhibits": ("affects", _DECREASED, "activity"),
    "Increases": ("affects", _INCREASED, "activity_or_abundance"),
    "Decreases": ("affects", _DECREASED, "activity_or_abundance"),
    "ContributesTo": ("contributes_to", {}, ""),
    "BindsTo": ("directly_physically_interacts_with", {}, ""),
    "Produces": ("produces", {}, ""),
    "PartOfPathway": ("actively_involved_in", {}, ""),
}


def _causal_link(view: View, fact: str) -> list[Edge]:
    predicate, qualifiers, aspect = _RELATIONS[view.first(fact, TKG + "relation").removeprefix(TKG)]
    start, end = view.first(fact, TKG + "from"), view.first(fact, TKG + "to")
    return [Edge(start, predicate, end, {**qualifiers, **(_aspect(view, end, aspect) if aspect else {})})]


def _disease_fact(view: View, fact: str) -> list[Edge]:
    aspect = view.first(fact, TKG + "aspect").removeprefix(TKG)
    disease, found = view.first(fact, TKG + "disease"), view.texts(fact, TKG + "concerns")
    if aspect == "Comorbidity":
        # A share of people who have both says nothing on chance: associated_with would.
        return [Edge(disease, "coexists_with", each, {}, "observation", weaker=True) for each in found]
    if aspect == "ClinicalFeature":
        return [Edge(disease, "has_phenotype", each) for each in found if TKG + "Phenotype" in view.classes(each)]
    return []


def _treatment(view: View, fact: str) -> str:
    return view.first(fact, TKG + "treatment")


def _aspect(view: View, thing: str, aspect: str) -> dict[str, str]:
    """Return the qualifier for the aspect of a protein; Biolink has no aspects of processes, cells or diseases."""
    proteins = {TKG + "Protein", TKG + "ProteinFamily", TKG + "ProteinComplex"}
    return {"object_aspect_qualifier": aspect} if proteins & view.classes(thing) else {}


RULES: dict[str, Rule] = {
    "Indication": _indication,
    "ReportedUse": _reported_use,
    "Recommendation": _recommendation,
    "DevelopmentStatus": _development,
    "Contraindication": _contraindication,
    "AdverseReaction": _adverse_reaction,
    "MechanismOfAction": _mechanism,
    "PotencyMeasurement": _potency,
    "TreatmentEffect": _effect,
    "ClassStatement": _class_statement,
    "CausalLink": _causal_link,
    "DiseaseFact": _disease_fact,
}
