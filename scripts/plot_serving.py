#!/usr/bin/python3
"""Draws a finished sweep of serving scenarios: latency against load, the hockey stick, one curve per compiled batch.

One panel has the 99th percentile of latency, the other one the median. A curve ends where requests pile up: its last point
is the highest load that the server follows. A bound on latency that is the same for all points is drawn as a line.
"""
from infsim_tools.charts import CURVES, MARKERS, WALL, heading, label_ends, panels_of
from infsim_tools.inputs import InputError, run
from infsim_tools.sweep_pictures import draw_sweep

LOAD, BATCHES = "scenario.load.rate", "scenario.server.batches"


def curves_of(sweep, table):
    """(label, rows by offered load) for each combination of the axes besides the load."""
    axes = [a for a in sweep.axes if a.column != LOAD]
    parts = [("", table)]
    for axis in axes:
        parts = [(", ".join(filter(None, [text, "B=" + value.strip("[]").replace(", ", "+") if axis.column == BATCHES else axis.prefixed(value)])),
                  rows[axis.labels[rows.index] == value]) for text, rows in parts for value in axis.order]
    return [(text, rows.sort_values("offered_rate")) for text, rows in parts if not rows.empty]


def followed(rows):
    """The points whose load the server follows."""
    reason = rows["reason"].fillna("").astype(str)
    return rows[(rows["status"] == "ok") & ~reason.str.contains("queue grows")]


def draw_panel(axes, curves, column, title, top):
    ends = []
    for (label, rows), color, marker in zip(curves, CURVES, MARKERS):
        good = followed(rows)
        if good.empty:
            continue
        axes.plot(good["offered_rate"], good[column], color=color, marker=marker, markersize=4, linewidth=1.8, zorder=3)
        ends.append((good.iloc[-1]["offered_rate"], min(float(good.iloc[-1][column]), top), label, color))
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
    return ends


def title_of(curves, bound):
    """The highest load of each curve that stays within the bound, or that the server follows."""
    parts = []
    for label, rows in curves:
        good = followed(rows)
        good = good[good["latency_ms_p99"] <= bound] if bound else good
        if not good.empty:
            parts.append((good["offered_rate"].max(), label))
    if not parts:
        return f"No load was tried at which p99 stays within {bound:g} ms"
    rate, label = max(parts)
    return (f"{label + ' follows' if label else 'The server follows'} the most requests: {rate:,.0f} per second"
            + (f" with p99 within {bound:g} ms" if bound else ""))


def draw(sweep, _):
    table = sweep.table
    if "offered_rate" not in table or followed(table)["offered_rate"].dropna().empty:
        raise InputError(f"no point of {sweep.folder} follows an offered load, so there is nothing to draw")
    table = table[table["offered_rate"].notna()]
    curves = curves_of(sweep, table)
    if len(curves) > len(CURVES):
        raise InputError(f"{len(curves)} combinations besides the load are too many curves for one picture; --only AXIS=VALUE draws some of them")
    figure, [panels] = panels_of(1, 2, (12.6, 4.9))
    good = followed(table)
    bounds = table["bound_ms"].dropna().unique() if "bound_ms" in table else []
    lowest = good["latency_ms_p99"].min()
    top = max(4 * lowest, 2 * bounds[0]) if len(bounds) == 1 else 6 * lowest
    ends = draw_panel(panels[0], curves, "latency_ms_p99", "99th percentile", top)
    draw_panel(panels[1], curves, "latency_ms_p50", "Median", top)
    if len(bounds) == 1:
        panels[0].axhline(bounds[0], color=WALL, linewidth=1.2, linestyle="--", zorder=1)
        panels[0].annotate(f"bound {bounds[0]:g} ms", (0, bounds[0]), textcoords="offset points", xytext=(4, 4), color=WALL,
                           fontsize=9)
    names = [a for a in ("model_name", "chip", "policy") if table[a].nunique() == 1]
    first = table.iloc[0]
    heading(figure, title_of(curves, float(bounds[0]) if len(bounds) == 1 else None),
            ", ".join([*(str(first[a]) if a != "policy" else f"policy {first[a]}" for a in names), f"{int(first['n_models'])} cores", sweep.question]))
    figure.draw_without_rendering()   # the layout must be settled before names are set beside curves
    label_ends(panels[0], [end for end in ends if end[2]])
    return figure


def main():
    draw_sweep(__doc__, draw)


if __name__ == "__main__":
    run(main)
