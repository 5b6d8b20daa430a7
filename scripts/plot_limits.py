#!/usr/bin/python3
"""Draws the limits of a finished sweep with "measure": "limits": the largest batch that fits, and the best one, against an axis.

Four curves per panel: fits without spilling, fits in parts without spilling, fits at all, and the batch with the most
throughput, with its items per second. An arrow up means that the search ended there. Networks, and every further axis, get
panels of their own.
"""
import numpy as np

from infsim_tools.charts import CURVES, INK, MARKERS, WALL, heading, name_ticks, panels_of
from infsim_tools.inputs import InputError, run
from infsim_tools.sweep_pictures import draw_sweep
from infsim_tools.sweeps import NETWORKS

MAX_PANELS = 12
LIMITS = (("resident", "fits without spilling"), ("sub_batched", "fits in parts, without spilling"), ("any", "fits at all"),
          ("best", "most throughput"))
LOW = 0.5   # where a batch of 0, none, is drawn on the logarithmic axis


def draw_limit(axes, x, rows, k):
    """The curve of one limit; a step to the side, so that equal limits stay visible."""
    name, text = LIMITS[k]
    known = rows[rows[f"{name}_batch"].notna()]
    if known.empty:
        return
    places = x.labels[known.index].map(x.order.index).to_numpy(float) + 0.06 * (k - 1.5)
    batches = np.maximum(known[f"{name}_batch"].to_numpy(float), LOW)
    order = np.argsort(places)
    axes.plot(places[order], batches[order], color=CURVES[k], marker=MARKERS[k], markersize=6, linewidth=1.6, label=text,
              linestyle="--" if name == "best" else "-")
    for place, batch, is_open in zip(places, batches, known[f"{name}_open"].fillna(False)):
        if is_open:
            axes.annotate("", (place, batch * 1.35), (place, batch), arrowprops={"arrowstyle": "->", "color": CURVES[k]})


def draw_panel(axes, x, rows, text, top):
    ok = rows[rows["status"] == "ok"]
    for k in range(len(LIMITS)):
        draw_limit(axes, x, ok, k)
    for _, row in ok[ok["best_throughput_avg"].notna()].iterrows():
        axes.annotate(f"{row['best_throughput_avg']:,.0f}/s", (x.order.index(x.labels[row.name]) + 0.09, row["best_batch"]), textcoords="offset points",
                      xytext=(4, -12), fontsize=8, color=CURVES[3], zorder=5, bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.4})
    for label in x.labels[rows[rows["status"] != "ok"].index]:
        axes.text(x.order.index(label), LOW, "none fits", rotation=90, ha="center", va="bottom", fontsize=8, color=WALL)
    axes.set_yscale("log", base=2)
    axes.set_ylim(LOW * 0.8, top * 1.6)
    ticks = [2**n for n in range(13) if 2**n <= top * 1.6]
    axes.set_yticks(ticks, [str(t) for t in ticks])
    axes.minorticks_off()
    name_ticks(axes, x.order, 40, 30)
    axes.set_xlim(-0.5, len(x) - 0.3)
    axes.set_title(text, fontsize=10, color=INK)
    axes.set_xlabel(x.title)


def title_of(sweep, x, ok):
    """How far what fits at all goes from one end of the axis to the other, in the first panel's network."""
    network = next((a for a in sweep.axes if a.column in NETWORKS and a is not x), None)
    own = ok[network.labels[ok.index] == network.order[0]] if network else ok
    ends = [own[x.labels[own.index] == label] for label in (x.order[0], x.order[-1])]
    if any(end.empty for end in ends):
        return f"Limits of the batch against {x.title}"
    first, last = (end.iloc[0] for end in ends)
    name = f"{network.order[0]}: " if network else ""
    return (f"{name}{x.order[0]} to {x.order[-1]}: without spilling B={int(first['resident_batch'])} to {int(last['resident_batch'])}, "
            f"at best {first['best_throughput_avg']:,.0f} to {last['best_throughput_avg']:,.0f} items/s")


def draw(sweep, arguments):
    if sweep.row != "cell":
        raise InputError(f"{sweep.folder} is no sweep with \"measure\": \"limits\"; plot_sweep.py draws sweeps of points")
    if not sweep.axes:
        raise InputError(f"{sweep.folder} has one value of every axis: nothing to draw against")
    x = sweep.axis(arguments.x, "--x") if arguments.x else next((a for a in sweep.axes if a.column not in NETWORKS), sweep.axes[0])
    ok = sweep.only_ok()
    groups = sweep.groups([a for a in sweep.axes if a is not x], MAX_PANELS)
    across = min(len(groups), 3)
    down = -(-len(groups) // across)
    figure, panels = panels_of(down, across, (max(3.8, 0.8 + 0.8 * len(x)) * across + 2.2, 3.6 * down + 0.75))
    top = ok[[f"{name}_batch" for name, _ in LIMITS]].max().max()
    for axes, (text, rows) in zip(panels.flat, groups):
        draw_panel(axes, x, rows, text, top)
    for axes in panels.flat[len(groups):]:
        axes.set_visible(False)
    for line in panels:
        line[0].set_ylabel("batch")
    handles, names = panels[0, 0].get_legend_handles_labels()
    panels[0, across - 1].legend(handles, names, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    heading(figure, title_of(sweep, x, ok), sweep.same_everywhere())
    return figure


def main():
    draw_sweep(__doc__, draw, "_limits", (("x", "AXIS", "axis to draw along (default: the first one besides networks)"),), of_limits=True)


if __name__ == "__main__":
    run(main)
