#!/usr/bin/python3
"""Draws what each item moves through device DRAM, by purpose: weights, spill, relayout and the rest, against an axis.

Spill is data that found no room in the state buffer; relayout is data that no engine could read as it lay. Every
combination of the other axes has a panel of its own.
"""
import numpy as np

from infsim_tools.charts import CURVES, INK, WALL, heading, name_ticks, panels_of, plt
from infsim_tools.inputs import InputError, run
from infsim_tools.sweep_pictures import draw_sweep

MAX_PANELS = 16
# Purpose, the columns that make it up, colour and pattern.
PURPOSES = [("weights", ("dram_weight_bytes",), CURVES[0], ""), ("other constants", ("dram_constant_bytes",), CURVES[5], ".."),
            ("inputs and outputs", ("dram_input_bytes", "dram_output_bytes"), "#b9c2c9", ""),
            ("spilled and read back", ("spill_save_bytes", "spill_reload_bytes"), CURVES[1], "//"),
            ("relayout, both ways", ("relayout_write_bytes", "relayout_read_bytes"), CURVES[2], "xx")]


def megabytes(rows, columns):
    """Of an item; a column that no point of the sweep has is none."""
    known = [rows[c].astype(float).fillna(0) for c in columns if c in rows]
    return (sum(known) if known else 0 * rows["batch_size"].astype(float)) / rows["batch_size"].astype(float) / 1e6


def draw_panel(axes, x, rows, text):
    ok = rows[rows["status"] == "ok"]
    places = x.labels[ok.index].map(x.order.index).astype(int)
    if places.duplicated().any():
        raise InputError(f"several rows of a panel have the same {x.column}: the table has more axes than its description says")
    bottom = np.zeros(len(ok))
    for name, columns, colour, hatch in PURPOSES:
        height = megabytes(ok, columns).to_numpy(float)
        axes.bar(places, height, 0.72, bottom=bottom, color=colour, hatch=hatch, edgecolor="white", linewidth=0.5, label=name)
        bottom += height
    for place, top in zip(places, bottom):
        axes.text(place, top, f"{top:.3g}", ha="center", va="bottom", fontsize=8, color=INK)
    for label in x.labels[rows[rows["status"] != "ok"].index]:
        axes.text(x.order.index(label), 0, "no fit", rotation=90, ha="center", va="bottom", fontsize=8, color=WALL)
    name_ticks(axes, x.order, 40, 30)
    axes.set_xlim(-0.6, len(x) - 0.4)
    axes.set_ylim(0, 1.12 * bottom.max() if len(bottom) else 1)
    axes.set_title(text, fontsize=10)
    axes.set_xlabel(x.title)
    axes.grid(False, axis="x")


def title_of(x, ok):
    """The largest share that is neither weights nor inputs and outputs, and where it is."""
    total = sum(megabytes(ok, columns) for _, columns, _, _ in PURPOSES)
    for name, columns, _, _ in PURPOSES[3:]:
        share = megabytes(ok, columns) / total
        if share.max() > 0.005:
            index = share.idxmax()
            return f"{name[0].upper() + name[1:]}: up to {100 * share[index]:.0f} % of an item's {total[index]:.3g} MB, at {x.prefixed(x.labels[index])}"
    least, most = total.idxmin(), total.idxmax()
    return (f"Nothing spills: an item moves {total[most]:.3g} MB at {x.prefixed(x.labels[most])} and {total[least]:.3g} MB at "
            f"{x.prefixed(x.labels[least])}")


def draw(sweep, arguments):
    if sweep.row != "point":
        raise InputError(f"{sweep.folder} is a sweep of scenarios, whose rows count no bytes")
    plt.rcParams["hatch.linewidth"] = 0.7
    ok = sweep.only_ok()
    if not sweep.axes:
        raise InputError(f"{sweep.folder} has one value of every axis: nothing to draw against")
    x = sweep.axis(arguments.x, "--x") if arguments.x else sweep.axis_or_none("batch_size") or sweep.axes[-1]
    groups = sweep.groups([a for a in sweep.axes if a is not x], MAX_PANELS)
    across = min(len(groups), 4 if len(groups) > 4 else 2)
    down = -(-len(groups) // across)
    figure, panels = panels_of(down, across, (max(4.2, 1.4 + 0.36 * len(x)) * across + 1.8, 3.2 * down + 0.75))
    for axes, (text, rows) in zip(panels.flat, groups):
        draw_panel(axes, x, rows, text)
    for axes in panels.flat[len(groups):]:
        axes.set_visible(False)
    for line in panels:
        line[0].set_ylabel("MB per item through DRAM")
    handles, names = panels[0, 0].get_legend_handles_labels()
    panels[0, across - 1].legend(handles[::-1], names[::-1], fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    heading(figure, title_of(x, ok), sweep.same_everywhere())
    return figure


def main():
    draw_sweep(__doc__, draw, "_bytes", (("x", "AXIS", "axis to draw along (default: the batch)"),))


if __name__ == "__main__":
    run(main)
