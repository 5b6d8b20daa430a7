#!/usr/bin/python3
"""Draws a finished sweep of serving scenarios: latency against load, the hockey stick, one curve per compiled batch.

usage: plot_serving.py RESULTS_FOLDER [--out FILE_WITHOUT_EXTENSION]

Reads RESULTS_FOLDER/table.csv and writes a PNG and an SVG (RESULTS_FOLDER/<folder's name> unless --out says otherwise):
p99 and median latency against the offered load. Curves end where requests pile up (the last point before it is the
highest load that the server follows). A bound that is the same everywhere is drawn. The SVG holds no date and is the
same for the same table.
"""
import sys

import matplotlib.pyplot as plt
import pandas as pd

from plotting import CURVES, INK, WALL, arguments_of, save, style

# What tells curves apart when it varies.
CURVE_COLUMNS = ["batch_size", "policy", "model_name", "dtype", "chip", "chips", "n_models", "workers_per_model",
                 "items_per_request", "seed"]


def curves_of(table):
    """(label, rows by offered load) for each combination of what varies besides the load."""
    axes = [c for c in table.columns if "." in c and c not in ("scenario.load.rate", "scenario.server.batches")]
    keys = [c for c in [*CURVE_COLUMNS[:1], *axes, *CURVE_COLUMNS[1:]]
            if c != "items_per_request" and table[c].nunique(dropna=False) > 1]
    if not keys:
        return [("", table.sort_values("offered_rate"))]
    named = []
    for values, rows in table.groupby(keys if len(keys) > 1 else keys[0], sort=False, dropna=False):
        values = values if isinstance(values, tuple) else (values,)
        label = ", ".join(f"B={v}" if k == "batch_size" else f"{k.split('.')[-1].replace('_', ' ')} {v}"
                          for k, v in zip(keys, values))
        named.append((label, rows.sort_values("offered_rate")))
    return named


def followed(rows):
    """The points whose load the server follows."""
    reason = rows["reason"].fillna("").astype(str)
    return rows[(rows["status"] == "ok") & ~reason.str.contains("queue grows")]


def draw_panel(axes, curves, column, title, top):
    for (label, rows), color in zip(curves, CURVES):
        good = followed(rows)
        if good.empty:
            continue
        axes.plot(good["offered_rate"], good[column], color=color, marker="o", markersize=3.5, linewidth=2, label=label,
                  zorder=3)
        beyond = rows[~rows.index.isin(good.index) & (rows["status"] == "ok")]
        if not beyond.empty:   # where the stick leaves the picture
            last, first = good.iloc[-1], beyond.iloc[0]
            axes.plot([last["offered_rate"], first["offered_rate"]], [last[column], max(top * 1.2, last[column])],
                      color=color, linewidth=1.2, linestyle=":", zorder=2)
    axes.set_ylim(0, top)
    axes.set_xlim(left=0)
    axes.set_title(title)
    axes.set_xlabel("offered load, requests per second")
    axes.set_ylabel("ms")


def draw(table):
    style()
    curves = curves_of(table)
    if len(curves) > len(CURVES):
        sys.exit(f"plot_serving.py: {len(curves)} combinations besides the load are too many curves for one picture")
    figure, panels = plt.subplots(1, 2, figsize=(12, 4.6), constrained_layout=True)
    good = followed(table)
    bounds = table["bound_ms"].dropna().unique() if "bound_ms" in table else []
    lowest = good["latency_ms_p99"].min()
    top = max(4 * lowest, 2 * bounds[0]) if len(bounds) == 1 else 6 * lowest
    draw_panel(panels[0], curves, "latency_ms_p99", "99th percentile", top)
    draw_panel(panels[1], curves, "latency_ms_p50", "Median", top)
    if len(bounds) == 1:
        panels[0].axhline(bounds[0], color=WALL, linewidth=1.2, linestyle="--", zorder=1)
        panels[0].annotate(f"bound {bounds[0]:g} ms", (0, bounds[0]), textcoords="offset points", xytext=(4, 4), color=WALL,
                           fontsize=9)
    panels[1].legend(fontsize=9, title="compiled batch" if all(l.startswith("B=") for l, _ in curves) else None)
    first = table.iloc[0]
    figure.suptitle(f"{first['model_name']}, {int(first['n_models'])} cores of {first['chip']}, policy {first['policy']}: "
                    "latency against load\n", x=0.01, ha="left", fontsize=12, color=INK, linespacing=0.6)
    return figure


def main():
    arguments = arguments_of(__doc__)
    path = arguments.table
    table = pd.read_csv(path, dtype={"batch_size": str, "scenario.server.batches": str})
    if "offered_rate" not in table or followed(table)["offered_rate"].dropna().empty:
        sys.exit(f"plot_serving.py: no point of {path} follows an offered load, so there is nothing to draw")
    figure = draw(table[table["offered_rate"].notna()])
    save(figure, arguments.out)


if __name__ == "__main__":
    main()
