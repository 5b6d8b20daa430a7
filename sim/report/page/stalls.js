// Where each engine's time goes, of the selected point.
import {Plot, figure, finite, legend, plot, tip} from "./series.js";
import {percent} from "./data.js";
import {element} from "./dom.js";

const ENGINES = ["PE", "ACT", "POOL", "DMA"];
const SHARES = [["busy", "busy", "var(--blue)"], ["wait_pe", "waits for the PE", "var(--sky)"],
                ["wait_act", "waits for ACT", "var(--green)"], ["wait_pool", "waits for POOL", "var(--brown)"],
                ["wait_weights", "waits for weights from DRAM", "var(--orange)"], ["wait_input", "waits for the input", "var(--yellow)"],
                ["wait_dma_other", "waits for other DMA", "var(--pink)"], ["wait_output", "waits for the output", "var(--red)"],
                ["drained", "nothing left to do", "var(--faint)"]];

function shares(section, row) {
  return ENGINES.flatMap((engine) => {
    let from = 0;
    return SHARES.map(([key, text, colour]) => {
      const share = section.table.number(row, `${engine.toLowerCase()}_${key}_fraction`);
      const part = {row, engine, key, text, colour, share, from, to: from + share};
      from += Number.isFinite(share) ? share : 0;
      return part;
    });
  }).filter((p) => finite(p.share));
}

/** The shares as a table: `lines` are [name, share...], with the names of the shares in `heads`. */
function sharesTable(heads, lines) {
  return element("details", {}, element("summary", {}, "The shares as numbers"),
                 element("table", {class: "small"},
                         element("thead", {}, element("tr", {}, element("td"), heads.map((text) => element("th", {scope: "col"}, text)))),
                         element("tbody", {}, lines.map(([text, ...all]) =>
                           element("tr", {class: text === TOGETHER ? "sum" : null}, element("th", {scope: "row"}, text),
                                   all.map((share) => element("td", {class: "number"}, percent(share))))))));
}

const TOGETHER = "together";
const sum = (parts) => parts.reduce((all, d) => all + d.share, 0);
const usedIn = (parts) => SHARES.filter(([key]) => parts.some((d) => d.key === key && d.share > 0));
const shareOf = (parts, key) => parts.find((d) => d.key === key)?.share ?? 0;

const sharesLegend = (parts) => legend(usedIn(parts).map(([, text, colour]) => [text, colour]));

function sharesOfEngines(data) {
  const engines = [...new Set(data.map((d) => d.engine))].map((e) => data.filter((d) => d.engine === e));
  return sharesTable(engines.map((parts) => parts[0].engine),
                     [...usedIn(data).map(([key, text]) => [text, ...engines.map((parts) => shareOf(parts, key))]),
                      [TOGETHER, ...engines.map(sum)]]);
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
        y: {label: null, domain: ENGINES, grid: false},
        marks: [Plot.barX(shown, {x1: "from", x2: "to", y: "engine", fill: "colour", insetLeft: 0.5, insetRight: 0.5, stroke: "var(--card)",
                                  strokeWidth: 0.5, className: "shares"}),
                Plot.text(shown.filter((d) => d.share * width > 46),
                          {x: (d) => (d.from + d.to) / 2, y: "engine", text: (d) => Math.round(d.share * 100) + " %",
                           fill: inkOn, fontWeight: 600}),
                tip(shown, (d) => (d.from + d.to) / 2, "engine", (d) => `${d.engine}: ${d.text}\n${percent(d.share)}`)],
      });
      return {plot: drawn, after: [sharesLegend(shown), sharesOfEngines(data)]};
    },
  });
}

/** Colours on which white is hard to read. */
const LIGHT = new Set(["wait_pe", "wait_weights", "wait_input", "wait_dma_other", "drained"]);
const inkOn = (d) => (LIGHT.has(d.key) ? "#111" : "white");
