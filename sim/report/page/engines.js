// For the selected point, where each engine's time went; along the batch, what was moved through DRAM.
import {Plot, figure, finite, legend, places, plot, tip} from "./series.js";
import {bytes, percent, rounded} from "./data.js";
import {element} from "./dom.js";
import {groupOf} from "./section.js";

const ENGINES = ["pe", "act", "pool", "dma"];
const SHARES = [["busy", "busy", "var(--blue)"], ["wait_pe", "waits for the PE", "var(--sky)"],
                ["wait_act", "waits for ACT", "var(--green)"], ["wait_pool", "waits for POOL", "var(--brown)"],
                ["wait_weights", "waits for weights from DRAM", "var(--orange)"], ["wait_input", "waits for the input", "var(--yellow)"],
                ["wait_dma_other", "waits for other DMA", "var(--pink)"], ["wait_output", "waits for the output", "var(--red)"],
                ["drained", "nothing left to do", "var(--faint)"]];

function shares(section, row) {
  return ENGINES.flatMap((engine) => {
    let from = 0;
    return SHARES.map(([key, text, colour]) => {
      const share = section.table.number(row, `${engine}_${key}_fraction`);
      const part = {engine: engine.toUpperCase(), key, text, colour, share, from, to: from + share};
      from += Number.isFinite(share) ? share : 0;
      return part;
    });
  }).filter((p) => finite(p.share));
}

function sharesTable(data) {
  const used = SHARES.filter(([key]) => data.some((d) => d.key === key));
  const engines = [...new Set(data.map((d) => d.engine))];
  const cell = (engine, key) => data.find((d) => d.engine === engine && d.key === key)?.share ?? 0;
  const sum = (engine) => data.filter((d) => d.engine === engine).reduce((all, d) => all + d.share, 0);
  return element("details", {}, element("summary", {}, "The shares as numbers"),
                 element("table", {class: "small"},
                         element("thead", {}, element("tr", {}, element("th", {}, ""), engines.map((e) => element("th", {scope: "col"}, e)))),
                         element("tbody", {}, used.map(([key, text]) =>
                           element("tr", {}, element("th", {scope: "row"}, text),
                                   engines.map((e) => element("td", {class: "number"}, percent(cell(e, key)))))),
                         element("tr", {class: "sum"}, element("th", {scope: "row"}, "together"),
                                 engines.map((e) => element("td", {class: "number"}, percent(sum(e))))))));
}

export function stallChart(section) {
  return figure({
    title: "Where each engine's time goes, at the selected point", name: "stalls", selection: section.selection,
    note: "Shares of the measured time; each bar adds up to 100 %. DMA is the mean over the rings in use.",
    empty: "The selected point has no shares: it did not run.",
    draw(width) {
      const data = shares(section, section.selection.row);
      if (!data.length) return null;
      const shown = data.filter((d) => d.share > 0);
      const drawn = plot(width, {
        height: 210, marginLeft: 52,
        x: {label: "share of the measured time", percent: true, domain: [0, 100], tickFormat: (d) => d + " %"},
        y: {label: null, domain: ENGINES.map((e) => e.toUpperCase()), grid: false},
        marks: [Plot.barX(shown, {x1: "from", x2: "to", y: "engine", fill: "colour", insetLeft: 0.5, insetRight: 0.5, stroke: "var(--card)",
                                  strokeWidth: 0.5, className: "shares"}),
                Plot.text(shown.filter((d) => d.share * width > 46),
                          {x: (d) => (d.from + d.to) / 2, y: "engine", text: (d) => Math.round(d.share * 100) + " %",
                           fill: (d) => (LIGHT.has(d.key) ? "#111" : "white"), fontWeight: 600}),
                tip(shown, (d) => (d.from + d.to) / 2, "engine", (d) => `${d.engine}: ${d.text}\n${percent(d.share)}`)],
      });
      const used = SHARES.filter(([key]) => shown.some((d) => d.key === key));
      return {plot: drawn, after: [legend(used.map(([, text, colour]) => [text, colour])), sharesTable(data)]};
    },
  });
}

/** Colours on which white is hard to read. */
const LIGHT = new Set(["wait_pe", "wait_weights", "wait_input", "wait_dma_other", "drained"]);

const PURPOSES = [["dram_weight_bytes", "weights", "var(--orange)"], ["dram_constant_bytes", "other constants", "var(--yellow)"],
                  ["dram_input_bytes", "inputs", "var(--blue)"], ["dram_output_bytes", "outputs", "var(--sky)"],
                  ["dram_host_bytes", "host transfers", "var(--faint)"], ["spill_save_bytes", "spilled", "var(--red)"],
                  ["spill_reload_bytes", "reloaded", "var(--pink)"], ["relayout_write_bytes", "written for another layout", "var(--green)"],
                  ["relayout_read_bytes", "read in another layout", "var(--brown)"]];

export function trafficChart(section) {
  return figure({
    title: "DRAM bytes per item, by purpose", name: "traffic", selection: section.selection,
    note: "Of one inference of one core over its batch. Weights are read once per batch: their share falls with it.",
    empty: "No point of this setting ran.",
    draw(width) {
      const {table} = section;
      const rows = groupOf(section).rows.filter((row) => table.text(row, "status") === "ok" && table.number(row, "batch_size") > 0);
      const data = rows.flatMap((row) => PURPOSES.map(([column, text, colour]) => ({
        row, text, colour, batch: table.number(row, "batch_size"), mb: table.number(row, column) / table.number(row, "batch_size") / 1e6,
      }))).filter((d) => finite(d.mb) && d.mb > 0);
      if (!data.length) return null;
      const batches = [...new Set(data.map((d) => d.batch))].sort((a, b) => a - b);
      const sums = rows.map((row) => ({row, batch: table.number(row, "batch_size"),
                                       sum: data.filter((d) => d.row === row).reduce((all, d) => all + d.mb, 0)}));
      const drawn = plot(width, {
        x: {type: "band", domain: batches, label: "batch (items per inference)", tickFormat: "d", padding: 0.25,
            ticks: batches.filter((_, i) => i % Math.ceil(batches.length / Math.max(4, width / 32)) === 0)},
        y: {label: "MB per item", zero: true},
        marks: [Plot.barY(data, {x: "batch", y: "mb", fill: "colour", className: "traffic"}), Plot.ruleY([0], {stroke: "var(--line)"}),
                Plot.barY(sums.filter((d) => d.row === section.selection.row),
                          {x: "batch", y1: 0, y2: "sum", fill: "none", stroke: "var(--ink)", strokeWidth: 2.5, className: "ring"}),
                Plot.tip(data, Plot.pointerX(Plot.stackY({x: "batch", y: "mb", fill: "var(--card)", stroke: "var(--line)",
                  title: (d) => `B=${d.batch}\n` + data.filter((e) => e.row === d.row)
                    .map((e) => `${e.text}: ${bytes(e.mb * 1e6)}`).join("\n")})))],
      });
      const used = PURPOSES.filter(([, text]) => data.some((d) => d.text === text));
      const step = drawn.scale("x").bandwidth / 2;
      return {plot: drawn, points: places(drawn, sums, (d) => d.batch, (d) => d.sum / 2).map((p) => ({...p, x: p.x + step})),
              after: [legend(used.map(([, text, colour]) => [text, colour]))]};
    },
  });
}
