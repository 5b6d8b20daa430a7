#!/usr/bin/python3
"""Draws what larger arrays, more DRAM bandwidth and larger state buffers are worth for batching, from the sweep next_chip.

Each network has a row of maps: the throughput of each batch size over arrays and bandwidths, with the middle state buffer;
then the best throughput of any batch over arrays and state buffers, with the middle bandwidth.
"""
import re

import numpy as np

from infsim_tools.charts import draw_cells, heading, panels_of
from infsim_tools.inputs import run
from infsim_tools.sweep_pictures import draw_sweep
from infsim_tools.sweeps import value_text

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
    several = table["batch_size"].nunique() > 1
    texts = {(j, i): "none\nfits" if np.isnan(value) else f"{value:,.0f}" + (f"\nB={batches[j, i]}" if several else "")
             for (j, i), value in np.ndenumerate(grid)}
    draw_cells(axes, grid, texts, (["{} x {}".format(*array_of(a)) for a in arrays], [value_text(v, y_column) for v in ys]), most, (8, 8, 8))
    axes.set_title(title, fontsize=10)


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


def draw(sweep, _):
    sweep.require(ARRAY, BUFFER, DRAM).only_ok()
    table = sweep.table
    models, batches = list(table["model_name"].unique()), sorted(table["batch_size"].unique())
    buffer, dram = middle(table[BUFFER].unique()), middle(table[DRAM].unique())
    figure, panels = panels_of(len(models), len(batches) + 1, (17, 3.6 * len(models)))
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
    draw_sweep(__doc__, draw)


if __name__ == "__main__":
    run(main)
