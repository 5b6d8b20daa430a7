// The data that infsim put into the page, as tables that can be queried. Cells stay the text of the file.

/** 1 B, kB and KiB in base units, so that an axis of "12MiB" and "3GiB" has an order. */
const UNITS = {ps: 1e-12, ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 1024,
               MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4, Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9};

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A cell as a number; NaN where it is empty or text. */
export function number(text) {
  return NUMBER.test(text) ? Number(text) : NaN;
}

/** The same for a number with a unit: only to put values in order. */
export function amount(text) {
  const parts = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*([A-Za-z]+)(\/s)?$/.exec(text);
  return parts && parts[2] in UNITS ? Number(parts[1]) * UNITS[parts[2]] : number(text);
}

export class Table {
  constructor(json) {
    this.rows = json.rows;
    this.columns = json.columns.map((c) => ({...c, constant: "same" in c}));
    this.byName = new Map(this.columns.map((c) => [c.name, c]));
    for (const column of this.columns)
      column.numeric = this.filled(column).every((text) => !Number.isNaN(number(text)));
  }

  filled(column) {
    return (column.constant ? [column.same] : column.cells).filter((text) => text !== "");
  }

  has(name) {
    return this.byName.has(name) && this.filled(this.byName.get(name)).length > 0;
  }

  text(row, name) {
    const column = this.byName.get(name);
    return !column ? "" : column.constant ? column.same : column.cells[row];
  }

  number(row, name) {
    return number(this.text(row, name));
  }

  unit(name) {
    return this.byName.get(name)?.unit ?? "";
  }
}

/** One table of layers per point that has them: columns as arrays. */
export function layersOf(section) {
  const byRow = new Map();
  for (const point of section.layers?.points ?? []) {
    const columns = {};
    for (const [name, place] of Object.entries(point.columns)) columns[name] = section.layers.pool[place];
    byRow.set(point.row, columns);
  }
  return byRow;
}

/** Text of rows as CSV, quoted as infsim quotes. */
export function csv(table, rows) {
  const cell = (text) => (/[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text);
  const lines = [table.columns.map((c) => cell(c.name)).join(",")];
  for (const row of rows) lines.push(table.columns.map((c) => cell(table.text(row, c.name))).join(","));
  return lines.join("\n") + "\n";
}

/** Three or four digits that mean something. */
export function rounded(x) {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  const size = Math.abs(x);
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) return x.toExponential(2);
  if (Number.isInteger(x)) return x.toLocaleString("en-US");
  return x.toLocaleString("en-US", {maximumFractionDigits: size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3});
}

export function percent(share) {
  return (share * 100).toLocaleString("en-US", {maximumFractionDigits: 1}) + " %";
}

export function bytes(n) {
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["KB", 1e3]])
    if (Math.abs(n) >= size) return rounded(n / size) + " " + unit;
  return rounded(n) + " B";
}
