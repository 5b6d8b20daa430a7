#!/usr/bin/python3
"""Draws a finished sweep over the batch size.

usage: plot_sweep.py RESULTS_FOLDER [--out FILE_WITHOUT_EXTENSION]

Reads RESULTS_FOLDER/table.csv and writes a PNG and an SVG (RESULTS_FOLDER/<folder's name> unless --out says
otherwise): throughput against batch, latency against batch, and latency against throughput with the batch beside each
point. The knee is marked; batches that do not fit are drawn as a wall with the reason. A sweep with further axes gets
one curve per combination of them; where one ends at a batch that does not fit, a line says so. The SVG holds no date and is the same for the same table.
"""
import sys
import textwrap

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import MaxNLocator

from plotting import CURVES, INK, WALL, arguments_of, save, style

KNEE = "#d98a1f"
# Columns that tell points of a sweep apart; the table's own axes (columns with a dot in the name) come on top.
POINT_COLUMNS = ["model_name", "dtype", "io_dtype", "chip", "compiler", "cores", "workers_per_model", "seed"]
MAX_CURVES = 6


def curves_of(table):
    """(label, rows sorted by batch) for each combination of whatever varies besides the batch."""
    keys = [c for c in table.columns if "." in c or c in POINT_COLUMNS]
    keys = [c for c in keys if table[c].nunique(dropna=False) > 1]
    if not keys:
        return [("", table.sort_values("batch_size"))]
    groups = table.groupby(keys if len(keys) > 1 else keys[0], sort=False, dropna=False)
    named = []
    for values, rows in groups:
        values = values if isinstance(values, tuple) else (values,)
        label = ", ".join(f"{k.split('.')[-1].replace('_', ' ')} {v}" for k, v in zip(keys, values))
        named.append((label, rows.sort_values("batch_size")))
    return named


def knee_of(ok):
    """The row with the most throughput per latency, the smaller batch on a tie."""
    if ok.empty:
        return None
    score = ok["throughput_avg"] / ok["latency_ms_p50"]
    return ok.loc[score.idxmax()]


def draw_wall(axes, rows, last_batch, reason):
    """Shades the batches behind the largest one that fits."""
    bad = rows[(rows["status"] == "infeasible") & (rows["batch_size"] > last_batch)]
    if bad.empty:
        return
    left = bad["batch_size"].min() - 0.5
    # A wall is a wall: twice the batches that fit is enough of it to see.
    right = min(rows["batch_size"].max(), 2 * last_batch + 2) + 0.5
    axes.axvspan(left, right, facecolor="#f9ebe9", edgecolor="#e3b3ad", hatch="///", linewidth=0, zorder=0)
    axes.axvline(left, color=WALL, linewidth=2.5, zorder=1)
    axes.set_xlim(rows["batch_size"].min() - 0.5, right)
    if reason:
        axes.text((left + right) / 2, 0.5, reason, transform=axes.get_xaxis_transform(), ha="center", va="center",
                  color=WALL, fontsize=9, linespacing=1.5,
                  bbox={"boxstyle": "round,pad=0.6", "facecolor": "white", "edgecolor": WALL, "linewidth": 1})


def wall_reason(rows, last_batch):
    """Why the first batch behind the largest one does not fit, in a few short lines."""
    bad = rows[(rows["status"] == "infeasible") & (rows["batch_size"] > last_batch)]
    if bad.empty:
        return ""
    first = bad.iloc[0]
    low, high = int(first["batch_size"]), int(bad["batch_size"].max())
    lines = [f"batches {low} to {high} do not fit" if high > low else f"batch {low} does not fit"]
    if pd.notna(first["infeasible_wanted_bytes"]):
        layer = textwrap.shorten(str(first["infeasible_layer"]), 34, placeholder="...")
        lines += [f"{low}: layer {layer}", f"wants {int(first['infeasible_wanted_bytes']):,} bytes",
                  f"of {first['infeasible_resource']}, there are", f"{int(first['infeasible_available_bytes']):,}"]
    return "\n".join(lines)


def mark_limit(panels, label, rows, color):
    """A line behind the last batch of a curve that fits, beside curves that go on; in the first panel with the reason."""
    fits = rows[rows["status"] == "ok"]["batch_size"]
    last = fits.max() if not fits.empty else 0
    reason = wall_reason(rows, last)
    if not reason:
        return
    for axes in panels[:2]:
        axes.axvline(last + 0.5, color=color, linewidth=2, linestyle="--", zorder=1)
    panels[0].text(last + 0.9, 0.06, f"{label}\n{reason}", transform=panels[0].get_xaxis_transform(), ha="left",
                   va="bottom", color=color, fontsize=8.5, linespacing=1.4,
                   bbox={"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": color, "linewidth": 1})


def draw_curve(panels, label, rows, color):
    ok = rows[rows["status"] == "ok"]
    if ok.empty:
        return
    by_batch, latency, tradeoff = panels
    line = {"color": color, "marker": "o", "markersize": 5, "linewidth": 2, "label": label or None, "zorder": 3}
    by_batch.plot(ok["batch_size"], ok["throughput_avg"], **line)
    latency.plot(ok["batch_size"], ok["latency_ms_p50"], **line)
    latency.fill_between(ok["batch_size"], ok["latency_ms_p0"], ok["latency_ms_p99"], color=color, alpha=0.15,
                         linewidth=0, zorder=2)
    tradeoff.plot(ok["throughput_avg"], ok["latency_ms_p50"], **line)
    for _, row in ok.iterrows():
        tradeoff.annotate(f"{int(row['batch_size'])}", (row["throughput_avg"], row["latency_ms_p50"]),
                          textcoords="offset points", xytext=(-7, 6), ha="right", fontsize=9, color=color)


def mark_knee(panels, rows, color, place):
    knee = knee_of(rows[rows["status"] == "ok"])
    if knee is None:
        return
    by_batch, latency, tradeoff = panels
    ring = {"marker": "o", "markersize": 14, "markerfacecolor": "none", "markeredgecolor": KNEE,
            "markeredgewidth": 2.2, "zorder": 4, "linestyle": "none"}
    by_batch.plot(knee["batch_size"], knee["throughput_avg"], **ring)
    latency.plot(knee["batch_size"], knee["latency_ms_p50"], **ring)
    tradeoff.plot(knee["throughput_avg"], knee["latency_ms_p50"], **ring)
    # One below the other, since knees of several curves often lie side by side.
    tradeoff.annotate(f"knee: {int(knee['batch_size'])}", (knee["throughput_avg"], knee["latency_ms_p50"]), textcoords="offset points",
                      xytext=(-6, -22 - 12 * place), ha="center", color=color, fontsize=9, fontweight="bold")


def title_of(table):
    first = table.iloc[0]
    fixed = {c: table[c].nunique(dropna=False) == 1 for c in POINT_COLUMNS}
    parts = [str(first["model_name"])] if fixed["model_name"] else []
    if fixed["dtype"]:
        parts.append(str(first["dtype"]))
    if fixed["chip"] and fixed["cores"]:
        parts.append(f"{int(first['cores'])} cores of {first['chip']}")
    if fixed["workers_per_model"]:
        workers = int(first["workers_per_model"])
        parts.append(f"{workers} inference{'s' if workers > 1 else ''} outstanding per core")
    return ", ".join(parts)


def draw(table):
    style()
    figure, panels = plt.subplots(1, 3, figsize=(13.5, 4.4), constrained_layout=True)
    curves = curves_of(table)
    if len(curves) > MAX_CURVES:
        sys.exit(f"plot_sweep.py: {len(curves)} combinations besides the batch are too many curves for one picture; "
                 "plot_map.py draws maps")
    drawn = [*enumerate(zip(curves, CURVES))]
    for place, ((label, rows), color) in reversed(drawn):  # the first on top, where curves are the same
        draw_curve(panels, label, rows, color)
        mark_knee(panels, rows, color if len(drawn) > 1 else KNEE, place)
    if len(curves) == 1:
        rows = curves[0][1]
        fits = rows[rows["status"] == "ok"]["batch_size"]
        last = fits.max() if not fits.empty else 0
        draw_wall(panels[0], rows, last, wall_reason(rows, last))
        draw_wall(panels[1], rows, last, "")
    else:
        for (label, rows), color in zip(curves, CURVES):
            mark_limit(panels, label, rows, color)
        panels[2].legend(fontsize=9, loc="upper left")
    for axes, title, x, y in zip(panels, ["Throughput", "Latency", "What latency buys"],
                                 ["batch size", "batch size", "throughput, items per second"],
                                 ["items per second", "ms (line: median, band: fastest to p99)",
                                  "median latency, ms (numbers: batch size)"]):
        axes.set_title(title)
        axes.set_xlabel(x)
        axes.set_ylabel(y, fontsize=9)
        axes.margins(x=0.08, y=0.15)
        axes.set_ylim(bottom=0, top=axes.get_ylim()[1] * 1.05)
    for axes in panels[:2]:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=17))
    panels[2].set_xlim(left=0)
    figure.suptitle(title_of(table) + "\n", x=0.01, ha="left", fontsize=12, color=INK, linespacing=0.6)
    return figure


def main():
    arguments = arguments_of(__doc__)
    path = arguments.table
    table = pd.read_csv(path)
    if not (table["status"] == "ok").any():
        sys.exit(f"plot_sweep.py: no point of {path} is ok, so there is nothing to draw")
    figure = draw(table)
    save(figure, arguments.out)


if __name__ == "__main__":
    main()
