// The charts of a search for the batches to compile.
import {Plot, figure, finite, places, plot, ring, tip} from "./series.js";
import {rounded} from "./data.js";

export function searchCharts(section) {
  return [figure({
    title: "Highest load within the bound, by compiled batches", name: "peaks", selection: section.selection, wide: true,
    empty: "No set of batches serves a load within the bound.",
    draw(width) {
      const data = section.groups[0].rows.map((row) => ({row, set: section.table.text(row, "batches"),
                                                         y: section.table.number(row, "peak_rate")})).filter((d) => finite(d.y));
      if (!data.length) return null;
      const drawn = plot(width, {
        height: Math.max(160, data.length * 24 + 60), marginLeft: 90,
        x: {label: "requests per second", zero: true, grid: true, tickFormat: rounded},
        y: {type: "point", domain: data.map((d) => d.set), label: "batches", grid: false},
        marks: [Plot.ruleX([0], {stroke: "var(--line)"}), Plot.ruleY(data, {x: "y", y: "set", stroke: "var(--blue)", strokeWidth: 2}),
                Plot.dot(data, {x: "y", y: "set", fill: "var(--blue)", r: 5, className: "points"}), ring(data, section.selection.row, "y", "set"),
                tip(data, "y", "set", (d) => `B=${d.set}\n${rounded(d.y)} requests/s`)],
      });
      return {plot: drawn, points: places(drawn, data, (d) => d.y, (d) => d.set)};
    },
  })];
}
