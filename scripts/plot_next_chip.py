#!/usr/bin/python3
"""Draws what arrays, DRAM bandwidths and state buffers are worth for batching, from the sweep next_chip.

usage: plot_next_chip.py RESULTS_FOLDER [--out FILE_WITHOUT_EXTENSION]

Reads the table and its description and writes a PNG and an SVG (RESULTS_FOLDER/<folder's name> unless --out says otherwise).
A row of maps per network: throughput of each batch size over arrays and bandwidths, with the middle state buffer; then
the best throughput of any batch over arrays and state buffers, with the middle bandwidth.
"""
import re

import matplotlib.pyplot as plt
import numpy as np

from plotting import INK, NOTHING, Sweep, arguments_of, heading, only_ok, room_for_heading, save, stop, style, value_text

ARRAY, BUFFER, DRAM = "chip", "chip.state_buffer.bytes", "chip.dram.bandwidth"


def array_of(name):
    """"array-128x64" as (128, 64)."""
    match = re.search(r"(\d+)x(\d+)", str(name))
    return (int(match[1]), int(match[2])) if match else (0, 0)


def draw_map(axes, title, table, y, y_column, most):
    """Largest throughput of each cell, as colour and number; `most`: of the darkest colour."""
    arrays = sorted(table[ARRAY].unique(), key=array_of)
    ys = sorted(table[y].unique())
    grid = np.full((len(ys), len(arrays)), np.nan)
    batches = np.zeros(grid.shape, int)
    for j, y_value in enumerate(ys):
        for i, array in enumerate(arrays):
            ok = table[(table[ARRAY] == array) & (table[y] == y_value) & (table["status"] == "ok")]
            if not ok.empty:
                best = ok.loc[ok["throughput_avg"].idxmax()]
                grid[j, i], batches[j, i] = best["throughput_avg"], best["batch_size"]
    colors = plt.get_cmap("YlGnBu").copy()
    colors.set_bad(NOTHING)
    axes.pcolormesh(np.ma.masked_invalid(grid), cmap=colors, vmin=0, vmax=1.25 * most, edgecolors="white", linewidth=2)
    several = table["batch_size"].nunique() > 1
    for (j, i), value in np.ndenumerate(grid):
        text = "none\nfits" if np.isnan(value) else f"{value:,.0f}" + (f"\nB={batches[j, i]}" if several else "")
        axes.text(i + 0.5, j + 0.5, text, ha="center", va="center", fontsize=8,
                  color="white" if not np.isnan(value) and value > 0.7 * most else INK)
    axes.set_xticks(np.arange(len(arrays)) + 0.5, ["{} x {}".format(*array_of(a)) for a in arrays], fontsize=8)
    axes.set_yticks(np.arange(len(ys)) + 0.5, [value_text(v, y_column) for v in ys], fontsize=8)
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
    axes.grid(False)
    axes.tick_params(length=0)
    for edge in axes.spines.values():
        edge.set_visible(False)


def middle(values):
    return sorted(values)[len(values) // 2]


def title_of(table, models):
    """What the largest array, buffer and bandwidth give over the smallest of each, by network."""
    parts = []
    for model in models:
        own = table[(table["model_name"] == model) & (table["status"] == "ok")]
        best = own.loc[own["throughput_avg"].idxmax()]
        parts.append(f"{model} at most {best['throughput_avg']:,.0f}, with {'{} x {}'.format(*array_of(best[ARRAY]))} at B={best['batch_size']}")
    return "Items per second: " + "; ".join(parts)


def draw(sweep):
    style()
    table = sweep.table
    models, batches = list(table["model_name"].unique()), sorted(table["batch_size"].unique())
    buffer, dram = middle(table[BUFFER].unique()), middle(table[DRAM].unique())
    figure, panels = plt.subplots(len(models), len(batches) + 1, figsize=(17, 3.6 * len(models)), squeeze=False,
                                  constrained_layout=True)
    room_for_heading(figure)
    for row, model in zip(panels, models):
        own = table[table["model_name"] == model]
        most = own["throughput_avg"].max()
        for axes, batch in zip(row, batches):
            cells = own[(own["batch_size"] == batch) & (own[BUFFER] == buffer)]
            draw_map(axes, f"{model}, B={batch}, {value_text(buffer, sweep.columns[BUFFER])}", cells, DRAM, sweep.columns[DRAM], most)
        draw_map(row[-1], f"{model}, best batch, {value_text(dram, sweep.columns[DRAM])}", own[own[DRAM] == dram], BUFFER,
                 sweep.columns[BUFFER], most)
        row[0].set_ylabel("DRAM of the chip")
        row[-1].set_ylabel("state buffer of a core")
    for axes in panels[-1]:
        axes.set_xlabel("array of a core (rows x columns)")
    heading(figure, title_of(table, models), f"{sweep.same_everywhere()}, at Inferentia's rates")
    return figure


def main():
    arguments = arguments_of(__doc__)
    sweep = Sweep(arguments.folder)
    sweep.keep(arguments.only)
    for column in (ARRAY, BUFFER, DRAM):
        if column not in sweep.columns:
            stop(f"the table of {arguments.folder} has no column {column}, which the sweep next_chip has")
    only_ok(sweep)
    save(draw(sweep), arguments.out)


if __name__ == "__main__":
    main()
