"""Links to other vocabularies: mappings (SSSOM), checks of identifiers, and news from public SPARQL endpoints."""
