// The query editor: highlighting and completion where YASQE was built in, else the plain field; answers on the page.

import { teach } from "./completion.js";
import { drawn, refusal } from "./results.js";
import { code, makesGraph } from "./snippets.js";

const find = (id) => document.getElementById(id);
const [form, field, answer, said] = ["ask", "query", "answer", "said"].map(find);
const text = { get: () => field.value, set: (value) => (field.value = value) };
let prefixes = {};
let asking;

function say(words) {
  said.textContent = words;
}

// The query stands in the fragment, which no browser sends: links to it reach no log.
function fromAddress() {
  const query = new URLSearchParams(location.hash.slice(1)).get("query");
  if (query !== null) text.set(query);
}

function fragment() {
  return `#query=${encodeURIComponent(text.get())}`;
}

function address() {
  return `${location.origin}/editor${fragment()}`;
}

async function ask(accept) {
  asking?.abort();
  asking = new AbortController();
  const response = await fetch("/sparql", {
    method: "POST",
    headers: { Accept: accept },
    body: new URLSearchParams({ query: text.get() }),
    signal: asking.signal,
  });
  if (!response.ok) throw new Error((await response.text()) || response.statusText);
  return response;
}

async function run() {
  say("Asking …");
  history.replaceState(null, "", fragment());
  const begun = performance.now();
  try {
    const response = await ask("application/sparql-results+json, text/turtle;q=0.9");
    const content = await response.text();
    const time = Math.round(performance.now() - begun);
    answer.replaceChildren(drawn(content, response.headers.get("content-type") ?? "", prefixes, time));
  } catch (error) {
    if (error.name === "AbortError") return;
    answer.replaceChildren(refusal(error.message));
  }
  say("");
  answer.hidden = false;
}

async function copy(words, what) {
  try {
    await navigator.clipboard.writeText(words);
    say(`${what} copied.`);
  } catch {
    say(`This browser does not let pages copy: ${words.includes("\n") ? "select the code" : words}`);
  }
}

function showCode() {
  find("code").textContent = code(find("language").value, text.get(), location.origin);
}

function suitFormat() {
  const rows = ["csv", "tsv", "json", "xml"].includes(find("format").value);
  if (makesGraph(text.get()) === rows) find("format").value = rows ? "turtle" : "csv";
}

function filterDrawer() {
  const words = find("filter").value.toLowerCase();
  for (const item of document.querySelectorAll(".drawer li")) item.hidden = !item.textContent.toLowerCase().includes(words);
  for (const topic of document.querySelectorAll(".drawer section")) topic.hidden = !topic.querySelector("li:not([hidden])");
}

function highlight(terms) {
  if (!window.Yasqe) return;
  teach(window.Yasqe, terms);
  const place = document.createElement("div");
  field.after(place);
  const yasqe = new window.Yasqe(place, {
    value: field.value,
    persistenceId: null,
    consumeShareLink: null,
    createShareableLink: null,
    showQueryButton: false,
    editorHeight: "24rem",
    autocompleters: ["prefixes", "variables", "class", "property"],
    extraKeys: { "Ctrl-Enter": run, "Cmd-Enter": run, Esc: (editor) => editor.getInputField().blur(), Tab: false, "Shift-Tab": false },
  });
  yasqe.getInputField().id = "typed";
  form.querySelector("label[for=query]").htmlFor = "typed";
  field.hidden = true;
  yasqe.on("change", () => (field.value = yasqe.getValue()));
  text.set = (value) => yasqe.setValue(value);
  window.addEventListener("resize", () => yasqe.refresh());
}

function listen() {
  find("run").addEventListener("click", run);
  find("link").addEventListener("click", () => copy(address(), "Link"));
  find("copy").addEventListener("click", () => copy(find("code").textContent, "Code"));
  find("language").addEventListener("change", showCode);
  find("elsewhere").addEventListener("toggle", showCode);
  find("filter").addEventListener("input", filterDrawer);
  form.addEventListener("submit", suitFormat);
  form.addEventListener("input", showCode);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
  });
  window.addEventListener("hashchange", fromAddress);
}

function start() {
  const drawer = document.querySelector(".drawer");
  drawer.open = matchMedia("(min-width: 64rem)").matches;
  for (const hidden of [find("run"), find("link"), find("elsewhere"), drawer.querySelector(".filter")]) hidden.hidden = false;
  find("download").classList.add("quiet");
  const terms = fetch("/editor/terms.json")
    .then((response) => response.json())
    .catch(() => ({ prefixes: {}, classes: [], properties: [] }));
  terms.then((known) => (prefixes = known.prefixes));
  highlight(terms);
  fromAddress();
  listen();
  document.documentElement.dataset.editor = "ready";
}

start();
