// The query as code that runs elsewhere.

const GRAPH = /^(CONSTRUCT|DESCRIBE)$/;

/** The form of a query (SELECT, ASK, CONSTRUCT, DESCRIBE), found behind its prologue. */
export function formOf(query) {
  const bare = query.replace(/"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|<[^<>"{}|^`\\\s]*>|#.*/g, " ");
  const found = /\b(SELECT|ASK|CONSTRUCT|DESCRIBE)\b/i.exec(bare.replace(/\bPREFIX\s+[^\s:]*:/gi, " "));
  return found ? found[1].toUpperCase() : "SELECT";
}

/** Whether the answer is a graph, not rows or a truth value. */
export const makesGraph = (query) => GRAPH.test(formOf(query));

function curl(query, server) {
  let mark = "SPARQL";
  while (query.split("\n").includes(mark)) mark += "_";
  const accept = makesGraph(query) ? "text/turtle" : "text/csv";
  return `curl -sSf '${server}/sparql' -H 'Accept: ${accept}' --data-urlencode 'query@-' <<'${mark}'\n${query}\n${mark}\n`;
}

// A Python text over several lines.
const quoted = (query) => `"""\n${query.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"')}\n"""`;

const reading = {
  SELECT: `endpoint.setReturnFormat(JSON)
for row in endpoint.queryAndConvert()["results"]["bindings"]:
    print({name: cell["value"] for name, cell in row.items()})`,
  ASK: `endpoint.setReturnFormat(JSON)
print(endpoint.queryAndConvert()["boolean"])`,
  CONSTRUCT: `endpoint.setReturnFormat(TURTLE)
print(endpoint.queryAndConvert().decode())`,
};

function wrapper(query, server) {
  const form = makesGraph(query) ? "CONSTRUCT" : formOf(query);
  const format = form === "CONSTRUCT" ? "TURTLE" : "JSON";
  return `from SPARQLWrapper import ${format}, POST, SPARQLWrapper

endpoint = SPARQLWrapper("${server}/sparql")
endpoint.setMethod(POST)
endpoint.setQuery(${quoted(query)})
${reading[form]}
`;
}

function treatkg(query) {
  const show = formOf(query) === "SELECT" ? "print(answer.to_csv())  # or answer.to_pandas()" : "print(answer)";
  return `import treatkg

answer = treatkg.open().sparql(${quoted(query)})
${show}
`;
}

function r(query, server) {
  let dashes = "---";
  while (query.includes(`)${dashes}"`)) dashes += "-";
  const format = makesGraph(query) ? "turtle" : "csv";
  const address = `paste0("${server}/sparql?format=${format}&query=", URLencode(query, reserved = TRUE))`;
  const read = format === "csv" ? `answer <- read.csv(${address})\nprint(head(answer))` : `cat(readLines(${address}), sep = "\\n")`;
  return `query <- r"${dashes}(\n${query}\n)${dashes}"\n${read}\n`;
}

const LANGUAGES = { curl, wrapper, treatkg, r };

/** Code in a language that sends the query to the server and prints the answer. */
export const code = (language, query, server) => LANGUAGES[language](query.trim(), server);
