"""The queries of the comparison: each asks for all treatments ($TREATMENTS) at once, as of $DAY."""

_STATED = """VALUES ?treatment { $TREATMENTS }
  ?fact tkg:treatment|tkg:treatment/^tkg:activeSubstance|^tkg:subjectTo ?treatment ; tkg:treatment ?statedFor ."""
_IN_FORCE = """OPTIONAL { ?fact tkg:validFrom ?from }
  OPTIONAL { ?fact tkg:validUntil ?until }
  FILTER((!BOUND(?from) || ?from <= "$DAY"^^xsd:date) && (!BOUND(?until) || "$DAY"^^xsd:date < ?until))
  MINUS { ?fact tkg:polarity ?negative }"""

ROUTES = """
SELECT DISTINCT ?treatment ?what ?value ?fact WHERE {
  VALUES ?treatment { $TREATMENTS }
  {
    ?treatment tkg:routeOfAdministration ?value . BIND("route" AS ?what)
  } UNION {
    ?treatment tkg:modality|tkg:activeSubstance/tkg:modality ?value . BIND("kind" AS ?what)
  } UNION {
    ?treatment tkg:memberOf ?value . BIND("group" AS ?what)
  }
} ORDER BY ?what ?value
"""
CONTRAINDICATED = f"""
SELECT DISTINCT ?treatment ?fact ?jurisdiction ?node ?kind ?about ?grade ?threshold ?itself WHERE {{
  {_STATED}
  ?fact a tkg:Contraindication ; tkg:jurisdiction ?jurisdiction ; tkg:condition ?node .
  ?node tkg:about ?about ; tkg:conditionKind ?kind .
  OPTIONAL {{ ?node tkg:grade ?grade }}
  OPTIONAL {{ ?node tkg:threshold ?threshold }}
  BIND(IF(?about = ?treatment || ?about = ?statedFor, true, ?none) AS ?itself)
  {_IN_FORCE}
}} ORDER BY ?treatment ?jurisdiction ?fact ?node ?about
"""
BOXED = f"""
SELECT DISTINCT ?treatment ?fact ?jurisdiction ?risk WHERE {{
  {_STATED}
  ?fact a tkg:BoxedWarning ; tkg:risk ?risk .
  OPTIONAL {{ ?fact tkg:jurisdiction ?jurisdiction }}
  {_IN_FORCE}
}} ORDER BY ?treatment ?risk ?jurisdiction ?fact
"""
SCREENED = f"""
SELECT DISTINCT ?treatment ?fact ?jurisdiction ?looksFor WHERE {{
  {_STATED}
  ?fact a tkg:Screening ; tkg:looksFor ?looksFor .
  OPTIONAL {{ ?fact tkg:jurisdiction ?jurisdiction }}
  {_IN_FORCE}
}} ORDER BY ?treatment ?looksFor ?jurisdiction ?fact
"""
CHECKED = """
SELECT DISTINCT ?treatment ?fact ?jurisdiction ?section ?finding WHERE {
  VALUES ?treatment { $TREATMENTS }
  ?fact a tkg:LabelCheck ; tkg:treatment ?treatment ; tkg:jurisdiction ?jurisdiction ; tkg:checkedSection ?section ;
    tkg:checkFinding ?finding ; tkg:observedOn ?seen .
  FILTER(?seen <= "$DAY"^^xsd:date)
} ORDER BY ?treatment ?section ?jurisdiction ?fact
"""
SIDE_EFFECTS = f"""
SELECT DISTINCT ?treatment ?fact ?jurisdiction ?effect ?percent ?comparatorPercent ?category WHERE {{
  {_STATED}
  ?fact a tkg:AdverseReaction ; tkg:effect ?effect .
  OPTIONAL {{ ?fact tkg:jurisdiction ?jurisdiction }}
  OPTIONAL {{ ?fact tkg:percent ?percent }}
  OPTIONAL {{ ?fact tkg:comparatorPercent ?comparatorPercent }}
  OPTIONAL {{ ?fact tkg:frequencyCategory ?category }}
  {_IN_FORCE}
}} ORDER BY ?treatment ?effect DESC(BOUND(?percent)) DESC(?percent) ?fact
"""
RESULTS = """
SELECT DISTINCT ?treatment ?fact ?endpoint ?week ?value ?unit ?comparatorValue ?trialName ?armName WHERE {
  VALUES ?treatment { $TREATMENTS }
  ?fact a tkg:TrialResult ; tkg:treatment ?treatment ; tkg:endpoint ?endpoint ; tkg:week ?week ; tkg:value ?value ;
    tkg:unit ?unit ; tkg:trial/rdfs:label ?trialName ; tkg:arm/rdfs:label ?armName .
  OPTIONAL { ?fact tkg:comparatorValue ?comparatorValue }
  MINUS { ?fact tkg:polarity ?negative }
} ORDER BY ?treatment ?endpoint ?week ?trialName ?armName ?fact
"""
RECOMMENDED = f"""
SELECT DISTINCT ?treatment ?fact ?guideline ?direction ?strength ?statedFor WHERE {{
  {_STATED}
  ?fact a tkg:Recommendation ; tkg:guideline ?guideline ; tkg:recommendationDirection ?direction ;
    tkg:recommendationStrength ?strength .
  {_IN_FORCE}
}} ORDER BY ?treatment ?guideline ?fact
"""
