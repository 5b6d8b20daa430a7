#!/usr/bin/python3
"""Draws a finished sweep as curves: throughput and latency against one of its axes.

usage: plot_sweep.py RESULTS_FOLDER [--x AXIS] [--y COLUMN] [--colour AXIS] [--only AXIS=VALUE]... [--out FILE_WITHOUT_EXTENSION]

Reads the table and its description and writes a PNG and an SVG (RESULTS_FOLDER/<folder's name> unless --out says
otherwise). --x is the axis with the most values unless said otherwise, the batch where it is one of them; --colour the first
other one. Networks, and every further axis, get pictures of their own, one below the other. Over batches there are three
panels: throughput, latency, and what latency buys, with the knee (most throughput per latency) marked. --y draws one panel
of that column instead. Bands are the intervals of the measurement, or the fastest inference to p99. What does not fit is a
wall, or a cross at the bottom. The same table makes the same bytes.
"""
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from plotting import (CURVES, INK, MARKERS, WALL, Sweep, arguments_of, heading, knee_of, label_ends, name_of, only_ok, room_for_heading, save,
                      stop, style)

MAX_FACETS = 12
NETWORKS = ("model_name", "model_file")


class Layout:
    """Which axis is drawn how."""

    def __init__(self, sweep, arguments):
        rest = list(sweep.axes)
        if not rest:
            stop(f"{sweep.folder} has one value of every axis: nothing to draw against")
        self.x = sweep.axis(arguments.x, "--x") if arguments.x else default_x(rest)
        rest.remove(self.x)
        if arguments.colour:
            self.colour = sweep.axis(arguments.colour, "--colour")
            if self.colour is self.x:
                stop(f"--colour {arguments.colour} is what --x draws along already")
        else:
            self.colour = next((a for a in rest if a.column not in NETWORKS and len(a) <= len(CURVES)), None)
        if self.colour:
            rest.remove(self.colour)
            if len(self.colour) > len(CURVES):
                stop(f"{len(self.colour)} values of {self.colour.column} are more than there are colours, {len(CURVES)}; --only leaves "
                     "some of another axis, plot_map.py draws maps")
        rest.sort(key=lambda a: a.column not in NETWORKS)
        self.facets = sweep.groups(rest)
        if len(self.facets) > MAX_FACETS:
            stop(f"{len(self.facets)} combinations of {', '.join(a.column for a in rest)} are too many for one picture; --only AXIS=VALUE "
                 "leaves some of them, plot_map.py draws maps")
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
        stop(f"several rows of a curve have the same {layout.x.column}: the table has more axes than its description says")
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
        axes.set_xticks(range(len(layout.x)), layout.x.order, rotation=0 if sum(map(len, layout.x.order)) < 60 else 20,
                        ha="center" if sum(map(len, layout.x.order)) < 60 else "right")
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


def best_text(layout, rows, y):
    """The best point of some rows, and where it is."""
    best = rows.loc[rows[y].astype(float).idxmax()]
    place = layout.x.prefixed(layout.x.labels[best.name])
    return best, f"{best[y]:,.0f}" if best[y] >= 100 else f"{best[y]:.3g}", place


def ratio_title(layout, ok, column):
    """How two curves compare at the same places: "A gives 0.97 to 16 times the items/s of B"."""
    first, second = layout.colour.order
    facet = pd.Series({index: number for number, (_, rows) in enumerate(layout.facets) for index in rows.index})
    both = ok.assign(facet=facet, place=layout.x.labels, curve=layout.colour.labels).pivot_table(
        index=["facet", "place"], columns="curve", values=column, aggfunc="first").dropna()
    if both.empty or len(both.columns) < 2 or (both[[first, second]] <= 0).any(axis=None):
        return ""
    ratio = (both[second] / both[first]).astype(float)
    if ratio.max() < 1 / ratio.min():
        first, second, ratio = second, first, 1 / ratio
    if ratio.max() < 1.005:
        return f"{layout.colour.prefixed(first)} and {layout.colour.prefixed(second)} are the same everywhere"
    number, place = ratio.idxmax()
    where = ", ".join(filter(None, [layout.facets[number][0], layout.x.prefixed(place)]))
    least = f"{ratio.min():.2g}" if ratio.min() < 0.995 else "1"
    return (f"{layout.colour.prefixed(second)}: {least} to {ratio.max():.3g} times the {'items/s' if column == 'throughput_avg' else name_of(column)} "
            f"of {layout.colour.prefixed(first)}, most at {where}")


def title_of(layout, ok, y):
    """What to see: how two curves compare, the highest point of each where there are few, the knees of networks, or the highest of all."""
    column, unit = y or "throughput_avg", f" {name_of(y)}" if y else " items/s"
    several = len(layout.facets) > 1
    if layout.colour and len(layout.colour) == 2 and several and (text := ratio_title(layout, ok, column)):
        return text
    if not layout.colour and several and layout.over_batches and not y:
        knees = [(text, knee_of(ok[ok.index.isin(rows.index)])) for text, rows in layout.facets]
        return "Knee: " + "; ".join(f"{text} B={int(knee['batch_size'])}" for text, knee in knees if knee is not None)
    if layout.colour and not several and len(layout.colour) <= 3:
        parts = []
        for label, rows, _ in layout.curves(ok):
            _, number, place = best_text(layout, rows, column)
            parts.append(f"{label}: at most {number}{unit if not parts else ''} at {place}")
        return "; ".join(parts)
    best, number, place = best_text(layout, ok, column)
    where = [layout.colour.prefixed(layout.colour.labels[best.name])] if layout.colour else []
    facet = next((text for text, rows in layout.facets if best.name in rows.index), "")
    text = f"At most {number}{unit}, at " + ", ".join(filter(None, [facet, *where, place]))
    if not layout.colour and not several and layout.over_batches and not y:
        knee = knee_of(ok)
        text += f"; knee at B={int(knee['batch_size'])} with {knee['throughput_avg']:,.0f}"
    return text


def ends_text(layout, rows):
    """Which curves end early, and why, where there are few of them."""
    sentences = []
    for label, own, _ in layout.curves(rows) if layout.over_batches and layout.colour and len(layout.facets) == 1 else []:
        last = own[own["status"] == "ok"]["batch_size"].max()
        bad = own[(own["status"] != "ok") & (own["batch_size"] > last)].sort_values("batch_size")
        if not bad.empty and pd.notna(bad.iloc[0]["infeasible_wanted_bytes"]):
            first = bad.iloc[0]
            sentences.append(f"{label} ends at B={int(last)}: {int(first['batch_size'])} would want {int(first['infeasible_wanted_bytes']):,} bytes "
                             f"of {first['infeasible_resource']}, there are {int(first['infeasible_available_bytes']):,}")
    return ". ".join(sentences) if len(sentences) <= 2 else ""


def draw(sweep, arguments):
    style()
    ok = only_ok(sweep)
    layout = Layout(sweep, arguments)
    y = sweep.column(arguments.y, "--y") if arguments.y else None
    layout.unit = sweep.columns[layout.x.column]["unit"]
    layout.y_label = " ".join(filter(None, [name_of(y), f"[{sweep.columns[y]['unit']}]" if sweep.columns[y]["unit"] else ""])) if y else ""
    across = (1 if len(layout.facets) < 2 else 3 if len(layout.facets) > 4 else 2) if y else 3 if layout.over_batches else 2
    down = -(-len(layout.facets) // across) if y else len(layout.facets)
    high = 4.2 if down == 1 else 3.1
    figure, panels = plt.subplots(down, across, figsize=(4.8 * across + 0.8, high * down + 0.75), squeeze=False, constrained_layout=True)
    room_for_heading(figure)
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
    arguments = arguments_of(__doc__, options=(("x", "axis to draw along"), ("y", "column to draw"), ("colour", "axis whose values are curves")))
    sweep = Sweep(arguments.folder)
    sweep.keep(arguments.only)
    save(draw(sweep, arguments), arguments.out)


if __name__ == "__main__":
    main()
