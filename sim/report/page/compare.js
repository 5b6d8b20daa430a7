// Several sweeps in one chart.
import {COLOURS, Plot, RING, figure, finite, legend, places, plot, scaleOf, tip} from "./series.js";
import {rounded} from "./data.js";
import {element, shortened} from "./dom.js";
import {front} from "./speed.js";

/** The points of every sweep, each with what selects it in its own section. */
function all(sections, columns) {
  return sections.flatMap((section, s) => section.groups.flatMap((group) => group.rows.map((row) => {
    const point = {section, row: `${s}/${row}`, own: row, colour: COLOURS[s % COLOURS.length], line: `${s} ${group.label}`, group};
    for (const [key, column] of Object.entries(columns)) point[key] = section.table.number(row, column);
    return point;
  }))).filter((p) => finite(...Object.keys(columns).map((key) => p[key])));
}

/** Clicks and keys in a chart of all sections select in the section of the point. */
function together(sections) {
  const parts = (row) => row.split("/").map(Number);
  return {
    row: null,
    select(row) {
      this.row = row;
      const [s, own] = parts(row);
      sections[s].selection.select(own);
    },
    listen(listener) {
      for (const section of sections) section.selection.listen(listener);
    },
  };
}

function rings(data, x, y) {
  return Plot.dot(data.filter((d) => d.own === d.section.selection.row), {x, y, r: 9, ...RING});
}

function told(d) {
  const {table} = d.section;
  return [shortened(d.section.name), shortened(d.group.label, 70), `B=${table.text(d.own, "batch_size")}`,
          `${rounded(table.number(d.own, "throughput_avg"))} items/s`, `${rounded(table.number(d.own, "latency_ms_p50"))} ms (p50)`]
    .filter(Boolean).join("\n");
}

const names = (sections) => legend(sections.map((s, i) => [shortened(s.name, 50), COLOURS[i % COLOURS.length]]));

function chart(sections, selection, {title, name, columns, x, y, marks, note}) {
  return figure({
    title, name, note, selection, empty: "No point has both.",
    draw(width) {
      const data = all(sections, columns);
      if (!data.length) return null;
      const drawn = plot(width, {x: x(data), y, marks: [Plot.ruleY([0], {stroke: "var(--line)"}), ...marks(data),
        Plot.dot(data, {x: "x", y: "y", fill: "colour", r: 4, className: "points"}), rings(data, "x", "y"), tip(data, "x", "y", told)]});
      return {plot: drawn, points: places(drawn, data, (d) => d.x, (d) => d.y), after: [names(sections)]};
    },
  });
}

export function comparison(sections) {
  const sweeps = sections.filter((s) => s.kind === "sweep" && s.table?.rows > 0);
  if (sweeps.length < 2) return null;
  const selection = together(sweeps);
  const items = {label: "items per second", zero: true, tickFormat: rounded};
  const figures = [
    chart(sweeps, selection, {title: "Throughput against batch, all sweeps", name: "compare-throughput",
      columns: {x: "batch_size", y: "throughput_avg"}, x: (data) => scaleOf(data.map((d) => d.x), "batch (items per inference)"), y: items,
      marks: (data) => [Plot.line(data, {x: "x", y: "y", z: "line", stroke: "colour", strokeWidth: 1.5})]}),
    chart(sweeps, selection, {title: "Throughput against latency, all sweeps", name: "compare-pareto",
      columns: {x: "latency_ms_p50", y: "throughput_avg"}, x: (data) => scaleOf(data.map((d) => d.x), "latency, median (ms)"), y: items,
      note: "The dark line joins the points that no other beats in both.",
      marks: (data) => [Plot.line(front(data), {x: "x", y: "y", stroke: "var(--ink)", curve: "step-after", strokeOpacity: 0.7})]}),
  ];
  const whole = element("section", {"aria-labelledby": "compared"}, element("p", {class: "kind"}, "Comparison"),
                        element("h2", {id: "compared"}, `${sweeps.length} sweeps`), element("div", {class: "charts"}, figures));
  return {whole, figures};
}
