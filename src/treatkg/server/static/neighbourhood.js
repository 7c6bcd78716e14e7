// Draws the neighbourhood of a thing with Cytoscape.js. The table of the page says the same without it.
const box = document.getElementById("graph");
const said = document.getElementById("graph-said");
const colours = {
  treatments: "--c1", "groups of treatments": "--c6", substances: "--c6", cytokines: "--c2",
  "proteins and targets": "--c3", diseases: "--c4", "features and phenotypes": "--c5",
};
const shapes = {
  treatments: "round-rectangle", "groups of treatments": "round-rectangle", substances: "round-rectangle",
  cytokines: "diamond", "proteins and targets": "ellipse", diseases: "hexagon", "features and phenotypes": "triangle",
};
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function style() {
  return [
    { selector: "node", style: {
      "background-color": (node) => token(colours[node.data("kind")] ?? "--soft"),
      shape: (node) => shapes[node.data("kind")] ?? "ellipse",
      label: "data(label)", color: token("--ink"), "font-size": 12, "text-wrap": "wrap", "text-max-width": 120,
      "text-valign": "bottom", "text-margin-y": 4, width: 22, height: 22, "min-zoomed-font-size": 6,
      "text-background-color": token("--paper"), "text-background-opacity": 0.8, "text-background-padding": 1,
    } },
    { selector: "node.centre", style: { width: 38, height: 38, "font-size": 15, "font-weight": "bold" } },
    { selector: "node.here", style: { "border-width": 4, "border-color": token("--ink") } },
    { selector: "edge", style: {
      width: 1.2, "line-color": token("--soft"), "target-arrow-color": token("--soft"), "target-arrow-shape": "triangle",
      "curve-style": "bezier", "arrow-scale": 0.8, opacity: 0.6,
    } },
    { selector: "edge.here", style: {
      width: 2.5, opacity: 1, label: "data(label)", "font-size": 11, color: token("--ink"), "text-rotation": "autorotate",
      "text-background-color": token("--paper"), "text-background-opacity": 0.9, "text-background-padding": 2,
    } },
  ];
}

function tell(cy, node, centre) {
  cy.elements().removeClass("here");
  const edges = node.connectedEdges();
  node.addClass("here");
  edges.addClass("here");
  const parts = edges.map((edge) => `${edge.source().data("label")} ${edge.data("label")} ${edge.target().data("label")}`);
  said.textContent = node.id() === centre ? node.data("label") : parts.join("; ");
}

function open(node) {
  location.assign(`/map/neighbourhood?thing=${encodeURIComponent(node.id())}`);
}

function keys(cy, around, centre) {
  let at = -1;
  box.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step && around.length) {
      at = (at + step + around.length) % around.length;
      tell(cy, around[at], centre);
    } else if (event.key === "Enter" && at >= 0) open(around[at]);
    else if (event.key === "+" || event.key === "-") cy.zoom({ level: cy.zoom() * (event.key === "+" ? 1.25 : 0.8), renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
    else if (event.key === "Escape") { at = -1; cy.elements().removeClass("here"); cy.fit(undefined, 30); said.textContent = ""; }
    else return;
    event.preventDefault();
  });
}

// The thing in the middle, its neighbours on ellipses that fill the box: one, or three where they are many.
function places(nodes, thing) {
  const rings = nodes.length > 26 ? [1, 0.72, 0.44] : nodes.length > 12 ? [1, 0.6] : [0.85];
  const around = nodes.filter((node) => node.id !== thing);
  const found = { [thing]: { x: 0, y: 0 } };
  around.forEach((node, place) => {
    const angle = (2 * Math.PI * place) / around.length - Math.PI / 2;
    const ring = rings[place % rings.length];
    found[node.id] = { x: Math.cos(angle) * ring * box.clientWidth * 0.46, y: Math.sin(angle) * ring * box.clientHeight * 0.44 };
  });
  return found;
}

async function draw() {
  const [{ default: cytoscape }, answer] = await Promise.all([import(box.dataset.library), fetch(box.dataset.source)]);
  if (!answer.ok) return;
  const { thing, nodes, edges } = await answer.json();
  box.hidden = false;
  const cy = cytoscape({
    container: box,
    elements: [
      ...nodes.map((node) => ({ data: node, classes: node.id === thing ? "centre" : "" })),
      ...edges.map((edge, place) => ({ data: { id: `e${place}`, ...edge } })),
    ],
    style: style(),
    layout: { name: "preset", positions: places(nodes, thing), fit: true, padding: 40 },
    userZoomingEnabled: false, minZoom: 0.2, maxZoom: 4,
  });
  // The wheel scrolls the page until the picture has the focus.
  box.addEventListener("focusin", () => cy.userZoomingEnabled(true));
  box.addEventListener("focusout", () => cy.userZoomingEnabled(false));
  const around = nodes.filter((node) => node.id !== thing).map((node) => cy.getElementById(node.id));
  cy.on("mouseover", "node", (event) => tell(cy, event.target, thing));
  cy.on("tap", "node", (event) => (event.target.id() === thing ? tell(cy, event.target, thing) : open(event.target)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => cy.style(style()));
  cy.on("resize", () => cy.fit(undefined, 30));
  keys(cy, around, thing);
  said.textContent = "Point at a neighbour, or use the arrow keys; open it with a click or Enter.";
}

draw();
