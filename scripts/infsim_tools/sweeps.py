"""A sweep with its axes, and what columns and values are called in pictures."""
import re

import pandas as pd

from .inputs import InputError
from .tables import Table

NETWORKS = ("model_name", "model_file")   # columns that tell networks apart

# What axes and columns are called in pictures; others go by their key.
NAMES = {
    "model_name": "network", "model_file": "network", "batch_size": "batch size", "workers_per_model": "inferences outstanding per core",
    "n_models": "cores", "dtype": "computed in", "io_dtype": "inputs and outputs in", "compiler_file": "compiler", "chip_file": "chip",
    "chip.state_buffer.partition_bytes": "state buffer per partition", "chip.state_buffer.bytes": "state buffer of a core",
    "chip.dram.channel_bandwidth": "bandwidth of one DRAM channel", "chip.dram.bandwidth": "DRAM bandwidth", "chip.pool.clock": "clock of POOL",
    "chip.pe.clock": "clock of the PE", "throughput_avg": "items per second", "latency_ms_avg": "mean latency, ms", "latency_ms_p50": "median latency, ms",
    "latency_ms_p99": "99th percentile of latency, ms", "cost_per_1m_inf": "USD per million items",
}
PREFIX = {"model_name": "", "model_file": "", "compiler": "", "compiler_file": "", "chip": "", "chip_file": "", "dtype": "", "io_dtype": "I/O ",
          "batch_size": "B=", "workers_per_model": "workers ", "chip.state_buffer.partition_bytes": "partition ",
          "chip.state_buffer.bytes": "state buffer ", "chip.dram.channel_bandwidth": "channel ", "chip.dram.bandwidth": "DRAM "}
# What all points may have in common, for a line under the title.
IN_COMMON = (("model_name", "{}"), ("dtype", "{}"), ("compiler", "compiler {}"), ("chip", "{}"), ("n_models", "{} cores"), ("batch_size", "B={}"),
             ("workers_per_model", "{} inferences outstanding per core"))


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


class Sweep(Table):
    """A table with `axes`: those that have more than one value."""

    def __init__(self, folder):
        super().__init__(folder)
        groups = {}
        for column in self.columns.values():
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
        raise InputError(f"{option} {column} is no axis with several values of {self.folder}; there are: {known}")

    def axis_or_none(self, *columns):
        """The first axis that is one of these columns."""
        return next((a for a in self.axes if a.column in columns), None)

    def keep(self, choices):
        """Leaves only the rows of each COLUMN=VALUE."""
        for choice in choices or []:
            column, _, value = choice.partition("=")
            axis = self.axis(column, "--only")
            if value not in axis.order:
                raise InputError(f"--only {choice}: {column} has no such value; there are: {', '.join(axis.order)}")
            rows = axis.labels == value
            self.table = self.table[rows]
            self.axes = [a for a in self.axes if a is not axis]
            for other in self.axes:
                other.labels = other.labels[rows]
                other.order = [label for label in other.order if (other.labels == label).any()]
            self.axes = [a for a in self.axes if len(a) > 1]

    def groups(self, axes, most, hint=""):
        """(label, rows) for each combination of the axes' values that has rows, networks first; ("", all) without axes.

        More than `most` are too many for one picture; `hint` says what to do besides --only.
        """
        axes = sorted(axes, key=lambda a: a.column not in NETWORKS)
        parts = [("", self.table)]
        for axis in axes:
            parts = [(", ".join(filter(None, [text, axis.prefixed(value)])), rows[axis.labels[rows.index] == value])
                     for text, rows in parts for value in axis.order]
        parts = [(text, rows) for text, rows in parts if not rows.empty]
        if len(parts) > most:
            raise InputError(f"{len(parts)} combinations of {', '.join(a.column for a in axes)} are too many for one picture; "
                             f"--only AXIS=VALUE draws some of them{hint}")
        return parts

    def title_of(self, column):
        """A column's name with its unit."""
        unit, name = self.columns[column]["unit"], name_of(column)
        return name + (f" [{unit}]" if unit and column != "throughput_avg" and not name.endswith(unit) else "")

    def same_everywhere(self):
        """What all points have in common, for a line under the title."""
        parts = []
        for column, text in IN_COMMON:
            if column in self.table and self.table[column].nunique(dropna=False) == 1 and not pd.isna(self.table[column].iloc[0]):
                text = text.format(self.table[column].iloc[0])
                parts.append(re.sub(r"^1 (core|inference)s", r"1 \1", text))
        if self.estimated:
            everything = self.estimated == len(self.table)
            parts.append("estimated, not simulated (10 % to either side)" if everything else f"{self.estimated} points estimated, not simulated")
        return ", ".join(parts)
