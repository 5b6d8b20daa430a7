"""What the scripts that draw have in common: reading a sweep's table with its axes, colours, style, arguments, files.

A sweep's folder holds table.csv or table.sqlite, and table.columns.json, which says of each column its type and unit and
whether it is an axis. Nothing is guessed from a column's name.
"""
import argparse
import contextlib
import json
import pathlib
import re
import sqlite3
import sys
import textwrap

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import pandas as pd  # noqa: E402

INK, FAINT, WALL, NOTHING = "#222222", "#9aa3ab", "#b5483c", "#e9e4e3"
# Okabe and Ito's colours, which those who see red and green alike tell apart too; every curve has a marker of its own beside.
CURVES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#555555", "#7a4fbf"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]

# What axes and columns are called in pictures; others go by their key.
NAMES = {
    "model_name": "network", "model_file": "network", "batch_size": "batch size", "workers_per_model": "inferences outstanding per core",
    "n_models": "cores", "dtype": "computed in", "io_dtype": "inputs and outputs in", "compiler_file": "compiler", "chip_file": "chip",
    "chip.state_buffer.partition_bytes": "state buffer per partition", "chip.state_buffer.bytes": "state buffer of a core",
    "chip.dram.channel_bandwidth": "bandwidth of one DRAM channel", "chip.dram.bandwidth": "DRAM bandwidth", "chip.pool.clock": "clock of POOL",
    "chip.pe.clock": "clock of the PE", "throughput_avg": "items per second", "latency_ms_p50": "median latency, ms",
    "latency_ms_p99": "99th percentile of latency, ms", "cost_per_1m_inf": "USD per million items",
}
PREFIX = {"model_name": "", "model_file": "", "compiler": "", "compiler_file": "", "chip": "", "chip_file": "", "dtype": "", "io_dtype": "I/O ",
          "batch_size": "B=", "workers_per_model": "workers ", "chip.state_buffer.partition_bytes": "partition ",
          "chip.state_buffer.bytes": "state buffer ", "chip.dram.channel_bandwidth": "channel ", "chip.dram.bandwidth": "DRAM "}


def stop(sentence):
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {sentence}")


def name_of(column):
    """What a column is called on an axis or in a heading."""
    if column in NAMES:
        return NAMES[column]
    short = re.sub(r"^(chip|compiler|scenario)\.", "", column)
    return short if short == column else short.replace("_", " ")   # flags keep their spelling


def prefix_of(column):
    """What stands in front of a value where the column is not named beside it."""
    return PREFIX[column] if column in PREFIX else name_of(column).split(".")[-1] + " "


def value_text(value, column):
    """A cell with its unit; `column` is its description."""
    if pd.isna(value):
        return "none"
    if column["type"] == "boolean":
        return "on" if value else "off"
    if column["type"] == "text":
        return str(value)
    if column["unit"] == "B":
        for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
            if value >= size and value * 8 % size == 0:
                return f"{value / size:g} {unit}"
    number = f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"
    return f"{number} {column['unit']}".strip()


class Axis:
    """Columns whose values go together: one, or those of a zip. `labels` are those of the rows, `order` each of them once."""

    def __init__(self, table, columns):
        self.columns = columns
        self.column = columns[0]["name"]
        self.names = [c["name"] for c in columns]
        self.quantity = columns[0]["axis"]["kind"] == "quantity"
        self.title = " / ".join(name_of(n) for n in self.names)
        texts = [table[c["name"]].map(lambda v, c=c: value_text(v, c)) for c in columns]
        self.labels = texts[0].str.cat(texts[1:], sep=" / ") if len(texts) > 1 else texts[0]
        # Two files may hold things of one name; then the label says which.
        known = table.drop_duplicates(self.names).sort_values(self.names, kind="stable") if self.quantity else table.drop_duplicates(self.names)
        self.order = list(dict.fromkeys(self.labels[known.index]))

    def __len__(self):
        return len(self.order)

    def prefixed(self, label):
        """The label as it stands alone: "B=4", "spill_dis off"."""
        parts = label.split(" / ") if len(self.names) > 1 else [label]
        return ", ".join(prefix_of(n) + part for n, part in zip(self.names, parts))


class Sweep:
    """A finished sweep: `table` (pandas), `columns` by name, `axes` that have more than one value."""

    def __init__(self, folder):
        self.folder = folder
        about = description(folder)
        self.name, self.question, self.row = about["sweep"], about["question"], about["row"]
        self.columns = {c["name"]: c for c in about["columns"]}
        self.table = table_of(folder, about)
        groups = {}
        for column in about["columns"]:
            if "axis" in column:
                groups.setdefault(column["axis"].get("together_with", column["axis"]["key"]), []).append(column)
        leaders = [sorted(g, key=lambda c: "together_with" in c["axis"]) for g in groups.values()]
        self.axes = [a for a in (Axis(self.table, g) for g in leaders) if len(a) > 1]

    def axis(self, column, option):
        """The axis that has a column of this name; `option` asked for it."""
        for axis in self.axes:
            if column in axis.names or any(c["axis"]["key"] == column for c in axis.columns):
                return axis
        known = ", ".join(a.column for a in self.axes) or "none"
        stop(f"{option} {column} is no axis with several values of {self.folder}; there are: {known}")

    def axis_or_none(self, *columns):
        return next((a for a in self.axes if a.column in columns), None)

    def column(self, name, option):
        """A column of numbers."""
        if name not in self.columns or self.columns[name]["type"] not in ("integer", "number"):
            stop(f"{option} {name} is no column of numbers of {self.folder}; infsim sweep --help-columns lists them")
        return name

    def keep(self, choices):
        """Leaves the rows of --only COLUMN=VALUE alone."""
        for choice in choices or []:
            column, _, value = choice.partition("=")
            axis = self.axis(column, "--only")
            if value not in axis.order:
                stop(f"--only {choice}: {column} has no such value; there are: {', '.join(axis.order)}")
            rows = axis.labels == value
            self.table = self.table[rows]
            self.axes = [a for a in self.axes if a is not axis]
            for other in self.axes:
                other.labels = other.labels[rows]
                other.order = [label for label in other.order if (other.labels == label).any()]
            self.axes = [a for a in self.axes if len(a) > 1]

    def groups(self, axes):
        """(label, rows) for each combination of the axes' values that has rows, in the axes' order; ("", all) without axes."""
        parts = [("", self.table)]
        for axis in axes:
            parts = [(", ".join(filter(None, [text, axis.prefixed(value)])), rows[axis.labels[rows.index] == value])
                     for text, rows in parts for value in axis.order]
        return [(text, rows) for text, rows in parts if not rows.empty]

    def same_everywhere(self):
        """What all points have in common, for a line under the title."""
        table, parts = self.table, []
        for column, text in (("model_name", "{}"), ("dtype", "{}"), ("compiler", "compiler {}"), ("chip", "{}"), ("n_models", "{} cores"),
                             ("batch_size", "B={}"), ("workers_per_model", "{} inferences outstanding per core")):
            if column in table and table[column].nunique(dropna=False) == 1 and not pd.isna(table[column].iloc[0]):
                text = text.format(table[column].iloc[0])
                parts.append(text[:-1].replace("inferences", "inference").replace("cores", "core") if text.startswith("1 c") else
                             text.replace("1 inferences", "1 inference") if text.startswith("1 i") else text)
        return ", ".join(parts)


def description(folder):
    """table.columns.json; ends the script where the folder is none of a sweep."""
    path = folder / "table.columns.json"
    if not folder.is_dir():
        stop(f"there is no folder {folder}")
    if not path.is_file():
        stop(f"there is no {path}: infsim sweep writes it beside the table, so {folder} is no folder of its results")
    try:
        about = json.loads(path.read_text())
        assert about["schema_version"] == 1 and all("name" in c and "type" in c for c in about["columns"])
        return about
    except (ValueError, KeyError, TypeError, AssertionError):
        stop(f"{path} is no description that this version of infsim sweep wrote")


def table_of(folder, about):
    """The rows, typed as described; texts without the guard against spreadsheets."""
    types = {c["name"]: c["pandas"] for c in about["columns"]}
    csv, database = folder / "table.csv", folder / "table.sqlite"
    if csv.is_file():
        try:
            table = pd.read_csv(csv, dtype=types, keep_default_na=False, na_values=[""])
        except (ValueError, KeyError) as problem:
            stop(f"{csv} does not fit its description: {problem}")
        for name in (c["name"] for c in about["columns"] if c["type"] == "text" and c["name"] in table):
            table[name] = table[name].str.replace(r"^'('*[=+\-@\t\r])", r"\1", regex=True)
    elif database.is_file():
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            table = pd.read_sql(f"SELECT * FROM {about['row']}s", connection).astype(types)
    else:
        stop(f"there is neither {csv} nor {database}; infsim sweep writes it")
    if list(table.columns) != list(types):
        stop(f"{folder} has a table of other columns than its table.columns.json describes; infsim sweep writes both anew")
    if table.empty:
        stop(f"the table of {folder} has no rows, so there is nothing to draw")
    return table


def only_ok(sweep):
    """The rows with figures; ends the script where there are none or where a fault would make the picture a lie."""
    status = sweep.table["status"]
    lost = status[status.isin(["failed", "timeout", "out_of_memory"])]
    if len(lost) > 0:
        stop(f"{len(lost)} of {len(status)} rows of {sweep.folder} have no result ({', '.join(sorted(set(lost)))}), so a picture would lie")
    ok = sweep.table[status == "ok"]
    if ok.empty:
        stop(f"no {sweep.row} of {sweep.folder} is ok (the others: {', '.join(sorted(set(status)))}), so there is nothing to draw")
    return ok


def knee_of(ok):
    """The row with the most throughput per latency, the smaller batch on a tie; None without rows."""
    if ok.empty:
        return None
    ok = ok.sort_values("batch_size")
    return ok.loc[(ok["throughput_avg"] / ok["latency_ms_p50"]).astype(float).idxmax()]


def style():
    plt.rcParams.update({
        "svg.hashsalt": "infsim", "font.family": "DejaVu Sans", "font.size": 10, "axes.spines.top": False,
        "axes.spines.right": False, "axes.edgecolor": FAINT, "axes.labelcolor": INK, "axes.titlesize": 11,
        "axes.titleweight": "bold", "axes.titlelocation": "left", "xtick.color": INK, "ytick.color": INK,
        "axes.grid": True, "grid.color": "#e6e9ec", "grid.linewidth": 0.8, "axes.axisbelow": True,
        "legend.frameon": False,
    })


def arguments_of(description_text, suffix="", options=(), columns=()):
    """The command line: `folder`; `out`, the file without extension to draw to; --only; options (name, help), and columns."""
    parser = argparse.ArgumentParser(description=description_text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, metavar="RESULTS_FOLDER")
    for name, text in options:
        parser.add_argument(f"--{name}", metavar="COLUMN", help=text)
    for name in columns:
        parser.add_argument(f"--{name}", metavar="COLUMN")
    parser.add_argument("--only", action="append", metavar="COLUMN=VALUE", help="draw the rows with this value of an axis alone, written as in the picture")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE_WITHOUT_EXTENSION")
    arguments = parser.parse_args()
    arguments.out = arguments.out or arguments.folder / (arguments.folder.resolve().name + suffix)
    return arguments


def spread(places, least):
    """The places moved apart to be `least` from each other, their order kept, around where they were; in 0 to 1."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [places[i] for i in order]
    for _ in range(200):
        for i in range(1, len(moved)):
            lack = least - (moved[i] - moved[i - 1])
            if lack > 0:
                moved[i - 1] -= lack / 2
                moved[i] += lack / 2
        moved[0] = max(moved[0], 0.0)
        moved[-1] = min(moved[-1], 1.0)
    return [place for _, place in sorted(zip(order, moved))]


def label_ends(axes, ends):
    """Names of curves right of the panel, at the heights of their last points; ends: (x, y, text, colour). The axes' limits
    must be final."""
    left, right = axes.get_xlim()
    for x, y, text, colour in ends:
        if (x - left) / (right - left) < 0.8:   # a curve that ends early has room behind it
            axes.annotate(text, (x, y), textcoords="offset points", xytext=(8, -1), fontsize=8.5, color=colour, va="center", zorder=5)
    ends = [e for e in ends if (e[0] - left) / (right - left) >= 0.8]
    if not ends:
        return
    height = axes.figure.get_figheight() * axes.get_position().height
    low, high = axes.get_ylim()
    places = spread([(y - low) / (high - low) for _, y, _, _ in ends], 0.17 / max(height, 0.5))
    for (x, y, text, colour), place in zip(ends, places):
        axes.annotate(text, xy=((x - left) / (right - left), (y - low) / (high - low)), xycoords="axes fraction", xytext=(1.03, place),
                      textcoords="axes fraction", fontsize=8.5, color=colour, va="center", ha="left", annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "alpha": 0.6, "shrinkA": 1, "shrinkB": 3})


def heading(figure, title, under):
    """What to see, in bold, and below it what all of it has in common. Room for both is at the top of the figure."""
    height, wide = figure.get_figheight(), figure.get_figwidth()
    size = min(13.0, 13 * 8.6 * wide / max(len(title), 1))   # as large as it fits, and never too small to read
    if size < 9:
        size, title = 9, textwrap.shorten(title, int(12.2 * wide), placeholder=" ...")
    under = textwrap.shorten(under, int(15 * wide), placeholder=" ...")
    figure.text(0.012, 1 - 0.12 / height, title, ha="left", va="top", fontsize=size, fontweight="bold", color=INK)
    figure.text(0.012, 1 - 0.42 / height, under, ha="left", va="top", fontsize=9.5, color="#59636b")


def room_for_heading(figure):
    """For figures with constrained layout."""
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - 0.68 / figure.get_figheight()))


def save(figure, out):
    """PNG and SVG, the latter without a date: the same bytes for the same figure."""
    for kind, options in (("png", {"dpi": 150}), ("svg", {"metadata": {"Date": None}})):
        figure.savefig(f"{out}.{kind}", **options)
