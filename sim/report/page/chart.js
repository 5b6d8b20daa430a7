// The common part of all charts: a figure that redraws itself for its width and the selection, and takes clicks and keys.
import * as Plot from "@observablehq/plot";

import {element} from "./dom.js";

export {Plot};

/** Okabe and Ito's colours, told apart by colour-blind eyes; the style sheet has them for light and dark. */
export const COLOURS = ["blue", "orange", "green", "pink", "sky", "red", "brown", "grey"].map((c) => `var(--${c})`);

const figures = [];
let lastWidth = 0;
window.addEventListener("resize", () => {
  if (window.innerWidth === lastWidth) return;
  lastWidth = window.innerWidth;
  for (const figure of figures) figure.draw();
});

/**
 * A figure with a title and a sentence on how to read it. `draw(width)` returns {plot, points, after}: the drawn plot, its
 * points as {row, x, y} in the plot's scales, which clicks and arrow keys select, and elements to put below. Null: nothing
 * to draw for what is selected, and `empty` says why. `control`: an element above a drawing, for a choice that only this
 * figure knows; `choice` is what it selects in.
 */
export function figure({title, note, empty, selection, draw, name, wide, control, choice}) {
  const canvas = element("div", {class: "plot", "data-chart": name});
  const below = element("div", {class: "below"});
  const whole = element("figure", {class: wide ? "wide" : null}, element("h3", {}, title), control, canvas, below,
                        note ? element("figcaption", {}, note) : null);
  let points = [];
  const self = {
    draw() {
      const drawn = draw(Math.max(300, canvas.clientWidth || 640));
      points = drawn?.points ?? [];
      const says = typeof empty === "function" ? empty() : empty ?? "Nothing to draw.";
      canvas.replaceChildren(drawn ? drawn.plot : element("p", {class: "nothing"}, says));
      if (control) control.hidden = !drawn;
      replaceBelow(below, drawn?.after ?? []);
      describe(canvas, title, points);
    },
  };
  canvas.addEventListener("click", (event) => pick(event, canvas, points, selection));
  canvas.addEventListener("keydown", (event) => step(event, points, selection));
  for (const heard of [selection, choice]) heard?.listen(() => self.draw());
  figures.push(self);
  whole.first = () => self.draw();
  return whole;
}

/** What somebody has opened stays open, so that numbers can be read while arrow keys go from point to point. */
function replaceBelow(below, elements) {
  const open = below.querySelector("details")?.open ?? false;
  below.replaceChildren(...elements);
  for (const details of below.querySelectorAll("details")) details.open = open;
}

function describe(canvas, title, points) {
  const keys = points.length > 1;
  canvas.setAttribute("role", "group");
  canvas.setAttribute("aria-label", title + (keys ? ". Arrow keys select the next or previous point." : ""));
  if (keys) canvas.setAttribute("tabindex", "0");
  else canvas.removeAttribute("tabindex");
}

/** How far a place is from a point; a bar reaches half its width and height around its middle. */
function distance(point, x, y) {
  const beyond = (length, half) => Math.max(0, Math.abs(length) - (half ?? 0));
  return Math.hypot(beyond(point.x - x, point.halfWidth), beyond(point.y - y, point.halfHeight));
}

/** Selects the point nearest to a click, within reason. */
function pick(event, canvas, points, selection) {
  const svg = canvas.querySelector("svg.drawing");
  if (!svg || !points.length) return;
  const box = svg.getBoundingClientRect();
  const scale = svg.viewBox.baseVal.width / box.width;
  const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  const nearest = points.reduce((best, p) => (distance(p, x, y) < distance(best, x, y) ? p : best));
  if (distance(nearest, x, y) < 40) selection.select(nearest.row);
}

const STEPS = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};

function step(event, points, selection) {
  if (points.length < 2 || !(event.key in STEPS || event.key === "Home" || event.key === "End")) return;
  event.preventDefault();
  const rows = [...new Set(points.map((p) => p.row))];
  const at = rows.indexOf(selection.row);
  const next = event.key === "Home" ? 0 : event.key === "End" ? rows.length - 1 : at + STEPS[event.key];
  selection.select(rows[Math.min(rows.length - 1, Math.max(0, next))]);
}

/** Plot with what all charts have in common. */
export function plot(width, options) {
  const drawn = Plot.plot({
    width, height: 300, marginLeft: 62, marginBottom: 42, className: "drawing",
    style: {fontSize: "12px", overflow: "visible"}, ...options,
    x: {labelAnchor: "center", labelArrow: false, ...options.x},
    y: {labelAnchor: "center", labelArrow: false, grid: true, ...options.y},
  });
  const svg = drawn.tagName === "svg" ? drawn : [...drawn.querySelectorAll("svg")].at(-1);
  svg.classList.add("drawing");
  return drawn;
}

/** The powers of ten in a range, for the ticks of a logarithmic scale: more would be a comb. */
export function decades(low, high) {
  const all = [];
  for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); ++p) all.push(10 ** p);
  const within = all.filter((x) => x >= low / 1.001 && x <= high * 1.001);
  return within.length > 1 ? within : [low, high];
}

/** Places of rows in a drawn plot, for clicks and keys. */
export function places(drawn, data, x, y) {
  const [scaleX, scaleY] = [drawn.scale("x"), drawn.scale("y")];
  return data.map((d) => ({row: d.row, x: scaleX.apply(x(d)), y: scaleY.apply(y(d))}))
    .filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y));
}

/** The same of upright bars on zero, where a click anywhere on a bar counts. */
export function barPlaces(drawn, data, x, y) {
  const [halfWidth, floor] = [drawn.scale("x").bandwidth / 2, drawn.scale("y").apply(0)];
  return places(drawn, data, x, y).map((p) =>
    ({row: p.row, x: p.x + halfWidth, y: (p.y + floor) / 2, halfWidth, halfHeight: (floor - p.y) / 2}));
}

/** What is around the selected point or bar. */
export const RING = {stroke: "var(--ink)", strokeWidth: 2.5, fill: "none", className: "ring"};

export function ring(data, row, x, y) {
  return Plot.dot(data.filter((d) => d.row === row), {x, y, r: 9, ...RING});
}

export function legend(entries) {
  return element("ul", {class: "legend"},
                 entries.map(([text, colour, mark]) =>
                   element("li", {}, element("span", {class: `swatch ${mark ?? ""}`, style: `--c: ${colour}`}), text)));
}
