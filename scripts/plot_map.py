#!/usr/bin/python3
"""Draws maps of a finished sweep over two of its axes.

If the batch is an axis and no side of the map, three maps show the largest batch that fits, the knee (most throughput per
latency) and the best throughput of any batch. Otherwise two maps show throughput and median latency. --value draws one
column instead, at the batch with the best throughput. Networks, and every further axis, get rows of maps of their own.
"""
import numpy as np

from infsim_tools.batches import knee_of
from infsim_tools.charts import draw_cells, heading, panels_of
from infsim_tools.inputs import InputError, run
from infsim_tools.sweep_pictures import draw_sweep
from infsim_tools.sweeps import NETWORKS

MAX_ROWS = 12
BATCH = "batch_size"


def number(value):
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.3g}"


def best_of(ok):
    return ok.loc[ok["throughput_avg"].astype(float).idxmax()]


def largest_batch(rows, ok):
    tried = rows["batch_size"].max()
    largest = ok["batch_size"].max()
    return largest, f"{int(largest)}" + ("+" if largest == tried else "")


def knee_batch(_, ok):
    knee = knee_of(ok)
    return knee["batch_size"], f"{int(knee['batch_size'])}"


def best_throughput(_, ok):
    best = best_of(ok)
    return best["throughput_avg"], f"{best['throughput_avg']:,.0f}" + (f"\nB={int(best['batch_size'])}" if ok["batch_size"].nunique() > 1 else "")


def cell_of(column):
    """The column of the row with the best throughput; that batch beside it where there are several."""
    def cell(_, ok):
        best = best_of(ok)
        if column not in best or best[column] is None or best[column] != best[column]:
            return None
        return float(best[column]), number(best[column]) + (f"\nB={int(best['batch_size'])}" if ok["batch_size"].nunique() > 1 else "")
    return cell


class Map:
    """Values of one kind in the cells of two axes."""

    def __init__(self, rows, x, y, cell):
        self.grid, self.texts = np.full((len(y), len(x)), np.nan), {}
        for j, high in enumerate(y.order):
            for i, wide in enumerate(x.order):
                own = rows[(x.labels[rows.index] == wide) & (y.labels[rows.index] == high)]
                ok = own[own["status"] == "ok"]
                found = cell(own, ok) if not ok.empty else None
                if found:
                    self.grid[j, i], self.texts[j, i] = found
                else:
                    self.texts[j, i] = "none\nfits" if not own.empty else "not\nasked"

    def draw(self, axes, x, y, title, top):
        draw_cells(axes, self.grid, self.texts, (x.order, y.order), top)
        axes.set_title(title, fontsize=10)


def sides_of(sweep, arguments):
    """The axes along x and y, and those that are left."""
    rest = list(sweep.axes)
    sides = {}
    for option in ("x", "y"):
        if getattr(arguments, option):
            sides[option] = sweep.axis(getattr(arguments, option), f"--{option}")
            if sides[option] not in rest:
                raise InputError("--x and --y are the same axis")
            rest.remove(sides[option])
    for option in ("x", "y"):
        if option not in sides:
            found = next((a for a in rest if a.column != BATCH and a.column not in NETWORKS), next((a for a in rest if a.column != BATCH), None))
            found = found or next(iter(rest), None)
            if found is None:
                raise InputError(f"a map needs two axes with several values, and {sweep.folder} has {len(sweep.axes)}; plot_sweep.py draws curves")
            sides[option] = found
            rest.remove(found)
    return sides["x"], sides["y"], rest


def kinds_of(sweep, arguments, with_batches):
    """(heading, what a cell holds) of each map in a row."""
    if arguments.value:
        column = sweep.number(arguments.value, "--value")
        return [(sweep.title_of(column), cell_of(column))]
    if with_batches:
        return [("Largest batch that fits", largest_batch), ("Knee: most throughput per latency", knee_batch),
                ("Best throughput, items per second", best_throughput)]
    return [("Items per second", cell_of("throughput_avg")), ("Median latency, ms", cell_of("latency_ms_p50"))]


def title_of(ok, x, y, rest, batches):
    """Where the most is, and how it compares with the least."""
    best = best_of(ok)
    places = [axis.prefixed(axis.labels[best.name]) for axis in [*rest, x, y] + ([batches] if batches else [])]
    cells = ok["throughput_avg"].groupby([axis.labels[ok.index] for axis in [*rest, x, y]]).max()
    same = cells.xs(tuple(axis.labels[best.name] for axis in rest), level=list(range(len(rest)))) if rest else cells
    return f"Most items/s: {best['throughput_avg']:,.0f} with {', '.join(places)}, {best['throughput_avg'] / same.min():.3g} times the worst of that map"


def draw(sweep, arguments):
    ok = sweep.only_ok()
    x, y, rest = sides_of(sweep, arguments)
    batches = next((a for a in rest if a.column == BATCH), None)
    if batches:
        rest.remove(batches)
    rest.sort(key=lambda a: a.column not in NETWORKS)
    rows_of_maps = sweep.groups(rest, MAX_ROWS)
    kinds = kinds_of(sweep, arguments, batches is not None)
    all_fit = batches and (sweep.table["status"] == "ok").all()
    if all_fit:
        kinds = [k for k in kinds if k[1] is not largest_batch]
    size = (max(1.0 + 0.85 * len(x), 3.6) * len(kinds) + 0.8, (max(0.62 * len(y), 1.6) + 1.0) * len(rows_of_maps) + 0.75)   # inches
    figure, panels = panels_of(len(rows_of_maps), len(kinds), size)
    open_end = False
    networks = any(a.column in NETWORKS for a in rest)
    for k, (title, cell) in enumerate(kinds):
        maps = [Map(rows, x, y, cell) for _, rows in rows_of_maps]
        open_end = open_end or any("+" in text for m in maps for text in m.texts.values())
        tops = [np.nanmax(m.grid) if not np.isnan(m.grid).all() else 1 for m in maps]
        for j, (m, (text, _)) in enumerate(zip(maps, rows_of_maps)):
            # Networks differ too much in size for one scale of colours.
            m.draw(panels[j, k], x, y, f"{text}\n{title}" if text and k == 0 else title, tops[j] if networks else max(tops))
            panels[j, k].set_xlabel(x.title if j == len(maps) - 1 else "")
            panels[j, k].set_ylabel(y.title if k == 0 else "")
    under = sweep.same_everywhere() + (". +: no larger batch was tried" if open_end else ". Every batch fits that was tried" if all_fit else "")
    heading(figure, title_of(ok, x, y, rest, batches), under)
    return figure


def main():
    draw_sweep(__doc__, draw, "_map", (("x", "AXIS", "axis from left to right (default: the first one besides networks and batches)"),
                                       ("y", "AXIS", "axis from bottom to top (default: the second one)"), ("value", "COLUMN", "column to draw")))


if __name__ == "__main__":
    run(main)
