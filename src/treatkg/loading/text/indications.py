"""What a text of indications says is treated, in whom: by patterns, which would rather find nothing than a wrong thing.

A statement is read only where it says "indicated" or begins with the treatment ("Treatment of severe eczema in ..."),
and nothing comes between that tells of another treatment ("who receive therapy for ..."). Prevention, diagnosis and
what is denied ("not indicated", "not recommended") are no treatment and not read.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from treatkg.loading.text.ages import ADULT, AgeRange, find_ages, populations

# What web pages write, of the same length without, so that offsets stay.
_ENTITIES = (("&nbsp;", " " * 6), ("&lt;", "<   "), ("&gt;", ">   "), ("&amp;", "&    "))
_LETTERS = str.maketrans({"\u00a0": " ", "\u2019": "'", "\u2018": "'", "\u2011": "-", "\u2010": "-"})

_SENTENCE = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bcf)(?<!\bspp)(?<!\bNo)[.!?](?=\s+[^a-z\s]|[A-Z][a-z]|\s*$)|\n+|;(?=\s)"
)
_SEVERITY = r"(?:very\s+severe(?:ly)?|mild(?:ly)?|moderate(?:ly)?|severe(?:ly)?)"
_DEGREE = re.compile(
    rf"(?:{_SEVERITY}(?:(?:\s+to\s+|\s*-\s*to\s*-\s*|\s*/\s*|\s*-\s*|\s+and\s+|\s+or\s+){_SEVERITY})?(?:\s+active)?|active)\s+",
    re.IGNORECASE,
)
_STATE = re.compile(
    r"(?:newly\s+diagnosed|relapsed|refractory|uncontrolled|inadequately\s+controlled|(?:previously\s+)?untreated)"
    r"(?:\s*(?:,|and/or|and|or)(?=\s))?\s+",
    re.IGNORECASE,
)
_PEOPLE = (
    r"(?:patients?|adults?|children|child|adolescents?|infants?|neonates?|toddlers?|wom[ae]n|m[ae]n|females?|males?|"
    r"people|persons?|individuals?|subjects?|recipients?|population)"
)
_KIND_OF_PEOPLE = r"(?:adult|pa?ediatric|adolescent|elderly|post-?menopausal|pre-?menopausal|pregnant|young|selected)"
_TREATMENT = r"(?:treatment|therapy|management|relief|control)"
_PEOPLE_WITH = (
    rf"(?:the\s+)?(?:{_KIND_OF_PEOPLE}[\s,]+(?:and\s+|or\s+)?)*{_PEOPLE}\b"
    rf"(?:(?!{_TREATMENT}\b)[^.;:]){{0,120}}?\bwith\s+"
)
_ANCHOR = re.compile(
    rf"\b{_TREATMENT}\s+(?:of|for)\s+(?:{_PEOPLE_WITH})?"
    rf"|\b(?:treatment|therapy)\s+in\s+{_PEOPLE_WITH}"
    rf"|\bindicated\s+(?:in|for)\s+(?:use\s+in\s+)?{_PEOPLE_WITH}",
    re.IGNORECASE,
)
_OTHER_PURPOSE = re.compile(
    r"\b(?:prevention|prophyla\w+|immuni[sz]ation|protection|diagnos\w+|imaging|detect\w*|visuali[sz]\w+|mobili[sz]ation)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\bnot\s+(?:\w+\s+)?(?:indicated|recommended|authori[sz]ed|licensed|approved|to be used|be used|intended)\b"
    r"|\bcontra-?indicated\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\b(?:who|whom|whose|which|that|after|following|receiv\w+|prior|previous\w*|despite|because|unless|when|if|not|"
    r"under|undergoing|failed|failure|response|prepar\w+)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:(?:the|an?|any|all|some)\s+)?(?:(?:signs\s+(?:and|or)\s+symptoms|symptoms\s+(?:and|or)\s+signs|symptoms?|signs|"
    r"manifestations|episodes|attacks|flares|(?:confirmed|clinical|established)\s+diagnosis)\s+"
    r"(?:of|associated\s+with|due\s+to|related\s+to)\s+)?(?:(?:the|an?)\s+)?",
    re.IGNORECASE,
)
_STOP = re.compile(
    r"\s+(?:in|who|whom|whose|with(?!\s+(?:polyangiitis|nasal\s+polyp))|when|where|as|that|which|after|following|for|if|by|to|at|on|not|requiring|despite|"
    r"characteri[sz]ed|associated|defined|including|due|caused|previously|under|without|regardless|from|during|aged|is|"
    r"are|has|have|using|among|resulting|secondary\s+to|related|unless|until|such|whether|alone|through|via|be|was|were|"
    rf"of\s+{_PEOPLE})\b|\s+-\s|[(),;:.\[\]<>\u2013\u2014\n]|\s*\Z",
    re.IGNORECASE,
)
_NO_DISEASE = re.compile(
    rf"\b{_PEOPLE}\b|^(?:following|these|this|those|other|both|body\s+weight|at\s+least|one|two|three|it|its|their|or|and|"
    rf"high|low|increased|risk|{_TREATMENT}|{_SEVERITY})\b|\b(?:mg|kg|ml)\b|\?"
    rf"|\b(?:stage|class|figo|phase|grade)\s+\S+$|\b(?:advanced|onset|active)\s+disease$|\b(?:{_SEVERITY}|accompanied)$",
    re.IGNORECASE,
)
# What a name of a disease ends in. A phrase that ends otherwise was cut short ("estrogen receptor", "unresectable").
_DISEASE = re.compile(
    r"(?:\w*(?:itis|osis|oses|asis|ia|oma|omas|omata|pathy|pathies|rrh?o?ea|ism|algia|lepsy|tension|o?edema|trophy|megaly|"
    r"iasis|emesis|stasis)|diseases?|disorders?|syndromes?|cancers?|carcinomas?|tumou?rs?|neoplasms?|malignanc(?:y|ies)|"
    r"infections?|failure|deficienc(?:y|ies)|insufficiency|pain|asthma|diabetes|mellitus|eczema|acne|rosacea|vitiligo|migraine|"
    r"stroke|seizures?|depression|attacks?|episodes?|ulcers?|angina|pectoris|infarction|obesity|gout|areata|nodularis|"
    r"suppurativa|vulgaris|simplex|zoster|vera|gravis|impairment|loss|reactions?|rejection|constipation|diarrh?o?ea|cough|"
    r"nausea|vomiting|pruritus|itch|spasms?|spasticity|dysfunction|ejaculation|incontinence|wounds?|burns?|fractures?|"
    r"dependence|influenza|polyps|ha?emorrhage|bleeding|shock|poisoning|overload|symptoms|fibroids|purpura|ataxia|agitation|"
    r"anxiety|crisis|fungoides|lichen|planus|bladder|apnoea|apnea|stature|bowel|porphyria|citrullin\w+|lupus|"
    r"erythematosus|sclerosus|ductus\s+arteriosus|HIV(?:-?\s?[12])?|COVID-19|[A-Z][A-Za-z0-9]*[A-Z][A-Za-z0-9]*)"
    r"(?:\s+(?:type\s+)?(?:[A-Z]|[IVX]{1,4}|\d{1,2}))?$",
)
_TOO_GENERAL = re.compile(
    r"(?:diseases?|disorders?|syndromes?|infections?|symptoms|attacks?|episodes?|reactions?|failure|deficienc(?:y|ies)|"
    r"loss|impairment|tumou?rs?)$",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(r"\s*\(([A-Za-z][A-Za-z0-9-]{1,9})\)")
_WEIGHT = re.compile(
    r"\b(?:weighing|(?:body\s+)?weight(?:\s+of)?)\s+(?:at\s+least|\u2265|>=|from)\s*(\d{1,3}(?:\.\d+)?)\s*kg\b",
    re.IGNORECASE,
)
# "X is indicated in adults.": a sentence of its own, for all that the text says.
_FOR_WHOM = re.compile(r"\bindicated\s+(?:only\s+)?(?:in|for)\s+([^.;:]{3,80})\.?\s*$", re.IGNORECASE)
_LONGEST_NAME, _MOST_WORDS = 90, 9
# How many characters from a statement its ages may stand, and how many treatments one sentence tells of.
_NEAR, _MOST_ANCHORS = 1500, 20


@dataclass(frozen=True, slots=True)
class Stated:
    """One disease that a text says is treated.

    Args:
        names: of the disease, as the text writes it without its severity; then without what else limits it.
        start: offset of the first character of the statement.
        end: offset after its last character.
        ages: of whom, in months; empty where the text sets no limit.
        severities: Mild, Moderate, Severe, as far as the text names them.
        weight: the least body weight in kilograms, or an empty text.
        state: in which state the disease is ("relapsed or refractory"), where the last name leaves it out.
        who: the words for whom, where they name children without ages.
    """

    names: tuple[str, ...]
    start: int
    end: int
    ages: tuple[AgeRange, ...] = ()
    severities: tuple[str, ...] = ()
    weight: str = ""
    state: str = ""
    who: str = ""


def find_indications(text: str, products: Sequence[str] = ()) -> list[Stated]:
    """Return what the text says is treated, in its order.

    Args:
        text: of the indications; headings may have lost their line breaks ("Adults and adolescentsDupixent is ...").
        products: names of the medicine, before which a line break may be lost.
    """
    plain = text.translate(_LETTERS)
    for entity, same in _ENTITIES:
        plain = plain.replace(entity, same)
    found: list[Stated] = []
    known: dict[str, str] = {}
    general: tuple[AgeRange, ...] = ()
    heading, open_head = "", ""
    for start, end in _parts(plain, products):
        part = plain[start:end]
        anchors = [] if _DENIED.search(part) else list(_anchors(part, open_head))
        stated = list(_stated(part, anchors, heading, open_head, known))
        found += [_moved(one, start, plain) for one in stated]
        if not anchors and (all_told := _FOR_WHOM.search(part)):
            general = tuple(populations(all_told[1]))
        heading = "" if anchors or part.rstrip().endswith((".", ";")) else part
        # "X is indicated in adults for: treatment of A; treatment of B": what precedes the list holds for all of it.
        if not part.rstrip().endswith(";"):
            open_head = ""
        elif anchors and not open_head:
            open_head = part[: anchors[0].start()]
    return [one if one.ages or one.who else dataclasses.replace(one, ages=general) for one in found]


def _parts(text: str, products: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Cut a text into sentences, also where the line break before a sentence was lost."""
    cuts = {0, len(text)} | {found.end() for found in _SENTENCE.finditer(text)}
    cuts |= {
        found.start()
        for found in re.finditer(r"(?:\b(?:Maintenance|Symptomatic|Adjunctive)\s+t|\bT)reatment\s+of\b", text)
    }
    for name in {product for product in products if len(product) > 2}:
        form = rf"{re.escape(name)}\b(?=[^.;]{{0,250}}?\b(?:is|are)\s+(?:also\s+)?indicated\b)"
        cuts |= {
            found.start()
            for found in re.finditer(form, text, re.IGNORECASE)
            if not re.search(
                r"\b(?:of|with|to|by|and|or|the|than|for)\s*$", text[max(0, found.start() - 8) : found.start()]
            )
        }
    places = sorted(cuts)
    for start, end in itertools.pairwise(places):
        if text[start:end].strip():
            yield start, end


def _anchors(part: str, open_head: str) -> Iterator[re.Match[str]]:
    """Return where a part says what is treated, as long as it tells of the medicine itself."""
    begin = 0
    first = re.search(r"\bindicated\b", part, re.IGNORECASE)
    for anchor in itertools.islice(_ANCHOR.finditer(part), _MOST_ANCHORS):
        before = part[begin : anchor.start()]
        said = first if first and first.end() <= anchor.end() else None
        since = part[max(begin, said.end()) : anchor.start()] if said and said.end() <= anchor.start() else before
        if _ASIDE.search(since):
            return
        begins = len(before) < 60 and begin == 0
        if said or open_head or begins:
            if not _OTHER_PURPOSE.search(since):
                yield anchor
            begin = anchor.end()


def _stated(
    part: str, anchors: Sequence[re.Match[str]], heading: str, open_head: str, known: dict[str, str]
) -> Iterator[Stated]:
    ends = [following.start() for following in anchors[1:]] + [len(part)] * bool(anchors)
    for anchor, end in zip(anchors, ends, strict=True):
        lead = _LEAD.match(part, anchor.end())
        begin = lead.end() if lead else anchor.end()
        severities: tuple[str, ...] = ()
        while degree := _DEGREE.match(part, begin):
            severities += _severities(degree[0])
            begin = degree.end()
        stop = _STOP.search(part, begin)
        name = " ".join(part[begin : stop.start() if stop else end].split()).strip(" '\"-")
        if not _is_name(name):
            continue
        short = _ABBREVIATION.match(part, begin + len(part[begin : stop.start()]) if stop else end)
        if short:
            known.setdefault(short[1], name)
        full = known.get(name) or _written_out(name, heading)
        own = part[anchor.start() : end]
        ages, who = _whom(own, part[: anchors[0].start()].strip() or open_head, heading, part[anchor.start() :])
        weight = _WEIGHT.search(own)
        yield Stated(
            names=_names(full, name),
            start=0,
            end=len(part.rstrip().rstrip(";")),
            ages=ages,
            severities=tuple(one for one in ("Mild", "Moderate", "Severe") if one in severities),
            weight=weight[1] if weight else "",
            state=_state(full or name).strip(" ,"),
            who=who,
        )


def _whom(own: str, head: str, heading: str, rest: str) -> tuple[tuple[AgeRange, ...], str]:
    """Return the ages for whom a statement speaks, and the words for children without ages.

    They stand beside the disease, else before it in the sentence, else later in it; a heading that gives a number is
    more exact than the word "adults".
    """
    titled = populations(heading[-_NEAR:])
    for text in (own[:_NEAR], head[-_NEAR:], rest[:_NEAR]):
        if not (named := find_ages(text)):
            continue
        ages = populations(text)
        is_bare = (
            bool(ages) and all(one.values() == {"minAgeMonths": ADULT} for one in ages) and not re.search(r"\d", text)
        )
        if titled and (is_bare or not ages) and any(one.minimum != ADULT for one in titled):
            return tuple(titled), ""
        words = {text[one.start : one.end].lower() for one in named}
        is_young = not ages and not any(word.startswith("adult") for word in words)
        return tuple(ages), ", ".join(sorted(words)) if is_young else ""
    return tuple(titled), ""


def _severities(words: str) -> tuple[str, ...]:
    found = [word for word in ("mild", "moderate", "severe") if word in words.lower()]
    if found == ["mild", "severe"]:
        found = ["mild", "moderate", "severe"]
    return tuple(word.capitalize() for word in found)


def _is_name(name: str) -> bool:
    words = name.split()
    return (
        2 < len(name) <= _LONGEST_NAME
        and len(words) <= _MOST_WORDS
        and not _NO_DISEASE.search(name)
        and not _TOO_GENERAL.match(name)
        and bool(re.match(r"[A-Za-z]", name))
        # "carcinoma of the colon", "relapsing forms of multiple sclerosis": what stands before "of" is the disease.
        and bool(_DISEASE.search(re.split(r"\s+(?:of|with)\s+", name)[0]))
    )


def _names(*names: str) -> tuple[str, ...]:
    """Return names with, after each, what is left of it without the state of the disease."""
    return tuple(dict.fromkeys(form for name in names if name for form in (name, name[len(_state(name)) :]) if form))


def _state(name: str) -> str:
    """Return the words before a disease that say in which state it is ("newly diagnosed ")."""
    end = 0
    while state := _STATE.match(name, end):
        end = state.end()
    return name[:end]


def _written_out(name: str, heading: str) -> str:
    """Return what an abbreviation stands for by the heading ("Chronic rhinosinusitis (CRS)")."""
    written = re.search(rf"^([^()]*?)\s*\({re.escape(name)}\)", heading.strip())
    return written[1] if written and _is_name(written[1]) else ""


def _moved(one: Stated, offset: int, text: str) -> Stated:
    """Return a statement with offsets in the whole text, without outer blanks."""
    piece = text[offset : offset + one.end]
    start = offset + len(piece) - len(piece.lstrip())
    return dataclasses.replace(one, start=start, end=offset + len(piece.rstrip()))
