// The page from its data: a section per source, and a comparison if there are several of a kind.
import {Table} from "./data.js";
import {element, name} from "./dom.js";
import {comparison} from "./compare.js";
import {limitsCharts} from "./limits.js";
import {searchCharts} from "./search.js";
import {Selection} from "./selection.js";
import {servingCharts} from "./serving.js";
import {answer, provenance} from "./section.js";
import {sweepCharts} from "./sweep.js";
import {tableView} from "./table.js";

const CHARTS = {sweep: sweepCharts, serving: servingCharts, search: searchCharts, limits: limitsCharts};
const KINDS = {sweep: "Sweep", serving: "Serving", search: "Search of batches to compile", limits: "Limits",
               empty: "Nothing yet"};

function prepare(section, index) {
  const ready = {...section, id: `section${index}`};
  if (!section.table) return ready;
  ready.table = new Table(section.table);
  const leading = section.groups[section.leading ?? 0];
  const first = leading?.knee ?? leading?.best ?? leading?.rows[0];
  ready.selection = new Selection(first ?? (ready.table.rows > 0 ? 0 : null));
  return ready;
}


function render(section) {
  const whole = element("section", {id: section.id, "aria-labelledby": section.id + "-title"},
                        element("p", {class: "kind"}, KINDS[section.kind]),
                        element("h2", {id: section.id + "-title"}, name(section.name)));
  if (section.question) whole.append(element("p", {class: "question", dir: "auto"}, section.question));
  const figures = section.table?.rows > 0 ? CHARTS[section.kind](section) : [];
  for (const note of section.notes) whole.append(element("p", {class: "note"}, note));
  if (!figures.length) return {whole, figures};
  whole.append(answer(section), element("div", {class: "charts"}, figures), tableView(section), provenance(section));
  return {whole, figures};
}

const data = JSON.parse(document.getElementById("data").textContent);
const sections = data.sections.map(prepare);
const main = document.getElementById("main");
const top = document.getElementById("top");
top.append(element("h1", {}, "infsim report"));
if (sections.length > 1)
  top.append(element("nav", {"aria-label": "Sections"},
                     element("ul", {}, sections.map((s) => element("li", {}, element("a", {href: "#" + s.id}, name(s.name)))))));
document.getElementById("made").textContent =
  `Made by ${data.version}. This file is self-contained and makes no network requests.`;
const drawn = [];
const compared = comparison(sections);
if (compared) {
  main.append(compared.whole);
  drawn.push(...compared.figures);
}
for (const section of sections) {
  const {whole, figures} = render(section);
  main.append(whole);
  drawn.push(...figures);
}
for (const figure of drawn) figure.first();
document.title = "infsim report: " + sections.map((s) => s.name).join(", ").slice(0, 100);
