// Points of a sweep along its batch, for the charts of speed.
import {COLOURS, Plot, RING, barPlaces, decades, figure, legend, places, plot, ring} from "./chart.js";
import {rounded} from "./data.js";
import {shortened} from "./dom.js";
import {groupOf} from "./section.js";

/** More settings than colours: those that are not chosen are drawn in grey. */
const MOST_COLOURED = 7;

export const finite = (...numbers) => numbers.every(Number.isFinite);

export function colourOf(section, group) {
  const at = section.groups.indexOf(group);
  return section.groups.length <= MOST_COLOURED ? COLOURS[at] : group === groupOf(section) ? COLOURS[0] : "var(--faint)";
}

/** All points with a number in every column of `columns`: {row, group, x, ...}. The chosen group comes last, on top. */
export function points(section, columns) {
  const chosen = groupOf(section);
  const order = [...section.groups.filter((g) => g !== chosen), chosen];
  return order.flatMap((group) => group.rows.map((row) => {
    const point = {row, group, colour: colourOf(section, group)};
    for (const [key, column] of Object.entries(columns)) point[key] = section.table.number(row, column);
    return point;
  })).filter((p) => finite(...Object.keys(columns).map((key) => p[key])));
}

/** Whether a scale is better in doublings: the largest is many times the smallest. */
export function scaleOf(values, unit) {
  const positive = values.filter((v) => v > 0);
  const wide = positive.length > 2 && Math.max(...positive) / Math.min(...positive) >= 32;
  const ticks = [...new Set(positive)].sort((a, b) => a - b);
  const scale = {label: unit, nice: false};
  if (wide) return {...scale, type: "log", base: 2, tickFormat: (d) => rounded(d)};
  return ticks.length <= 12 && ticks.every(Number.isInteger) ? {...scale, ticks, tickFormat: "d"} : {...scale, nice: true};
}

export function groupLegend(section) {
  if (section.groups.length < 2) return null;
  if (section.groups.length > MOST_COLOURED)
    return legend([["chosen setting", COLOURS[0]], [`the other ${section.groups.length - 1}`, "var(--faint)"]]);
  return legend(section.groups.map((g) => [shortened(g.label, 50), colourOf(section, g)]));
}

/** What a point says when the pointer is over it. */
export function told(section, p, columns) {
  const lines = columns.filter(([, column]) => section.table.text(p.row, column) !== "").map(([what, column]) => {
    const x = section.table.number(p.row, column);
    return `${what}: ${Number.isNaN(x) ? shortened(section.table.text(p.row, column), 60) : rounded(x)}`;
  });
  return [...(p.group.label ? [shortened(p.group.label, 70)] : []), ...lines].join("\n");
}

export function tip(data, x, y, title) {
  return Plot.tip(data, Plot.pointer({x, y, title, fill: "var(--card)", stroke: "var(--line)", lineWidth: 40}));
}

/** Rows of the chosen setting, in the order of their batches. */
export function batchRows(section) {
  const batch = (row) => section.table.number(row, "batch_size");
  return groupOf(section).rows.filter((row) => batch(row) > 0).sort((a, b) => batch(a) - batch(b));
}

/** The axis of a chart with a bar per row, in that order: every n-th has its batch below where there is no room for all. */
export function batchBars(table, rows, width) {
  const each = Math.ceil(rows.length / Math.max(4, width / 32));
  return {type: "band", domain: rows, label: "batch (items per inference)", padding: 0.25, tickFormat: (row) => table.text(row, "batch_size"),
          ticks: rows.filter((_, i) => i % each === 0)};
}

/** Crosses on the axis: what was tried there came to nothing. */
export function crosses(rows, x) {
  return Plot.dot(rows, {x, frameAnchor: "bottom", dy: -7, symbol: "times", stroke: "var(--red)", r: 4, className: "crosses"});
}

/** The region from the first batch that does not fit on, and the batches that were tried there. */
export function wall(section, group, x, domain) {
  const {table} = section;
  const at = (row) => table.number(row, x);
  const refused = group.rows.filter((r) => table.text(r, "status") === "infeasible");
  const marks = [];
  if (group.beyond !== null && group.beyond !== undefined) {
    const edge = at(group.beyond);
    const right = edge > (domain[0] + domain[1]) / 2;   // the text goes where there is room for it
    marks.push(Plot.rect([0], {x1: edge, x2: domain[1], fill: "var(--wall)", className: "wall"}),
               Plot.ruleX([edge], {stroke: "var(--red)", strokeWidth: 1.5, strokeDasharray: "5 3"}),
               Plot.text([edge], {x: (d) => d, frameAnchor: "bottom", dx: right ? -6 : 6, dy: -18, textAnchor: right ? "end" : "start", fill: "var(--red-text)", stroke: "var(--card)", strokeWidth: 3,
                                  text: (d) => `B=${d} does not fit`}));
  }
  if (refused.length)
    marks.push(crosses(refused, at));
  return marks;
}

export {COLOURS, Plot, RING, barPlaces, decades, figure, legend, places, plot, ring};
