"""Where the name of a disease begins and ends in running text: only what ends as names of diseases do counts as one."""

from __future__ import annotations

import re
from collections.abc import Iterator

# The last word of a name, or its ending. What is not here is not taken for a disease: a name is missed, not invented.
_LAST = re.compile(
    r"(?:\w*(?:itis|osis|oses|iasis|oma|omas|omata|emia|aemia|pathy|pathies|plegia|algia|philia|penia|uria|rrhea|rrhoea|"
    r"trophy|plasia|sclerosis|spasms?)|"
    r"(?:an|in|pneu|demen|somn|insomn|schizophren|alopec|urticar|hypertroph|arrhythm|malar|myasthen|dyspeps|fibromyalg|"
    r"hern|phob|dyston|ataxia|tachycard|bradycard|dyslipidem|porphyr|dyskines|catatonia|mania)i?a|pneumonia|anemia|"
    r"insomnia|parkinsonism|\w+thyroidism|\w+gonadism|rheumatism|albinism|hirsutism|alcoholism|embolism|autism|"
    r"diseases?|disorders?|syndromes?|deficienc(?:y|ies)|failure|infections?|ulcers?|cancers?|tumou?rs?|lymphomas?|"
    r"asthma|eczemas?|psoriasis|acne|rosacea|lupus|pemphigus|pemphigoid|urticaria|vitiligo|scabies|warts?|tinea|"
    r"hypertension|hypotension|depression|epilepsy|seizures|migraines?|fever|edema|oedema|angioedema|obesity|pruritus|"
    r"itch|itching|mellitus|insipidus|glaucoma|cataracts?|gout|sepsis|anaphylaxis|angina|infarction|strokes?|"
    r"embolisms?|rejection|polyps|nodularis|planus|chronicus|zoster|simplex|suppurativa|erythematosus|areata|vulgaris|"
    r"contagiosum|influenza|diabetes|hemophilia|haemophilia|arrhythmias?|allergy|allergies|measles|herpes|hives|"
    r"cirrhosis|tuberculosis|leprosy|malaria|impetigo|keloids?|fissures?|hemorrhoids|burns?|bleeding|hemorrhage|"
    r"disease \w|hepatitis [A-E]|rhinitis|hypercholesterolemia)$",
    re.IGNORECASE,
)
_NO_DISEASE = re.compile(r"\b(?:criteria|bacteria|media|diagnosis|prognosis|hypnosis)$", re.IGNORECASE)
_QUALIFIER = re.compile(
    r"(?:an?|the|any|refractory|active|inadequately controlled|poorly controlled|uncontrolled|"
    r"moderately to severely active|"
    r"(?:mild|moderate|severe)(?:(?:[\s-]{0,3}to[\s-]{0,3}|\s+(?:and|or)\s+)(?:moderate|severe))?)[,\s]+",
    re.IGNORECASE,
)
_STOP = re.compile(
    r"\s+(?:in|for|among|who|whose|whom|that|which|when|where|as|to|if|unless|after|before|during|characteri[sz]ed|"
    r"associated|due|caused|despite|not|inadequately|without|by|on|at|from|including|because|alone|following|requiring|"
    r"unresponsive|refractory|resistant|aged?|ages|weighing|is|are|was|were|has|have|may|should|\d+\s+(?:years?|months?))\b"
    r"|[.;:(\[\n]|$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:and/or|and|or)\s+", re.IGNORECASE)
_WITH = re.compile(r"\s+with\s+", re.IGNORECASE)
_LONGEST = 120


def names_at(text: str) -> list[str]:
    """Return the names of diseases with which a text begins, as it writes them, without severity and the like.

    "X, Y and Z ..." gives three where each of them ends as a disease does; "bacterial and fungal infections" is one.
    An empty list: what stands there is not certainly a disease.
    """
    bare = _without_qualifiers(text)
    stop = _STOP.search(bare)
    phrase = bare[: stop.start() if stop else len(bare)]
    parts = list(_parts(phrase))
    if parts and not _is_name(parts[0]):
        whole = phrase.partition(",")[0].strip()
        return [whole] if _is_name(whole) else []
    names: list[str] = []
    for part in parts:
        name = _without_qualifiers(part)
        if not _is_name(name):
            break
        names.append(name)
    return names


def is_name(text: str) -> bool:
    """Return whether the whole text is the name of one disease, or of several that share their last word."""
    bare = _without_qualifiers(text)
    found = _STOP.search(bare)
    whole = found is None or found.start() == len(bare)
    return bool(bare) and whole and "," not in bare and _is_name(bare)


def _parts(phrase: str) -> Iterator[str]:
    """Return the members of a list; "X with Y" is one member where Y is a disease too, else Y is left out."""
    for part in _BETWEEN.split(phrase):
        head, *rest = _WITH.split(part, maxsplit=1)
        yield (part if rest and _is_name(_without_qualifiers(rest[0])) else head).strip()


def _without_qualifiers(text: str) -> str:
    rest = text.strip()
    while found := _QUALIFIER.match(rest):
        rest = rest[found.end() :]
    return rest


def _is_name(text: str) -> bool:
    if not text or len(text) > _LONGEST or not text[0].isalnum() or re.search(r"\bhistory\b|\brisk\b", text):
        return False
    # "infections of the skin" ends as a name before "of", "complications of diabetes" at its end.
    return any(
        _LAST.search(part) and not _NO_DISEASE.search(part) for part in (text.strip(), text.partition(" of ")[0])
    )
