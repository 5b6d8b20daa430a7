// What was moved through DRAM, along the batch.
import {Plot, RING, barPlaces, batchBars, batchRows, figure, finite, legend, plot} from "./series.js";
import {bytes} from "./data.js";

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
      const rows = batchRows(section).filter((row) => table.text(row, "status") === "ok");
      const data = rows.flatMap((row) => PURPOSES.map(([column, text, colour]) => ({
        row, text, colour, batch: table.number(row, "batch_size"), mb: table.number(row, column) / table.number(row, "batch_size") / 1e6,
      }))).filter((d) => finite(d.mb) && d.mb > 0);
      if (!data.length) return null;
      const sums = rows.map((row) => ({row, sum: data.filter((d) => d.row === row).reduce((all, d) => all + d.mb, 0)}));
      const drawn = plot(width, {
        x: batchBars(table, rows, width), y: {label: "MB per item", zero: true},
        marks: [Plot.barY(data, {x: "row", y: "mb", fill: "colour", className: "traffic"}), Plot.ruleY([0], {stroke: "var(--line)"}),
                Plot.barY(sums.filter((d) => d.row === section.selection.row), {x: "row", y1: 0, y2: "sum", ...RING}),
                Plot.tip(data, Plot.pointerX(Plot.stackY({x: "row", y: "mb", fill: "var(--card)", stroke: "var(--line)",
                  title: (d) => `B=${d.batch}\n` + data.filter((e) => e.row === d.row)
                    .map((e) => `${e.text}: ${bytes(e.mb * 1e6)}`).join("\n")})))],
      });
      const used = PURPOSES.filter(([, text]) => data.some((d) => d.text === text));
      return {plot: drawn, points: barPlaces(drawn, sums, (d) => d.row, (d) => d.sum),
              after: [legend(used.map(([, text, colour]) => [text, colour]))]};
    },
  });
}
