// The charts of limits: the largest batches, the live tensors when one more is refused, and what would help.
import {Plot, figure, finite, legend, places, plot, tip} from "./series.js";
import {rounded} from "./data.js";
import {element, name, shortened} from "./dom.js";

const KEYS = {resident: "whole, no spilling", sub_batched: "in parts, no spilling", any: "fits at all", best_throughput: "best throughput",
              latency: "meets the latency"};

const selected = (section) => section.limits[section.selection.row];

function batchChart(section) {
  return figure({
    title: "The largest batches", name: "limits", selection: section.selection,
    note: "An arrow: the search ended there, the limit is that or more. A click selects a limit; the charts beside it show why not one more.",
    draw(width) {
      const data = section.limits.map((l, row) => ({row, what: KEYS[l.key] ?? l.key, batch: l.limit.batch, open: l.limit.open, why: l.why}));
      const drawn = plot(width, {
        height: 60 + 44 * data.length, marginLeft: 150, marginRight: 50,
        x: {label: "batch (items per inference)", domain: [0, Math.max(1, ...data.map((d) => d.batch)) * 1.12], grid: true},
        y: {type: "band", domain: data.map((d) => d.what), label: null, grid: false, padding: 0.35},
        marks: [Plot.barX(data, {x: "batch", y: "what", fill: (d) => (d.row === section.selection.row ? "var(--blue)" : "var(--sky)"),
                                 className: "points"}), Plot.ruleX([0], {stroke: "var(--line)"}),
                Plot.text(data, {x: "batch", y: "what", dx: 8, textAnchor: "start", fill: "var(--ink)", fontWeight: 600,
                                 text: (d) => (d.batch === 0 ? "none" : `B=${d.batch}` + (d.open ? " →" : ""))}),
                tip(data, "batch", "what", (d) => `${d.what}\n${shortened(d.why, 90)}`)],
      });
      const half = drawn.scale("y").bandwidth / 2;
      return {plot: drawn, points: places(drawn, data, (d) => d.batch / 2, (d) => d.what).map((p) => ({...p, y: p.y + half}))};
    },
  });
}

function whyChart(section) {
  return figure({
    title: "Why not one more, at the selected limit", name: "why", selection: section.selection,
    empty: "The search ended at this limit: nothing was refused.",
    draw(width) {
      const c = selected(section).limit.certificate;
      if (!c) return null;
      const data = [{what: "available", x: c.capacity, colour: "var(--green)"}, {what: `B=${c.batch} has`, x: c.demand, colour: "var(--red)"}];
      const fits = c.resource !== "throughput";
      if (fits) data[1].what = c.resource === "latency" ? `B=${c.batch} takes` : `B=${c.batch} needs`;
      if (!fits) data[0].what = "the best";
      if (c.resource === "latency") data[0].what = "allowed";
      const drawn = plot(width, {
        height: 150, marginLeft: 110, marginRight: 90, x: {label: `${c.resource} (${c.unit})`, zero: true, grid: true, tickFormat: rounded, ticks: 5},
        y: {type: "band", domain: data.map((d) => d.what), label: null, grid: false, padding: 0.3},
        marks: [Plot.barX(data, {x: "x", y: "what", fill: "colour"}), Plot.ruleX([0], {stroke: "var(--line)"}),
                Plot.text(data, {x: "x", y: "what", dx: 6, textAnchor: "start", text: (d) => rounded(d.x), fill: "var(--ink)"})],
      });
      return {plot: drawn, after: [element("p", {class: "why", dir: "auto"}, c.text.split("; alive: ")[0])]};
    },
  });
}

function aliveChart(section) {
  return figure({
    title: "What is alive at that instant, one batch further", name: "alive", selection: section.selection,
    empty: "The selected limit is not one of the state buffer, so there is no list of tensors.",
    draw(width) {
      const c = selected(section).limit.certificate;
      if (!c?.tensors?.length) return null;
      const data = c.tensors.map((t, i) => ({...t, i, kib: t.bytes / 1024})).sort((a, b) => b.kib - a.kib);
      const capacity = c.capacity / 1024;
      const inBytes = c.unit.startsWith("B");
      const drawn = plot(width, {
        height: 70 + 26 * data.length, marginLeft: Math.min(220, width * 0.35), marginRight: 80,
        x: {label: "KiB per partition", zero: true, grid: true}, y: {type: "band", domain: data.map((d) => d.i), label: null, grid: false,
          tickFormat: (i) => shortened(data.find((d) => d.i === i).tensor, Math.floor(Math.min(220, width * 0.35) / 7)), padding: 0.2},
        marks: [Plot.barX(data, {x: "kib", y: "i", fill: "var(--blue)"}), Plot.ruleX([0], {stroke: "var(--line)"}),
                ...(inBytes && finite(capacity) ? [Plot.ruleX([capacity], {stroke: "var(--red)", strokeDasharray: "6 3"})] : []),
                Plot.text(data, {x: "kib", y: "i", dx: 6, textAnchor: "start", fill: "var(--ink)",
                                 text: (d) => `${d.images} ` + (d.images === 1 ? "image" : "images")}),
                tip(data, "kib", "i", (d) => `${shortened(d.tensor)}\n${rounded(d.kib)} KiB, ${d.images} images\n` +
                  `alive from ${shortened(d.from_layer ?? "the start", 40)} to ${shortened(d.to_layer ?? "the end", 40)}`)],
      });
      return {plot: drawn, after: inBytes ? [legend([["available", "var(--red)", "line"]])] : []};
    },
  });
}

function leverChart(section) {
  return figure({
    title: "What would help: every change has been compiled", name: "levers", selection: section.selection,
    empty: "No changes were tried at this limit, or none helps.",
    draw(width) {
      const limit = selected(section).limit;
      const levers = limit.certificate?.levers ?? [];
      if (!levers.length) return null;
      const data = [{lever: "as it is", change: "", batch: limit.batch, open: false, colour: "var(--grey)", i: 0},
                    ...levers.map((l, i) => ({...l, colour: "var(--green)", i: i + 1}))];
      const margin = Math.min(260, width * 0.42);
      const drawn = plot(width, {
        height: 60 + 30 * data.length, marginLeft: margin, marginRight: 60,
        x: {label: "largest batch", zero: true, grid: true, nice: true}, y: {type: "band", domain: data.map((d) => d.i), label: null, grid: false,
          tickFormat: (i) => shortened(data[i].lever, Math.floor(margin / 6.6)), padding: 0.25},
        marks: [Plot.barX(data, {x: "batch", y: "i", fill: "colour"}), Plot.ruleX([0], {stroke: "var(--line)"}),
                Plot.text(data, {x: "batch", y: "i", dx: 6, textAnchor: "start", fill: "var(--ink)", text: (d) => `B=${d.batch}` + (d.open ? " →" : "")}),
                tip(data, "batch", "i", (d) => `${shortened(d.change || d.lever, 90)}\nB=${d.batch}` + (d.open ? " or more" : ""))],
      });
      return {plot: drawn, after: [element("ul", {class: "levers"}, levers.map((l) => element("li", {}, name(l.change),
        ` reaches B=${l.batch}` + (l.open ? " or more" : ""))))]};
    },
  });
}

export function limitsCharts(section) {
  return [batchChart(section), whyChart(section), aliveChart(section), leverChart(section)];
}
