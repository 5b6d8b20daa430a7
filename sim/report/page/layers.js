// The layers of the selected point: how full the state buffer is, and how close each layer comes to its roof.
import {Plot, decades, figure, finite, legend, plot, tip} from "./series.js";
import {rounded} from "./data.js";
import {element, name, shortened} from "./dom.js";
import {groupOf} from "./section.js";

/** Parts of what is alive, where layers.csv has them; otherwise the sum alone. */
const PARTS = [["weights_in_use_bytes", "weights in use", "var(--orange)"], ["weights_prefetched_bytes", "weights prefetched", "var(--yellow)"],
               ["constant_bytes", "other constants", "var(--brown)"], ["replicated_bytes", "input replicated for the array", "var(--pink)"],
               ["activation_bytes", "activations", "var(--blue)"]];
const WHOLE = [["live_bytes", "in use for any purpose", "var(--blue)"]];

function occupied(columns) {
  const parts = PARTS.filter(([key]) => key in columns);
  const used = parts.length ? parts : WHOLE;
  return {used, data: columns.layer.flatMap((layer, i) => used.map(([key, text, colour]) =>
    ({i, layer, kind: columns.kind[i], text, colour, kib: columns[key][i] / 1024})))};
}

/** "a 10 B (2 images), b 20 B (1 image)" as a list; empty if the reason has another form. */
export function alive(reason) {
  const list = reason.split("; alive: ")[1];
  if (!list) return [];
  return [...list.matchAll(/(.+?) (\d+) B \((\d+) images?\)(?:, |$)/g)]
    .map(([, tensor, size, images]) => ({tensor, bytes: Number(size), images: Number(images)}));
}

/** What would have to be alive at once one batch further. */
function refusal(section, columns) {
  const row = groupOf(section).beyond;
  if (row === null || row === undefined) return null;
  const wanted = section.table.number(row, "infeasible_wanted_bytes");
  const layer = section.table.text(row, "infeasible_layer");
  if (section.table.text(row, "infeasible_resource") !== "state buffer" || !finite(wanted)) return null;
  return {row, batch: section.table.text(row, "batch_size"), i: columns.layer.indexOf(layer), layer, kib: wanted / 1024,
          reason: section.table.text(row, "reason")};
}

function refusalText(refused) {
  const list = alive(refused.reason);
  return element("div", {class: "refused"},
                 element("p", {}, `At B=${refused.batch} the layer `, name(refused.layer), ` would need ${rounded(refused.kib)} KiB per partition` +
                   (list.length ? ", all alive at once:" : ".")),
                 element("ul", {}, list.map((t) => element("li", {}, name(t.tensor), ` ${rounded(t.bytes / 1024)} KiB, ${t.images} ` +
                   (t.images === 1 ? "image" : "images")))));
}

/** Names of layers below the bars: all where there is room, otherwise every n-th. */
function layerAxis(columns, width) {
  const each = Math.ceil(columns.layer.length / Math.max(4, Math.floor(width / 22)));
  const indices = columns.layer.map((_, i) => i);
  return {type: "band", domain: indices, label: null, padding: 0.08, ticks: indices.filter((i) => i % each === 0), tickRotate: -55,
          tickFormat: (i) => shortened(columns.layer[i], 18)};
}

export function occupancyChart(section, layers) {
  return figure({
    title: "State buffer over the layers, at the selected point", name: "occupancy", selection: section.selection, wide: true,
    note: "The fullest partition at the fullest instant of each layer, layers in the order in which they run. What is above a bar " +
      "is free.",
    empty: "The layers of the selected point are not in this page: it did not run, its folder keeps no layers, or there was no room.",
    draw(width) {
      const columns = layers.get(section.selection.row);
      if (!columns) return null;
      const {used, data} = occupied(columns);
      const budget = section.table.number(section.selection.row, "sb_budget_bytes") / 1024;
      const refused = refusal(section, columns);
      const at = refused && refused.i >= 0 ? [refused] : [];
      const top = Math.max(budget || 0, ...columns.live_bytes.map((b) => b / 1024), ...at.map((r) => r.kib));
      const drawn = plot(width, {
        height: 390, marginBottom: 110, x: layerAxis(columns, width), y: {label: "KiB per partition", domain: [0, top * 1.06]},
        marks: [Plot.barY(at, {x: "i", y1: 0, y2: "kib", fill: "var(--wall)", stroke: "var(--red)", strokeDasharray: "4 3"}),
                Plot.barY(data, {x: "i", y: "kib", fill: "colour", className: "occupied"}), Plot.ruleY([0], {stroke: "var(--line)"}),
                ...(finite(budget) ? [Plot.ruleY([budget], {stroke: "var(--ink)", strokeWidth: 1.5, strokeDasharray: "6 3"}),
                  Plot.text([budget], {y: (d) => d, frameAnchor: "right", dy: -8, fill: "var(--ink)", textAnchor: "end", stroke: "var(--card)",
                                       strokeWidth: 4, text: (d) => `${rounded(d)} KiB available`})] : []),
                Plot.text(at, {x: "i", y: "kib", dy: -8, fill: "var(--red-text)", stroke: "var(--card)", strokeWidth: 4,
                               text: (d) => `B=${d.batch} would need ${rounded(d.kib)} KiB`,
                               textAnchor: at[0] && at[0].i > columns.layer.length * 0.6 ? "end" : at[0]?.i < columns.layer.length * 0.2 ? "start" : "middle"}),
                Plot.tip(data, Plot.pointerX(Plot.stackY({x: "i", y: "kib", fill: "var(--card)", stroke: "var(--line)", lineWidth: 40,
                  title: (d) => `${shortened(d.layer)} (${d.kind})\n` + data.filter((e) => e.i === d.i && e.kib > 0)
                    .map((e) => `${e.text}: ${rounded(e.kib)} KiB`).join("\n")})))],
      });
      const entries = used.filter(([, text]) => data.some((d) => d.text === text && d.kib > 0)).map(([, text, colour]) => [text, colour]);
      if (at.length) entries.push([`needed at B=${refused.batch}`, "var(--red)", "open"]);
      return {plot: drawn, after: [legend(entries), refused ? refusalText(refused) : null].filter(Boolean)};
    },
  });
}

const BOUNDS = [["dram", "DRAM", "var(--orange)"], ["pe", "PE", "var(--blue)"], ["act", "ACT", "var(--green)"], ["pool", "POOL", "var(--pink)"]];

/** The layers that take longest, and what holds them up. */
export function slowestChart(section, layers) {
  return figure({
    title: "The slowest layers of the selected point", name: "slowest", selection: section.selection,
    note: "From the first issue on an engine to the last result. Layers overlap, so their times add up to more than an inference takes.",
    empty: "The layers of the selected point are not in this page.",
    draw(width) {
      const columns = layers.get(section.selection.row);
      if (!columns) return null;
      const data = columns.layer.map((layer, i) => ({i, layer, time: columns.time_ms[i], kind: columns.kind[i],
                                                     work: Math.max(columns.pe_ms[i], columns.act_ms[i], columns.pool_ms[i]),
                                                     stall: columns.main_stall[i], stalled: columns.main_stall_ms[i]}))
        .sort((a, b) => b.time - a.time).slice(0, 10);
      const margin = Math.min(170, width * 0.3);
      const drawn = plot(width, {
        height: 60 + 24 * data.length, marginLeft: margin, marginRight: 40, x: {label: "ms", zero: true, grid: true},
        y: {type: "band", domain: data.map((d) => d.i), label: null, grid: false, padding: 0.25,
            tickFormat: (i) => shortened(columns.layer[i], Math.floor(margin / 7))},
        marks: [Plot.barX(data, {x: "time", y: "i", fill: "var(--faint)"}), Plot.barX(data, {x: "work", y: "i", fill: "var(--blue)"}),
                Plot.ruleX([0], {stroke: "var(--line)"}),
                tip(data, "time", "i", (d) => `${shortened(d.layer)} (${d.kind})\n${rounded(d.time)} ms, busiest engine works ` +
                  `${rounded(d.work)} ms` + (d.stall ? `\nit waits longest for ${d.stall}: ${rounded(d.stalled)} ms` : ""))],
      });
      return {plot: drawn, after: [legend([["its busiest engine works", "var(--blue)"], ["it waits", "var(--faint)"]])]};
    },
  });
}

/** Rates of layers with multiply-accumulates, per core. */
function rates(section, columns) {
  const batch = section.table.number(section.selection.row, "batch_size");
  return columns.layer.map((layer, i) => {
    const macs = columns.macs_per_item[i] * batch;
    return {i, layer, kind: columns.kind[i], bound: columns.bound[i], macs, time: columns.time_ms[i],
            x: macs / columns.dram_bytes[i], y: macs / columns.time_ms[i] / 1e6};
  }).filter((d) => d.macs > 0 && finite(d.x, d.y) && d.y > 0);
}

/** GMAC/s of the array and GB/s of a core's share of DRAM: any layer tells both, if layers.csv has the first. */
function roofs(section, columns) {
  const batch = section.table.number(section.selection.row, "batch_size");
  const longest = (column) => columns[column]?.reduce((best, ms, i) => (ms > columns[column][best] ? i : best), 0);
  const dram = longest("dram_ms"), pe = longest("pe_ideal_ms");
  return {dram: columns.dram_bytes[dram] / columns.dram_ms[dram] / 1e6,
          pe: pe === undefined ? NaN : columns.macs_per_item[pe] * batch / columns.pe_ideal_ms[pe] / 1e6};
}

export function rooflineChart(section, layers) {
  return figure({
    title: "Roofline: the layers of the selected point", name: "roofline", selection: section.selection,
    note: "One dot per layer with multiply-accumulates. The slanted roof is a core's fair share of DRAM, the flat one the array's " +
      "peak. A layer's time includes what it waits for; layers overlap, and weights fetched ahead may lift one above the slanted roof.",
    empty: "The layers of the selected point are not in this page.",
    draw(width) {
      const columns = layers.get(section.selection.row);
      const data = columns ? rates(section, columns) : [];
      if (!data.length) return null;
      const {dram, pe} = roofs(section, columns);
      const [low, high] = [Math.min(...data.map((d) => d.x)) / 2, Math.max(...data.map((d) => d.x)) * 2];
      const ridge = finite(pe) ? Math.min(high, Math.max(low, pe / dram)) : high;
      const roof = [low, ridge, high].map((x) => ({x, y: finite(pe) ? Math.min(pe, x * dram) : x * dram}));
      const heights = [...data, ...roof].map((d) => d.y);
      const [bottom, top] = [Math.min(...heights) / 1.5, Math.max(...heights) * 1.5];
      const drawn = plot(width, {
        x: {type: "log", label: "MAC per byte of DRAM", domain: [low, high], tickFormat: "~s", ticks: decades(low, high)},
        y: {type: "log", label: "GMAC/s of one core", tickFormat: "~s", domain: [bottom, top], ticks: decades(bottom, top)},
        marks: [Plot.line(roof, {x: "x", y: "y", stroke: "var(--ink)", strokeWidth: 1.5}),
                Plot.dot(data, {x: "x", y: "y", r: 4.5, fill: (d) => BOUNDS.find(([key]) => key === d.bound)?.[2] ?? "var(--grey)",
                                fillOpacity: 0.85, stroke: "var(--card)", strokeWidth: 0.6, className: "layers"}),
                tip(data, "x", "y", (d) => `${shortened(d.layer)} (${d.kind})\n${rounded(d.y)} GMAC/s\n${rounded(d.x)} MAC per byte\n` +
                  `${rounded(d.time)} ms, longest on ${d.bound}`)],
      });
      const used = BOUNDS.filter(([key]) => data.some((d) => d.bound === key));
      return {plot: drawn, after: [legend([...used.map(([, text, colour]) => [`most work for ${text}`, colour]), ["roof", "var(--ink)", "line"]])]};
    },
  });
}
