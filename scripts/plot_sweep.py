#!/usr/bin/python3
"""Draws a finished sweep as curves: throughput and latency against one of its axes.

Networks, and every further axis, get pictures of their own, one below the other. Over batches there are three panels:
throughput, latency, and the latency that each throughput costs, with a ring around the knee (most throughput per latency).
Bands are the confidence interval of the throughput, and the fastest inference to p99. Points that do not fit are a wall, or
crosses at the bottom.
"""
import textwrap

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from infsim_tools.batches import knee_of
from infsim_tools.charts import CURVES, MARKERS, WALL, heading, label_ends, name_ticks, panels_of
from infsim_tools.inputs import InputError, run
from infsim_tools.sweep_pictures import draw_sweep
from infsim_tools.sweep_titles import ends_text, title_of
from infsim_tools.sweeps import NETWORKS, name_of

MAX_FACETS = 12


class Layout:
    """Which axis is drawn how."""

    def __init__(self, sweep, arguments):
        rest = list(sweep.axes)
        if not rest:
            raise InputError(f"{sweep.folder} has one value of every axis: nothing to draw against")
        self.x = sweep.axis(arguments.x, "--x") if arguments.x else default_x(rest)
        rest.remove(self.x)
        if arguments.colour:
            self.colour = sweep.axis(arguments.colour, "--colour")
            if self.colour is self.x:
                raise InputError(f"--colour {arguments.colour} is what --x draws along already")
        else:
            self.colour = next((a for a in rest if a.column not in NETWORKS and len(a) <= len(CURVES)), None)
        if self.colour:
            rest.remove(self.colour)
            if len(self.colour) > len(CURVES):
                raise InputError(f"{len(self.colour)} values of {self.colour.column} are more than there are colours, {len(CURVES)}; "
                                 "--colour names another axis, plot_map.py draws maps")
        self.facets = sweep.groups(rest, MAX_FACETS, ", plot_map.py draws maps")
        self.over_batches = self.x.column == "batch_size" and len(self.x.names) == 1

    def curves(self, rows):
        """(label, rows, number) of each curve in a facet."""
        if not self.colour:
            return [("", rows, 0)]
        found = []
        for number, value in enumerate(self.colour.order):
            own = rows[self.colour.labels[rows.index] == value]
            if not own.empty:
                found.append((self.colour.prefixed(value), own, number))
        return found


def default_x(axes):
    """The quantity with the most values, the batch on a tie; else what has the most values."""
    quantities = [a for a in axes if a.quantity] or [a for a in axes if a.column not in NETWORKS] or axes
    return max(quantities, key=lambda a: (len(a), a.column == "batch_size"))


def places_of(layout, rows):
    """Where rows stand along x: their number, or that of the label."""
    if layout.x.quantity:
        return rows[layout.x.column].astype(float)
    return layout.x.labels[rows.index].map(layout.x.order.index).astype(float)


def draw_curve(axes, layout, rows, y, low, high, number):
    """One curve with its band; a gap where a point has no figure. Returns its last point."""
    rows = rows.assign(place=places_of(layout, rows)).sort_values("place")
    if rows["place"].duplicated().any():
        raise InputError(f"several rows of a curve have the same {layout.x.column}: the table has more axes than its description says")
    colour, marker = CURVES[number % len(CURVES)], MARKERS[number % len(MARKERS)]
    x, value = rows["place"].to_numpy(float), rows[y].where(rows["status"] == "ok").to_numpy(float, na_value=np.nan)
    ends = [rows[c].where(rows["status"] == "ok").to_numpy(float, na_value=np.nan) for c in (low, high)] if low else None
    line = {"color": colour, "marker": marker, "markersize": 5.5, "markeredgecolor": "white", "markeredgewidth": 0.6, "zorder": 3}
    if layout.x.quantity:
        axes.plot(x, value, linewidth=1.8, **line)
        if ends:
            axes.fill_between(x, *ends, color=colour, alpha=0.16, linewidth=0, zorder=2)
    else:   # names have no distances, so nothing is between them
        shift = 0.12 * (number - (len(layout.colour) - 1) / 2) if layout.colour else 0
        x = x + shift
        axes.plot(x, value, linestyle="none", **{**line, "markersize": 8})
        if ends:
            axes.vlines(x, *ends, color=colour, linewidth=2, zorder=2)
        for place, height in zip(x, value):
            if not np.isnan(height):
                axes.annotate(f"{height:,.0f}" if height >= 100 else f"{height:.3g}", (place, height), textcoords="offset points",
                              xytext=(7, 0), fontsize=8, color=colour, va="center")
    good = ~np.isnan(value)
    return (x[good][-1], value[good][-1]) if good.any() else None


def cross_out(axes, layout, curves):
    """Crosses below the bottom line where points of a curve do not fit, one row per curve."""
    left_out = [(rows[rows["status"] != "ok"], number) for _, rows, number in curves]
    left_out = [(rows, number) for rows, number in left_out if not rows.empty]
    top = axes.get_ylim()[1]
    for line, (rows, number) in enumerate(left_out):
        axes.plot(places_of(layout, rows), [-top * 0.04 * (line + 1)] * len(rows), marker="x", markersize=5, linestyle="none",
                  color=CURVES[number % len(CURVES)], zorder=4)
    axes.set_ylim(-top * 0.04 * (len(left_out) + 0.7) if left_out else 0, top)
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= top])
    if left_out:
        axes.axhline(0, color="#c5ccd2", linewidth=0.8, zorder=1)


def wall_text(rows):
    """Why the first of these batches does not fit, in a few short lines."""
    first = rows.sort_values("batch_size").iloc[0]
    low, high = int(first["batch_size"]), int(rows["batch_size"].max())
    lines = [f"batches {low} to {high} do not fit" if high > low else f"batch {low} does not fit"]
    if pd.notna(first["infeasible_wanted_bytes"]):
        lines += [f"{low}: layer {textwrap.shorten(str(first['infeasible_layer']), 30, placeholder='...')}",
                  f"wants {int(first['infeasible_wanted_bytes']):,} bytes", f"of {first['infeasible_resource']},",
                  f"there are {int(first['infeasible_available_bytes']):,}"]
    return "\n".join(lines)


def draw_wall(axes, rows, with_text):
    """Shades the batches behind the largest one that fits."""
    fits = rows[rows["status"] == "ok"]["batch_size"]
    last = fits.max() if not fits.empty else 0
    bad = rows[(rows["status"] != "ok") & (rows["batch_size"] > last)]
    if bad.empty:
        return
    left = (last + bad["batch_size"].min()) / 2
    right = max(min(rows["batch_size"].max(), 2 * last + 2), bad["batch_size"].min()) + 0.5   # enough of a wall to see
    axes.axvspan(left, right, facecolor="#f9ebe9", edgecolor="#e3b3ad", hatch="///", linewidth=0, zorder=0)
    axes.axvline(left, color=WALL, linewidth=2.5, zorder=1)
    axes.set_xlim(min(0.5, rows["batch_size"].min() - 0.5), right)
    if with_text:
        axes.text(right, 0.04, wall_text(bad), transform=axes.get_xaxis_transform(), ha="right", va="bottom", color=WALL, fontsize=8.5,
                  linespacing=1.4, zorder=5, bbox={"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": WALL})


def ring(axes, x, y, colour):
    axes.plot(x, y, marker="o", markersize=13, markerfacecolor="none", markeredgecolor=colour, markeredgewidth=1.8, linestyle="none", zorder=4)


def draw_tradeoff(axes, curves):
    """Latency over throughput, batches beside the points, the knee of each curve with a ring."""
    for label, rows, number in curves:
        ok = rows[rows["status"] == "ok"].sort_values("batch_size")
        colour = CURVES[number % len(CURVES)]
        axes.plot(ok["throughput_avg"], ok["latency_ms_p50"], color=colour, marker=MARKERS[number % len(MARKERS)], markersize=5.5,
                  markeredgecolor="white", markeredgewidth=0.6, linewidth=1.8, zorder=3)
        knee = knee_of(ok)
        if knee is None:
            continue
        ring(axes, knee["throughput_avg"], knee["latency_ms_p50"], colour)
        for _, row in ok.iterrows():
            is_knee = row["batch_size"] == knee["batch_size"]
            if len(curves) > 2 and not is_knee:
                continue
            axes.annotate(f"{int(row['batch_size'])}", (row["throughput_avg"], row["latency_ms_p50"]), textcoords="offset points",
                          xytext=(0, -15) if is_knee else (-7, 5), ha="center" if is_knee else "right", fontsize=8.5, color=colour,
                          fontweight="bold" if is_knee else "normal")
    axes.set_xlabel("items per second")
    axes.set_ylabel("median latency, ms")
    axes.margins(0.1)
    axes.set_xlim(0, axes.get_xlim()[1])
    axes.set_ylim(0, axes.get_ylim()[1])


def finish(axes, layout, title):
    axes.set_title(title)
    axes.set_xlabel(layout.x.title + (f", {unit}" if (unit := layout.unit) else ""))
    if not layout.x.quantity:
        name_ticks(axes, layout.x.order, 60, 20, 10)
        axes.set_xlim(-0.6, len(layout.x) - 0.25)
    elif layout.over_batches:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=9))


def draw_facet(panels, layout, text, rows, y):
    curves = layout.curves(rows)
    shown = [(y, None, None)] if y else [("throughput_avg", "throughput_low", "throughput_high"), ("latency_ms_p50", "latency_ms_p0", "latency_ms_p99")]
    for axes, (column, low, high) in zip(panels, shown):
        ends = []
        for label, own, number in reversed(curves):
            last = draw_curve(axes, layout, own, column, low, high, number)
            if last and label:
                ends.append((*last, label, CURVES[number % len(CURVES)]))
            knee = knee_of(own[own["status"] == "ok"]) if layout.over_batches and not y else None
            if knee is not None:
                ring(axes, knee["batch_size"], knee[column], CURVES[number % len(CURVES)])
        axes.margins(x=0.06, y=0.12)
        axes.set_ylim(bottom=0, top=axes.get_ylim()[1] * 1.04)
        if len(curves) == 1 and layout.over_batches:
            draw_wall(axes, rows, axes is panels[0])
        else:
            cross_out(axes, layout, curves)
        heads = {"throughput_avg": "Throughput", "latency_ms_p50": "Latency (band: fastest to p99)"}
        finish(axes, layout, heads.get(column, name_of(column)) if axes is not panels[0] or not text else text)
        axes.set_ylabel({"throughput_avg": "items per second", "latency_ms_p50": "ms"}.get(column, layout.y_label))
        if axes is panels[0]:
            axes.ends = ends
    if len(panels) == 3:
        draw_tradeoff(panels[2], curves)
        panels[2].set_title("What latency buys (number: batch, ring: knee)")


def draw(sweep, arguments):
    ok = sweep.only_ok()
    layout = Layout(sweep, arguments)
    y = sweep.number(arguments.y, "--y") if arguments.y else None
    layout.unit = sweep.columns[layout.x.column]["unit"]
    layout.y_label = " ".join(filter(None, [name_of(y), f"[{sweep.columns[y]['unit']}]" if sweep.columns[y]["unit"] else ""])) if y else ""
    across = (1 if len(layout.facets) < 2 else 3 if len(layout.facets) > 4 else 2) if y else 3 if layout.over_batches else 2
    down = -(-len(layout.facets) // across) if y else len(layout.facets)
    high = 4.2 if down == 1 else 3.1
    figure, panels = panels_of(down, across, (4.8 * across + 0.8, high * down + 0.75))
    rows_of_panels = [[axes] for axes in panels.flat] if y else panels
    for line, (text, rows) in zip(rows_of_panels, layout.facets):
        draw_facet(list(line), layout, text, rows, y)
    for line in rows_of_panels[len(layout.facets):]:
        line[0].set_visible(False)
    under = sweep.same_everywhere()
    if reasons := ends_text(layout, sweep.table):
        under += ". " + reasons
    elif (sweep.table["status"] != "ok").any():
        nowhere = [label for label, rows, _ in layout.curves(sweep.table) if label and (rows["status"] != "ok").all()]
        under += f". Fits nowhere: {', '.join(nowhere)}" if nowhere else ""
        under += f". {'Shaded' if not layout.colour and layout.over_batches else 'Crosses'}: does not fit"
    heading(figure, title_of(layout, ok, y), under)
    figure.draw_without_rendering()   # the layout must be settled before names are set beside curves
    for line in rows_of_panels[:len(layout.facets)]:
        label_ends(line[0], line[0].ends)
    return figure


def main():
    draw_sweep(__doc__, draw, options=(("x", "AXIS", "axis to draw along (default: the quantity with the most values; the batch on a tie)"),
                                       ("y", "COLUMN", "draw this column instead, one panel for each picture"),
                                       ("colour", "AXIS", "axis whose values are curves (default: the first one that --x leaves)")))


if __name__ == "__main__":
    run(main)
