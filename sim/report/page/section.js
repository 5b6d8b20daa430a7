// The parts that all sections have: the answer in sentences, and where the figures come from.
import {chooser, element, name, shortened} from "./dom.js";

export function groupOf(section) {
  return section.groups.find((g) => g.rows.includes(section.selection.row)) ?? section.groups[0];
}

/** Which of several settings the sentences and charts are about. */
function settingChooser(section) {
  const {list, whole} = chooser("Setting", "setting", section.groups.map((g) => shortened(g.label, 90)), (i) => {
    const group = section.groups[i];
    section.selection.select(group.knee ?? group.best ?? group.rows[0]);
  });
  const update = () => { list.value = String(section.groups.indexOf(groupOf(section))); };
  section.selection.listen(update);
  update();
  return whole;
}

export function answer(section) {
  const sentences = element("ol", {class: "sentences"});
  const update = () => {
    sentences.replaceChildren(...groupOf(section).sentences.map((text) => element("li", {dir: "auto"}, text)));
  };
  section.selection.listen(update);
  update();
  const several = section.groups.length > 1;
  return element("div", {class: "answer"}, section.overview ? element("p", {class: "overview", dir: "auto"}, section.overview) : null,
                 several ? settingChooser(section) : null, sentences);
}

const ORIGIN = ["model_name", "chip", "compiler", "dtype", "io_dtype", "cores", "workers_per_model", "scenario", "seed"];

function values(table, column) {
  const seen = new Set();
  for (let row = 0; row < table.rows; ++row) seen.add(table.text(row, column));
  return [...seen];
}

export function provenance(section) {
  const rows = [["From", name(section.path)]];
  for (const column of ORIGIN) {
    if (!section.table.has(column)) continue;
    const all = values(section.table, column);
    rows.push([column, element("span", {}, all.slice(0, 12).flatMap((v, i) => [i ? ", " : "", name(v)]),
                               all.length > 12 ? ` and ${all.length - 12} more` : "")]);
  }
  for (const key of ["model", "chip", "compiler", "dtype", "io_dtype", "max_batch"])
    if (key in section) rows.push([key, name(String(section[key]))]);
  const id = section.table.has("point_id") ? "point_id" : "scenario_id";
  const ids = section.table.has(id) ? values(section.table, id) : [];
  return element("details", {class: "provenance"}, element("summary", {}, "Where these figures come from"),
                 element("dl", {}, rows.flatMap(([key, value]) => [element("dt", {}, key), element("dd", {}, value)])),
                 ids.length ? element("p", {}, `${ids.length} ids, each the hash of everything that determines its row, the ` +
                   "results epoch included:") : null,
                 ids.length ? element("p", {class: "ids"}, ids.join(" ")) : null);
}
