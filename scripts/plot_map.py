#!/usr/bin/python3
"""Draws maps over two axes of a finished sweep whose third axis is the batch size.

usage: plot_map.py RESULTS_FOLDER [--x COLUMN] [--y COLUMN] [--out FILE_WITHOUT_EXTENSION]

Reads RESULTS_FOLDER/table.csv and writes a PNG and an SVG (RESULTS_FOLDER/<folder's name>_map unless --out says
otherwise): the largest batch that fits, the knee, and the best throughput, over the two columns. Without --x and --y
they are the first two columns with a dot in their name, the table's own axes.
"""
import re
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from plotting import INK, arguments_of, save

NOTHING = "#e9e4e3"
NAMES = {"chip.state_buffer.partition_bytes": "state buffer per partition",
         "chip.dram.channel_bandwidth": "bandwidth of one DRAM channel", "chip.cores": "cores of the chip"}
UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "kB": 1e3, "MB": 1e6, "GB": 1e9, "B/s": 1, "MB/s": 1e6, "GB/s": 1e9,
         "GiB/s": 2**30, "GHz": 1e9, "MHz": 1e6}


def magnitude(text):
    """A value with its unit as a number to sort by."""
    match = re.fullmatch(r"\s*([0-9.]+)\s*([A-Za-z/]*)\s*", str(text))
    return float(match[1]) * UNITS.get(match[2], 1) if match else str(text)


def cell_values(rows):
    """Largest batch, knee and best throughput of the points of one cell; None where nothing fits."""
    ok = rows[rows["status"] == "ok"].sort_values("batch_size")
    if ok.empty:
        return None, None, None
    score = ok["throughput_avg"] / ok["latency_ms_p50"]
    return ok["batch_size"].max(), ok.loc[score.idxmax(), "batch_size"], ok["throughput_avg"].max()


def maps_of(table, x, y):
    xs = sorted(table[x].unique(), key=magnitude)
    ys = sorted(table[y].unique(), key=magnitude)
    maps = np.full((3, len(ys), len(xs)), np.nan)
    for j, y_value in enumerate(ys):
        for i, x_value in enumerate(xs):
            rows = table[(table[x] == x_value) & (table[y] == y_value)]
            for status in ("failed", "timeout", "out_of_memory"):
                if (rows["status"] == status).any():
                    sys.exit(f"plot_map.py: {x} {x_value}, {y} {y_value}: a point has status {status}, so its map would lie")
            values = cell_values(rows)
            maps[:, j, i] = [np.nan if v is None else v for v in values]
    return xs, ys, maps


def draw_map(axes, title, grid, xs, ys, tried):
    """One heat map with its numbers written in; `tried`: largest batch tried, marked as "or more"."""
    colors = plt.get_cmap("YlGnBu").copy()
    colors.set_bad(NOTHING)
    axes.pcolormesh(np.arange(len(xs) + 1) - 0.5, np.arange(len(ys) + 1) - 0.5, np.ma.masked_invalid(grid), cmap=colors,
                    vmin=0, vmax=np.nanmax(grid) * 1.25, edgecolors="white", linewidth=2)
    axes.set_facecolor(NOTHING)
    for j in range(len(ys)):
        for i in range(len(xs)):
            value = grid[j, i]
            text = "none\nfits" if np.isnan(value) else f"{value:,.0f}" + ("+" if tried and value == tried else "")
            dark = not np.isnan(value) and value > 0.7 * np.nanmax(grid)
            axes.text(i, j, text, ha="center", va="center", fontsize=8 if np.isnan(value) else 11,
                      color="white" if dark else INK)
    axes.set_xticks(range(len(xs)), xs)
    axes.set_yticks(range(len(ys)), ys)
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.tick_params(length=0)
    for edge in axes.spines.values():
        edge.set_visible(False)


def draw(table, x, y):
    plt.rcParams.update({"svg.hashsalt": "infsim", "font.family": "DejaVu Sans", "font.size": 10})
    xs, ys, (largest, knee, best) = maps_of(table, x, y)
    figure, panels = plt.subplots(1, 3, figsize=(13.5, 4.2), constrained_layout=True)
    tried = table["batch_size"].max()
    draw_map(panels[0], "Largest batch that fits", largest, xs, ys, tried)
    draw_map(panels[1], "Knee: batch with most throughput per latency", knee, xs, ys, None)
    draw_map(panels[2], "Best throughput, items per second", best, xs, ys, None)
    for axes in panels:
        axes.set_xlabel(NAMES.get(x, x))
    panels[0].set_ylabel(NAMES.get(y, y))
    note = f" (+: no larger batch than {int(tried)} was tried)" if (largest == tried).any() else ""
    first = table.iloc[0]
    figure.suptitle(f"{first['model_name']}, {first['dtype']}, {int(first['cores'])} cores of {first['chip']}{note}\n",
                    x=0.01, ha="left", fontsize=12, color=INK, linespacing=0.6)
    return figure


def main():
    arguments = arguments_of(__doc__, "_map", ("x", "y"))
    path = arguments.table
    table = pd.read_csv(path)
    own = [c for c in table.columns if "." in c]
    x, y = arguments.x or (own + [None])[0], arguments.y or (own + [None, None])[1]
    for column in (x, y):
        if column not in table.columns:
            sys.exit(f"plot_map.py: {path} has no column {column}; its own axes are {', '.join(own) or 'none'}")
    if not (table["status"] == "ok").any():
        sys.exit(f"plot_map.py: no point of {path} is ok, so there is nothing to draw")
    figure = draw(table, x, y)
    save(figure, arguments.out)


if __name__ == "__main__":
    main()
