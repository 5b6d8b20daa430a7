// Throughput and latency along the batch, and against each other.
import {Plot, crosses, figure, finite, groupLegend, legend, places, plot, points, ring, scaleOf, tip, told, wall} from "./series.js";
import {rounded} from "./data.js";
import {shortened} from "./dom.js";
import {groupOf} from "./section.js";

const TOLD = [["batch", "batch_size"], ["items/s", "throughput_avg"], ["p50 ms", "latency_ms_p50"], ["p99 ms", "latency_ms_p99"],
              ["bound by", "bound"]];

/** Lines and dots of all settings over the batch. */
function lines(data, y) {
  return [Plot.line(data, {x: "x", y, z: (d) => d.group.label, stroke: "colour", strokeWidth: 2}),
          Plot.dot(data, {x: "x", y, fill: "colour", r: 4, className: "points"})];
}

function batches(section) {
  return section.groups.flatMap((g) => g.rows).map((row) => section.table.number(row, "batch_size")).filter(Number.isFinite);
}

function along(section) {
  const all = batches(section);
  const scale = scaleOf(all, "batch (items per inference)");
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const margin = (high - low) * 0.03 || 1;
  const log = scale.type === "log";
  return {...scale, nice: false, domain: log ? [low / 1.1, high * 1.1] : [Math.max(0, low - margin), high + margin]};
}

function marked(section, data, y) {
  const group = groupOf(section);
  const names = new Map();
  const add = (row, text) => {
    if (row !== null && row !== undefined) names.set(row, [...(names.get(row) ?? []), text]);
  };
  add(group.knee, "knee");
  add(group.best, "best");
  const at = data.filter((d) => names.has(d.row));
  return Plot.text(at, {x: "x", y, text: (d) => names.get(d.row).join(", "), dy: -14, fontWeight: 600, fill: "var(--ink)",
                        stroke: "var(--card)", strokeWidth: 4, className: "marks"});
}

export function throughputChart(section) {
  return figure({
    title: "Throughput against batch", name: "throughput", selection: section.selection,
    note: "Band: 95 % interval of the long run. Ring: the selected point. Crosses: batches that do not fit.",
    empty: "No point has a throughput.",
    draw(width) {
      const data = points(section, {x: "batch_size", y: "throughput_avg"});
      if (!data.length) return null;
      const x = along(section);
      const banded = points(section, {x: "batch_size", low: "throughput_low", high: "throughput_high"})
        .filter((d) => d.group === groupOf(section));
      const drawn = plot(width, {
        x, y: {label: "items per second", zero: true, tickFormat: rounded},
        marks: [...wall(section, groupOf(section), "batch_size", x.domain), Plot.ruleY([0], {stroke: "var(--line)"}),
                Plot.areaY(banded, {x: "x", y1: "low", y2: "high", fill: "colour", fillOpacity: 0.25}),
                Plot.ruleX(banded, {x: "x", y1: "low", y2: "high", stroke: "colour", strokeWidth: 5, strokeOpacity: 0.35}),
                ...lines(data, "y"), marked(section, data, "y"), ring(data, section.selection.row, "x", "y"),
                tip(data, "x", "y", (d) => told(section, d, TOLD))],
      });
      return {plot: drawn, points: places(drawn, data, (d) => d.x, (d) => d.y), after: [groupLegend(section)].filter(Boolean)};
    },
  });
}

export function latencyChart(section) {
  return figure({
    title: "Latency against batch", name: "latency", selection: section.selection,
    note: "Dots: median as the host sees it. The bar above each ends, hollow, at the 99th percentile.",
    empty: "No point has a latency.",
    draw(width) {
      const data = points(section, {x: "batch_size", y: "latency_ms_p50", high: "latency_ms_p99"});
      if (!data.length) return null;
      const x = along(section);
      const chosen = data.filter((d) => d.group === groupOf(section));
      const drawn = plot(width, {
        x, y: {label: "latency (ms)", zero: true},
        marks: [...wall(section, groupOf(section), "batch_size", x.domain), Plot.ruleY([0], {stroke: "var(--line)"}),
                Plot.ruleX(chosen, {x: "x", y1: "y", y2: "high", stroke: "colour", strokeWidth: 3, strokeOpacity: 0.6}),
                Plot.dot(chosen, {x: "x", y: "high", stroke: "colour", fill: "var(--card)", r: 2.5, className: "p99"}), ...lines(data, "y"),
                marked(section, data, "high"), ring(data, section.selection.row, "x", "y"),
                tip(data, "x", "y", (d) => told(section, d, TOLD))],
      });
      return {plot: drawn, points: places(drawn, data, (d) => d.x, (d) => d.y), after: [groupLegend(section)].filter(Boolean)};
    },
  });
}

/** Points that no other point beats in both. */
export function front(data) {
  let most = -Infinity;
  return [...data].sort((a, b) => a.x - b.x || b.y - a.y).filter((d) => {
    const better = d.y > most;
    most = Math.max(most, d.y);
    return better;
  });
}

export function paretoChart(section) {
  return figure({
    title: "Throughput against latency", name: "pareto", selection: section.selection,
    note: "Up and to the left is better. The dark line joins the points that no other beats in both.",
    empty: "No point has both.",
    draw(width) {
      const data = points(section, {x: "latency_ms_p50", y: "throughput_avg"});
      if (!data.length) return null;
      const best = front(data);
      const labelled = best.length <= 16 ? best : best.filter((_, i) => i % Math.ceil(best.length / 16) === 0);
      const x = scaleOf(data.map((d) => d.x), "latency, median (ms)");
      const drawn = plot(width, {
        x: x.type === "log" ? x : {label: x.label, zero: true, nice: true}, y: {label: "items per second", zero: true, tickFormat: rounded},
        marks: [Plot.ruleY([0], {stroke: "var(--line)"}),
                Plot.line(best, {x: "x", y: "y", stroke: "var(--ink)", strokeWidth: 1.5, curve: "step-after", strokeOpacity: 0.7}),
                Plot.dot(data, {x: "x", y: "y", fill: "colour", r: 4.5, className: "points"}),
                Plot.text(labelled, {x: "x", y: "y", dx: -8, dy: -8, textAnchor: "end", fill: "var(--soft)",
                                     stroke: "var(--card)", strokeWidth: 3,
                                     text: (d) => "B=" + section.table.text(d.row, "batch_size")}),
                ring(data, section.selection.row, "x", "y"), tip(data, "x", "y", (d) => told(section, d, TOLD))],
      });
      return {plot: drawn, points: places(drawn, data, (d) => d.x, (d) => d.y), after: [groupLegend(section)].filter(Boolean)};
    },
  });
}

const BOUNDS = [["service_ms", "measured, all cores busy", "var(--blue)", "4 0"],
                ["unloaded_service_ms", "measured, alone on the chip", "var(--sky)", "6 3"],
                ["roofline_ms", "roofline: no run of this program is faster", "var(--orange)", "2 3"],
                ["ideal_ms", "ideal: no compiler is faster", "var(--green)", "8 3 2 3"]];

/** Time per item against its bounds. */
export function boundsChart(section) {
  return figure({
    title: "Time per item: measured, roofline, ideal", name: "bounds", selection: section.selection,
    note: "Of one core, an inference's time over its batch. The distance from measured to ideal is what is lost.",
    empty: "No point has a service time.",
    draw(width) {
      const group = groupOf(section);
      const data = BOUNDS.flatMap(([column, , colour, dash]) => group.rows.map((row) => {
        const batch = section.table.number(row, "batch_size");
        return {row, group, column, colour, dash, x: batch, y: section.table.number(row, column) / batch};
      })).filter((d) => finite(d.x, d.y));
      if (!data.length) return null;
      const measured = data.filter((d) => d.column === "service_ms");
      const drawn = plot(width, {
        x: along(section), y: {label: "ms per item of one core", zero: true},
        marks: [Plot.ruleY([0], {stroke: "var(--line)"}),
                ...BOUNDS.flatMap(([column, , colour, dash]) => {
                  const of = data.filter((d) => d.column === column);
                  return [Plot.line(of, {x: "x", y: "y", stroke: colour, strokeWidth: 2, strokeDasharray: dash}),
                          Plot.dot(of, {x: "x", y: "y", fill: colour, r: 3})];
                }),
                ring(measured, section.selection.row, "x", "y"),
                tip(measured, "x", "y", (d) => told(section, d, [["batch", "batch_size"], ["service ms", "service_ms"],
                  ["roofline ms", "roofline_ms"], ["ideal ms", "ideal_ms"], ["efficiency", "efficiency"]]))],
      });
      return {plot: drawn, points: places(drawn, measured, (d) => d.x, (d) => d.y),
              after: [legend(BOUNDS.map(([, text, colour]) => [text, colour]))]};
    },
  });
}

/** Where no batch is varied: the points side by side. */
export function pointsChart(section, column, title, label, name) {
  return figure({
    title, name, selection: section.selection, empty: "No point has a value.", wide: true,
    note: "Crosses: points that do not fit or did not run.",
    draw(width) {
      const data = points(section, {y: column}).sort((a, b) => a.row - b.row)
        .map((d) => ({...d, x: d.row}));
      if (!data.length) return null;
      const rows = section.groups.flatMap((g) => g.rows).sort((a, b) => a - b);
      const text = (row) => shortened(section.groups.find((g) => g.rows.includes(row)).label || `row ${row + 1}`, 24);
      const crowded = rows.length > 24 || new Set(rows.map(text)).size < rows.length;
      const missing = rows.filter((row) => !data.some((d) => d.row === row));
      const drawn = plot(width, {
        height: crowded ? 300 : 380, marginBottom: crowded ? 42 : 140,
        x: {type: "point", domain: rows, label: crowded ? "row of the table" : null, padding: 0.6,
            ...(crowded ? {ticks: rows.filter((_, i) => i % Math.ceil(rows.length / 24) === 0), tickFormat: (r) => String(r + 1)}
              : {tickFormat: text, tickRotate: -35})},
        y: {label, zero: true},
        marks: [Plot.ruleY([0], {stroke: "var(--line)"}),
                Plot.ruleX(data, {x: "x", y: "y", stroke: "var(--blue)", strokeWidth: 2}),
                Plot.dot(data, {x: "x", y: "y", fill: "var(--blue)", r: 5, className: "points"}),
                crosses(missing, (row) => row),
                ring(data, section.selection.row, "x", "y"),
                tip(data, "x", "y", (d) => told(section, d, TOLD))],
      });
      return {plot: drawn, points: places(drawn, data, (d) => d.x, (d) => d.y)};
    },
  });
}
