// Completion from the terms in use (VoID), by IRI, prefixed name or any part of a label.

const MANY = 60;

const localName = (iri) => iri.slice(Math.max(iri.lastIndexOf("#"), iri.lastIndexOf("/")) + 1);

// Names and labels that begin as typed stand before those that have it elsewhere; each kind by use.
function matching(list, typed) {
  const wanted = typed.toLowerCase();
  const whole = list.filter(([iri]) => iri.startsWith(typed));
  if (/^https?:/.test(wanted)) return whole.slice(0, MANY);
  const names = ([iri, label]) => [localName(iri).toLowerCase(), label.toLowerCase()];
  const begins = list.filter((term) => names(term).some((name) => name.startsWith(wanted)));
  const holds = list.filter((term) => names(term).some((name) => name.includes(wanted)));
  return [...new Set([...whole, ...begins, ...holds])].slice(0, MANY);
}

// Named with our prefixes; the editor then declares one that the query lacks.
function named(yasqe, iri, prefixes) {
  for (const [prefix, space] of Object.entries({ ...prefixes, ...yasqe.getPrefixesFromQuery() })) {
    if (iri.startsWith(space) && /^[\w][\w-]*$/.test(iri.slice(space.length))) return `${prefix}:${iri.slice(space.length)}`;
  }
  return `<${iri}>`;
}

function declare(yasqe, name, prefixes) {
  const prefix = name.split(":")[0];
  if (!name.startsWith("<") && !(prefix in yasqe.getPrefixesFromQuery())) yasqe.addPrefixes({ [prefix]: prefixes[prefix] });
}

// The word before the cursor. The editor's own tokens break words that begin like a keyword ("indicated" after IN).
function wordBefore(yasqe, token, preProcess) {
  const cursor = yasqe.getDoc().getCursor();
  const [word] = /(<[^\s>]*|[\w:.%~-]*)$/.exec(yasqe.getDoc().getLine(cursor.line).slice(0, cursor.ch));
  const whole = preProcess(yasqe, { ...token, string: word, start: cursor.ch - word.length });
  return { ...whole, from: { ch: cursor.ch - word.length }, to: { ch: cursor.ch } };
}

function completer(Yasqe, kind, list, terms) {
  const standard = Yasqe.Autocompleters[kind];
  const shown = new Map();
  let prefixes = {};
  return {
    ...standard,
    name: kind,
    get: async (yasqe, token) => {
      const known = await terms;
      prefixes = known.prefixes;
      const found = matching(known[list], (token?.autocompletionString ?? "").trim());
      for (const [iri, label, count] of found) shown.set(named(yasqe, iri, prefixes), `${label} (${count})`.trim());
      return found.map(([iri]) => iri);
    },
    preProcessToken: (yasqe, token) => wordBefore(yasqe, token, standard.preProcessToken),
    postProcessSuggestion: (yasqe, _token, iri) => named(yasqe, iri, prefixes),
    postprocessHints: (yasqe, hints) =>
      hints.map((hint) => ({
        ...hint,
        displayText: `${hint.text}  ${shown.get(hint.text) ?? ""}`,
        hint: (editor, data, choice) => {
          editor.replaceRange(choice.text, choice.from ?? data.from, choice.to ?? data.to, "complete");
          declare(yasqe, choice.text, prefixes);
        },
      })),
  };
}

/** Teach the editor the classes, properties and prefixes of this graph (a promise); it asks no other host for them. */
export function teach(Yasqe, terms) {
  const declarations = async () => Object.entries((await terms).prefixes).map(([prefix, space]) => `${prefix}: <${space}>`).sort();
  Yasqe.registerAutocompleter({ ...Yasqe.Autocompleters.prefixes, persistenceId: null, get: declarations });
  Yasqe.registerAutocompleter(completer(Yasqe, "class", "classes", terms));
  Yasqe.registerAutocompleter(completer(Yasqe, "property", "properties", terms));
}
