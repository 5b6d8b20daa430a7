// The charts of a sweep.
import {layersOf} from "./data.js";
import {element} from "./dom.js";
import {occupancyChart, rooflineChart, slowestChart} from "./layers.js";
import {boundsChart, latencyChart, paretoChart, pointsChart, throughputChart} from "./speed.js";
import {stallChart, stallsAlongChart} from "./stalls.js";
import {trafficChart} from "./traffic.js";

function speed(section) {
  if (section.groups.some((g) => g.rows.length > 1))
    return [throughputChart(section), latencyChart(section), paretoChart(section), boundsChart(section)];
  return [pointsChart(section, "throughput_avg", "Throughput of the points", "items per second", "throughput"),
          pointsChart(section, "latency_ms_p50", "Latency of the points", "latency, median (ms)", "latency"), paretoChart(section)];
}

export function sweepCharts(section) {
  const layers = layersOf(section);
  const left = section.layers?.left_out ?? 0;
  if (left > 0)
    section.notes.push(`Layers of ${left} points are left out to keep this page small; those that the sentences name come first.`);
  const charts = [...speed(section), stallChart(section), trafficChart(section), stallsAlongChart(section)];
  if (layers.size) charts.push(rooflineChart(section, layers), slowestChart(section, layers), occupancyChart(section, layers));
  else
    charts.push(element("figure", {class: "wide"}, element("h3", {}, "State buffer over the layers, and roofline"),
                        element("p", {class: "nothing"}, "This folder keeps no layers of its points (points/ID/layers.csv): only its " +
                          "table is there. Running the sweep writes them.")));
  for (const chart of charts) chart.first ??= () => {};
  return charts;
}
