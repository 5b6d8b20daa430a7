// The charts of served load: a sweep over rates and settings, and the further figures of one run.
import {Plot, decades, figure, finite, groupLegend, legend, places, plot, points, ring, tip, told} from "./series.js";
import {percent, rounded} from "./data.js";

const TOLD = [["requests/s offered", "offered_rate"], ["items/s", "throughput_avg"], ["p50 ms", "latency_ms_p50"], ["p99 ms", "latency_ms_p99"],
              ["verdict", "verdict"], ["why", "reason"]];

const valid = (section, row) => section.table.text(row, "verdict") === "VALID";

function bounds(section) {
  const all = new Set();
  for (const group of section.groups) for (const row of group.rows) all.add(section.table.number(row, "bound_ms"));
  return [...all].filter((b) => b > 0);
}

const extent = (data) => [Math.min(...data.map((d) => d.y)), Math.max(...data.map((d) => d.y))];

/** A line per setting over the offered rate; hollow dots are runs that are not VALID. */
function rateChart(section, {column, title, label, name, note, marks, log, share}) {
  return figure({
    title, name, note, selection: section.selection, empty: "No run has a value.",
    draw(width) {
      const data = points(section, {x: "offered_rate", y: column});
      if (!data.length) return null;
      const drawn = plot(width, {
        x: {label: "requests per second offered", tickFormat: rounded, nice: true, zero: true, ticks: width / 90},
        y: log ? {type: "log", label, tickFormat: "~s", ticks: decades(...extent(data))}
          : {label, zero: true, percent: share, tickFormat: rounded},
        marks: [...(marks?.() ?? []), Plot.line(data, {x: "x", y: "y", z: (d) => d.group.label, stroke: "colour", strokeWidth: 2}),
                Plot.dot(data, {x: "x", y: "y", stroke: "colour", strokeWidth: 2, r: 3.5,
                                fill: (d) => (valid(section, d.row) ? d.colour : "var(--card)"), className: "points"}),
                ring(data, section.selection.row, "x", "y"), tip(data, "x", "y", (d) => told(section, d, TOLD))],
      });
      return {plot: drawn, points: places(drawn, data, (d) => d.x, (d) => d.y),
              after: [groupLegend(section)].filter(Boolean)};
    },
  });
}

function boundMarks(section) {
  const all = bounds(section);
  return [Plot.ruleY(all, {stroke: "var(--red)", strokeDasharray: "6 3"}),
          Plot.text(all, {y: (d) => d, frameAnchor: "left", dx: 6, dy: -8, textAnchor: "start", fill: "var(--red-text)",
                          text: (d) => `bound ${rounded(d)} ms`})];
}

function rateCharts(section) {
  return [
    rateChart(section, {column: "latency_ms_p99", title: "Tail latency against load", label: "latency, 99th percentile (ms)", name: "tail",
                        log: true, marks: () => boundMarks(section), note: "Hollow dots: runs that are not VALID; the tip says why."}),
    rateChart(section, {column: "throughput_avg", title: "Items answered against load", label: "items per second", name: "answered",
                        note: "Where a line leaves the diagonal, requests pile up."}),
    rateChart(section, {column: "batch_items_avg", title: "Items per inference", label: "items, mean", name: "carried"}),
    rateChart(section, {column: "core_utilisation", title: "Share of time in which cores execute", label: "share of the time (%)", name: "cores", share: true}),
  ];
}

const PERCENTILES = [["p0", "latency_ms_p0"], ["p50", "latency_ms_p50"], ["p90", "latency_ms_p90"], ["p95", "latency_ms_p95"],
                     ["p99", "latency_ms_p99"], ["p99.9", "latency_ms_p99_9"], ["p100", "latency_ms_p100"]];

function percentileChart(section) {
  return figure({
    title: "Latency of the selected run", name: "percentiles", selection: section.selection, wide: section.table.rows > 1,
    note: "From the scheduled arrival to the answer. The thick bar at p99: its 95 % interval.", empty: "The selected run has no latency.",
    draw(width) {
      const row = section.selection.row, {table} = section;
      const data = PERCENTILES.map(([name, column]) => ({name, y: table.number(row, column)})).filter((d) => finite(d.y));
      if (!data.length) return null;
      const interval = [{name: "p99", low: table.number(row, "latency_ms_p99_low"), high: table.number(row, "latency_ms_p99_high")}]
        .filter((d) => finite(d.low, d.high));
      const bound = table.number(row, "bound_ms");
      const drawn = plot(width, {
        x: {type: "point", domain: data.map((d) => d.name), label: "percentile of requests"}, y: {label: "latency (ms)", zero: true},
        marks: [Plot.ruleY([0], {stroke: "var(--line)"}), Plot.ruleX(data, {x: "name", y: "y", stroke: "var(--blue)", strokeWidth: 2}),
                Plot.ruleX(interval, {x: "name", y1: "low", y2: "high", stroke: "var(--ink)", strokeWidth: 7, strokeOpacity: 0.5}),
                Plot.dot(data, {x: "name", y: "y", fill: "var(--blue)", r: 5}),
                Plot.text(data, {x: "name", y: "y", dy: -13, text: (d) => rounded(d.y), fill: "var(--ink)", stroke: "var(--card)", strokeWidth: 4}),
                ...(bound > 0 ? [Plot.ruleY([bound], {stroke: "var(--red)", strokeDasharray: "6 3"}),
                  Plot.text([bound], {y: (d) => d, frameAnchor: "left", dx: 6, dy: -8, textAnchor: "start", fill: "var(--red-text)",
                                      text: (d) => `bound ${rounded(d)} ms at p${table.text(row, "bound_percentile")}`})] : [])],
      });
      return {plot: drawn};
    },
  });
}

function queueChart(section) {
  return figure({
    title: "Items that wait, over the run", name: "queue", note: "Dark: mean of each stretch of time; light: most at an instant of it.",
    draw(width) {
      const stretch = (b, t) => ({t: t / 1e3, mean: b.waiting_items_avg, most: b.waiting_items_max});
      const last = section.queue.at(-1);
      const data = [...section.queue.map((b) => stretch(b, b.start_ms)), stretch(last, last.end_ms)];
      const drawn = plot(width, {
        x: {label: "time since the start (s)"}, y: {label: "items", zero: true, nice: true},
        marks: [Plot.areaY(data, {x: "t", y: "most", fill: "var(--sky)", fillOpacity: 0.45, curve: "step-after"}),
                Plot.areaY(data, {x: "t", y: "mean", fill: "var(--blue)", curve: "step-after"}), Plot.ruleY([0], {stroke: "var(--line)"})],
      });
      return {plot: drawn, after: [legend([["mean", "var(--blue)"], ["most", "var(--sky)"]])]};
    },
  });
}

function carriedChart(section) {
  return figure({
    title: "What inferences carry", name: "batches", note: "Share of all inferences, by how many items they carry and the program that runs them.",
    draw(width) {
      const all = section.batches.reduce((sum, b) => sum + b.inferences, 0);
      const sizes = [...new Set(section.batches.map((b) => b.batch_size))];
      const colours = ["blue", "orange", "green", "pink", "sky", "red", "brown", "grey"].map((c) => `var(--${c})`);
      const data = section.batches.map((b) => ({...b, share: b.inferences / all, colour: colours[sizes.indexOf(b.batch_size) % 8]}));
      const drawn = plot(width, {
        x: {type: "band", label: "items in the inference", tickFormat: "d", domain: [...new Set(data.map((d) => d.items))].sort((a, b) => a - b)},
        y: {label: "share of inferences (%)", percent: true, zero: true},
        marks: [Plot.barY(data, {x: "items", y: "share", fill: "colour"}), Plot.ruleY([0], {stroke: "var(--line)"}),
                Plot.tip(data, Plot.pointerX(Plot.stackY({x: "items", y: "share", fill: "var(--card)", stroke: "var(--line)",
                  title: (d) => `B=${d.batch_size} with ${d.items}: ${percent(d.share)}`})))],
      });
      return {plot: drawn, after: [legend(sizes.map((s, i) => [`program of B=${s}`, colours[i % 8]]))]};
    },
  });
}

function coresChart(section) {
  return figure({
    title: "Cores", name: "cores", note: "Share of the time that each core executes.",
    draw(width) {
      const data = section.core_utilisation.map((share, core) => ({core, share}));
      const drawn = plot(width, {
        x: {type: "band", label: "core", tickFormat: "d"}, y: {label: "share of the time (%)", percent: true, domain: [0, 100]},
        marks: [Plot.barY(data, {x: "core", y: "share", fill: "var(--green)"}), Plot.ruleY([0], {stroke: "var(--line)"}),
                ...(data.length <= 16 ? [Plot.text(data, {x: "core", y: "share", dy: -9, text: (d) => percent(d.share), fill: "var(--ink)"})] : [])],
      });
      return {plot: drawn};
    },
  });
}

export function servingCharts(section) {
  const several = section.groups.some((g) => g.rows.length > 1);
  const charts = several ? rateCharts(section) : [];
  charts.push(percentileChart(section));
  if (section.queue?.length) charts.push(queueChart(section));
  if (section.batches?.length) charts.push(carriedChart(section));
  if (section.core_utilisation?.length) charts.push(coresChart(section));
  return charts;
}
