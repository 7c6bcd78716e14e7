// Answers as tables. Everything from an answer is set as text, never as markup.

const SHOWN = 1000;
const BASE = "https://w3id.org/treatkg/id/";

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** The shortest readable form of an IRI. */
export function shorten(iri, prefixes) {
  if (iri.startsWith(BASE)) return iri.slice(BASE.length);
  let best = ["", ""];
  for (const [prefix, space] of Object.entries(prefixes)) {
    if (iri.startsWith(space) && space.length > best[1].length && /^[\w][\w.-]*$/.test(iri.slice(space.length))) best = [prefix, space];
  }
  return best[0] ? `${best[0]}:${iri.slice(best[1].length)}` : iri;
}

function cell(term, prefixes) {
  const made = element("td");
  if (!term) return made;
  if (term.type === "uri") {
    const own = term.value.startsWith(BASE) ? `/id/${encodeURI(term.value.slice(BASE.length))}` : `/describe?iri=${encodeURIComponent(term.value)}`;
    made.append(element("a", shorten(term.value, prefixes), { href: own, title: term.value }));
  } else if (term.type === "triple") {
    made.textContent = JSON.stringify(term.value);
  } else {
    made.textContent = term.type === "bnode" ? `_:${term.value}` : term.value;
    if (/#(integer|decimal|double)$/.test(term.datatype ?? "")) made.className = "number";
    if (term["xml:lang"]) made.lang = term["xml:lang"];
  }
  return made;
}

function table(answer, prefixes, time) {
  const rows = answer.results.bindings;
  const made = element("table");
  const more = rows.length > SHOWN ? `; the first ${SHOWN} are shown, the download has all` : "";
  made.append(element("caption", `${rows.length} row${rows.length === 1 ? "" : "s"} in ${time} ms${more}`));
  const head = made.createTHead().insertRow();
  for (const name of answer.head.vars) head.append(element("th", name, { scope: "col" }));
  const body = made.createTBody();
  for (const row of rows.slice(0, SHOWN)) body.insertRow().append(...answer.head.vars.map((name) => cell(row[name], prefixes)));
  const scroll = element("div", "", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Rows" });
  scroll.append(made);
  return scroll;
}

/** What to show for an answer of the endpoint. */
export function drawn(text, type, prefixes, time) {
  if (!type.includes("json")) return element("pre", text, { tabindex: "0", role: "region", "aria-label": "Graph" });
  const answer = JSON.parse(text);
  return "boolean" in answer ? element("p", answer.boolean ? "Yes." : "No.", { class: "truth" }) : table(answer, prefixes, time);
}

/** What to show where the endpoint refused. */
export const refusal = (text) => element("p", text, { class: "error", role: "alert" });
