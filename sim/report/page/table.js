// The table: sorted by a click, filtered by words and comparisons, given back as CSV; its rows select points.
import {csv, amount, number, rounded} from "./data.js";
import {element, say, shortened} from "./dom.js";

/** What is worth a place where not all columns are shown; axes and what varies of the identity come first. */
const FIRST = ["status", "verdict", "throughput_avg", "throughput_low", "throughput_high", "latency_ms_p50", "latency_ms_p99",
               "goodput", "bound_ms", "service_ms", "roofline_ms", "ideal_ms", "efficiency", "bound", "main_stall",
               "sb_peak_bytes", "dram_utilisation", "weight_bytes_per_inference", "padding_fraction", "core_utilisation",
               "cost_per_1m_inf", "reason"];
const IDENTITY = ["limit", "batches", "model_name", "batch_size", "dtype", "io_dtype", "chip", "compiler", "cores",
                  "workers_per_model", "seed", "policy", "offered_rate", "batch", "open", "refused_batch", "resource", "demand",
                  "capacity", "unit", "layer", "peak_rate", "not_sustained_rate", "items_per_s", "latency_ms_at_percentile"];
const TEXT_WIDTH = 48;

function usual(table) {
  const varying = (c) => !c.constant;
  const key = table.columns.filter((c) => varying(c) && (c.axis || IDENTITY.includes(c.name)));
  const rest = FIRST.map((n) => table.byName.get(n)).filter((c) => c && !key.includes(c) && table.has(c.name) &&
                                                           (varying(c) || table.rows === 1 || c.name === "status"));
  return [...key, ...rest];
}

const COMPARE = {"=": (a, b) => a === b, "!=": (a, b) => a !== b, "<": (a, b) => a < b, "<=": (a, b) => a <= b,
                 ">": (a, b) => a > b, ">=": (a, b) => a >= b};

/** One word of the filter: a comparison of a column, or text that some cell holds. */
function condition(table, word) {
  const parts = /^([^<>=!]+)(<=|>=|!=|=|<|>)(.*)$/.exec(word);
  if (parts && table.byName.has(parts[1])) {
    const [, column, sign, value] = parts;
    const wanted = amount(value);
    return (row) => {
      const text = table.text(row, column);
      const x = amount(text);
      if (!Number.isNaN(wanted) && !Number.isNaN(x)) return COMPARE[sign](x, wanted);
      return sign === "=" ? text === value : sign === "!=" ? text !== value : false;
    };
  }
  const low = word.toLowerCase();
  return (row) => table.columns.some((c) => table.text(row, c.name).toLowerCase().includes(low));
}

function filtered(table, words) {
  const conditions = words.split(/\s+/).filter(Boolean).map((word) => condition(table, word));
  return [...Array(table.rows).keys()].filter((row) => conditions.every((holds) => holds(row)));
}

/** Empty cells last, whatever the direction. */
function sorted(table, rows, column, descending) {
  if (!column) return rows;
  const key = (row) => {
    const text = table.text(row, column);
    const x = amount(text);
    return Number.isNaN(x) ? text : x;
  };
  const order = (a, b) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1);
  return [...rows].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if ((x === "") !== (y === "")) return x === "" ? 1 : -1;
    return descending ? order(y, x) : order(x, y);
  });
}

function shownCell(column, text) {
  if (column.numeric && text !== "") {
    const x = number(text);
    return element("td", {class: "number", title: text}, rounded(x));
  }
  return element("td", {title: [...text].length > TEXT_WIDTH ? text : null},
                 element("bdi", {}, shortened(text, TEXT_WIDTH)));
}

function heading(column, view) {
  const active = view.sort === column.name;
  const unit = column.unit ? ` [${column.unit}]` : "";
  return element("th", {scope: "col", "aria-sort": active ? (view.descending ? "descending" : "ascending") : "none"},
                 element("button", {
                   type: "button", title: column.meaning || null, "data-column": column.name,
                   onclick: () => {
                     view.descending = active ? !view.descending : false;
                     view.sort = column.name;
                     view.draw();
                     view.body.querySelector(`button[data-column="${CSS.escape(column.name)}"]`)?.focus();
                   },
                 }, element("bdi", {}, shortened(column.name, 40)), unit,
                 element("span", {class: "arrow", "aria-hidden": "true"}, active ? (view.descending ? " ▼" : " ▲") : "")));
}

function rowKeys(event, view) {
  const at = view.rows.indexOf(view.section.selection.row);
  const step = {ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity}[event.key];
  if (step === undefined || event.target.closest("thead")) return;
  event.preventDefault();
  view.section.selection.select(view.rows[Math.min(view.rows.length - 1, Math.max(0, at + step))]);
  view.body.querySelector("tr[aria-selected=true]")?.focus();
}

/** Marks the selected row, which is also where Tab enters the rows. */
function mark(view) {
  let entered = false;
  for (const tr of view.body.querySelectorAll("tbody tr")) {
    const selected = Number(tr.dataset.row) === view.section.selection.row;
    tr.setAttribute("aria-selected", String(selected));
    tr.tabIndex = selected ? 0 : -1;
    entered ||= selected;
  }
  if (!entered) view.body.querySelector("tbody tr")?.setAttribute("tabindex", "0");
  const tr = view.body.querySelector("tr[aria-selected=true]");
  if (!tr) return;
  // Within its own box: the page stays where it is.
  const head = view.body.querySelector("thead").offsetHeight;
  if (tr.offsetTop - head < view.body.scrollTop) view.body.scrollTop = tr.offsetTop - head;
  else if (tr.offsetTop + tr.offsetHeight > view.body.scrollTop + view.body.clientHeight)
    view.body.scrollTop = tr.offsetTop + tr.offsetHeight - view.body.clientHeight;
}

function draw(view) {
  const {table, selection} = view.section;
  const columns = view.all ? table.columns : usual(table);
  view.rows = sorted(table, filtered(table, view.filter), view.sort, view.descending);
  const rows = view.rows.map((row) =>
    element("tr", {"data-row": row, onclick: () => selection.select(row)},
            columns.map((c) => shownCell(c, table.text(row, c.name)))));
  const empty = element("tr", {}, element("td", {colspan: columns.length}, "No row answers to the filter."));
  view.body.replaceChildren(element("table", {"aria-label": "Table of " + view.section.name},
                                    element("thead", {}, element("tr", {}, columns.map((c) => heading(c, view)))),
                                    element("tbody", {}, rows.length ? rows : empty)));
  view.count.textContent = `${view.rows.length} of ${table.rows} rows, ${columns.length} of ${table.columns.length} columns`;
  if (rows.length) mark(view);
}

function download(view) {
  const blob = new Blob([csv(view.section.table, view.rows)], {type: "text/csv"});
  const link = element("a", {href: URL.createObjectURL(blob), download: fileName(view.section)});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function fileName(section) {
  return (section.name.replace(/\.(json|csv)$/, "").replace(/[^\w.-]+/g, "_").slice(0, 80) || "table") + ".csv";
}

/** What all rows have in common, which the usual columns therefore leave out. */
function common(table) {
  const shared = table.columns.filter((c) => c.constant && c.same !== "" && IDENTITY.includes(c.name) && table.rows > 1);
  if (!shared.length) return null;
  return element("p", {class: "common"}, "The same in all rows: ",
                 shared.flatMap((c, i) => [i ? ", " : "", `${c.name} `, element("bdi", {}, shortened(c.same))]));
}

export function tableView(section) {
  const view = {section, filter: "", sort: null, descending: false, all: false, rows: [],
                body: element("div", {class: "rows"}), count: element("span", {class: "count", role: "status"})};
  view.draw = () => draw(view);
  view.body.addEventListener("keydown", (event) => rowKeys(event, view));
  const first = usual(section.table).find((c) => c.numeric && section.table.filled(c).length)?.name;
  const filter = element("input", {type: "search", placeholder: first ? `${shortened(first, 24)}>=4` : "words",
                                   oninput: (event) => { view.filter = event.target.value; view.draw(); }});
  const all = element("input", {type: "checkbox", onchange: (event) => { view.all = event.target.checked; view.draw(); }});
  section.selection.listen(() => {
    mark(view);
    say("Selected " + described(section));
  });
  view.draw();
  requestAnimationFrame(() => mark(view));   // once it has a place in the page, the selected row is scrolled to
  return element("div", {class: "table"}, element("h3", {}, "Table"), common(section.table),
                 element("div", {class: "tools"}, element("label", {}, "Filter ", filter),
                         element("label", {}, all, " all columns"),
                         element("button", {type: "button", class: "download", onclick: () => download(view)}, "Download CSV"),
                         view.count), view.body,
                 element("p", {class: "hint"}, "A click on a column sorts. The filter takes words, which some cell must hold, and " +
                   "comparisons such as batch_size>=4 or status!=ok, all of which must hold. The CSV has the rows " +
                   "that are shown, in their order, with all columns and every digit."));
}

/** The selected row in a few words. */
export function described(section) {
  const {table, selection} = section;
  return usual(table).slice(0, 4).map((c) => `${c.name} ${table.text(selection.row, c.name)}`).join(", ");
}
