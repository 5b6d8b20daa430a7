// Where each engine's time goes: of the selected point for all engines, and along the batch for one.
import {Plot, RING, barPlaces, batchBars, batchRows, crosses, figure, finite, legend, plot, tip} from "./series.js";
import {percent} from "./data.js";
import {chooser, element, shortened} from "./dom.js";
import {Selection} from "./selection.js";

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

function sharesOfBatches(section, data) {
  const used = usedIn(data);
  const lines = batchRows(section).map((row) => [row, data.filter((d) => d.row === row)]).filter(([, parts]) => parts.length);
  return sharesTable([...used.map(([, text]) => text), TOGETHER], lines.map(([row, parts]) =>
    ["B=" + section.table.text(row, "batch_size"), ...used.map(([key]) => shareOf(parts, key)), sum(parts)]));
}

/** What a batch says when the pointer is over it: its shares, or why it has none. */
function toldAlong({table}, row, engine, data) {
  const parts = data.filter((d) => d.row === row && d.share > 0);
  const lines = parts.map((d) => `${d.text}: ${percent(d.share)}`).reverse();
  if (!parts.length) lines.push(table.text(row, "status"), shortened(table.text(row, "reason"), 120));
  return [`B=${table.text(row, "batch_size")}` + (parts.length ? `, ${engine}` : ""), ...lines].join("\n");
}

function alongMarks(section, rows, engine, data, room) {
  const shown = data.filter((d) => d.share > 0);
  return [Plot.barY(shown, {x: "row", y1: (d) => d.from * 100, y2: (d) => d.to * 100, fill: "colour", stroke: "var(--card)", strokeWidth: 0.5,
                            className: "shares"}),
          crosses(rows.filter((row) => !shown.some((d) => d.row === row)), (row) => row), Plot.ruleY([0], {stroke: "var(--line)"}),
          Plot.text(shown.filter((d) => room >= 36 && d.share > 0.07),
                    {x: "row", y: (d) => (d.from + d.to) * 50, text: (d) => Math.round(d.share * 100) + " %", fill: inkOn, fontWeight: 600}),
          Plot.barY(rows.filter((row) => row === section.selection.row), {x: (row) => row, y1: 0, y2: 100, ...RING}),
          Plot.tip(rows, Plot.pointerX({x: (row) => row, y: () => 50, title: (row) => toldAlong(section, row, engine, data), lineWidth: 40,
                                        fill: "var(--card)", stroke: "var(--line)"}))];
}

/** How the time of one engine is divided as the batch grows; which engine, a list above the drawing says. */
export function stallsAlongChart(section) {
  const engines = ENGINES.filter((e) => section.table.has(`${e.toLowerCase()}_busy_fraction`));
  const choice = new Selection(engines[0]);
  return figure({
    title: "Where an engine's time goes, along the batch", name: "stalls-along", selection: section.selection, wide: true, choice,
    control: chooser("Engine", "engine", engines, (i) => choice.select(engines[i])).whole,
    note: "Shares of the measured time; each bar adds up to 100 %. Crosses: batches that do not fit or did not run. DMA is the mean over " +
      "the rings in use.",
    empty: () => (batchRows(section).length === 1 ? "There is only one batch: nothing changes along it. The shares of that point are above."
      : "No batch has shares: none of them ran."),
    draw(width) {
      const rows = batchRows(section);
      const data = rows.flatMap((row) => shares(section, row)).filter((d) => d.engine === choice.row);
      if (rows.length < 2 || !data.length) return null;
      const drawn = plot(width, {
        x: batchBars(section.table, rows, width),
        y: {label: `share of the measured time of ${choice.row}`, domain: [0, 100], tickFormat: (d) => d + " %"},
        marks: alongMarks(section, rows, choice.row, data, 0.75 * (width - 80) / rows.length),
      });
      return {plot: drawn, points: barPlaces(drawn, rows.map((row) => ({row})), (d) => d.row, () => 100),
              after: [sharesLegend(data), sharesOfBatches(section, data)]};
    },
  });
}
