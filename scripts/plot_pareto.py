#!/usr/bin/python3
"""Draws the Pareto front of a finished sweep: the points that no other point beats in both of two columns.

Of throughput, goodput and efficiency more is better; of every other column less is. Each network has a panel of its own.
Points of the front are named by the axes that tell them apart. Bars are the confidence interval of the throughput. Where some
points are simulated, they alone make up the front: an estimate is known less well than the steps between them.
"""
from infsim_tools.charts import CURVES, FAINT, INK, MARKERS, SOFT, heading, panels_of
from infsim_tools.inputs import InputError, run
from infsim_tools.sweep_pictures import draw_sweep
from infsim_tools.sweeps import NETWORKS, name_of

MORE = ("throughput", "goodput", "efficiency", "requests_per_s")


def gain(rows, column):
    """The column with its sign so that more is better."""
    return rows[column].astype(float) * (1 if column.startswith(MORE) else -1)


def front_of(sweep, rows, x, y):
    """The rows that no other one beats, from left to right: at least as good in both columns and better in one. Of
    simulated rows, if there are any."""
    simulated = rows[~sweep.is_estimated[rows.index]]
    rows = rows if simulated.empty else simulated
    order = rows.assign(gain_x=gain(rows, x), gain_y=gain(rows, y)).sort_values(["gain_x", "gain_y"], ascending=False)
    best, kept = float("-inf"), []
    for index, row in order.iterrows():
        if row["gain_y"] > best:
            best = row["gain_y"]
            kept.append(index)
    return rows.loc[kept].sort_values(x)


def name_points(axes, front, x, y, apart):
    """Names of the points of the front, but of none that would stand over another's name."""
    width, height = axes.get_xlim()[1], axes.get_ylim()[1]
    named = []
    for index, row in front.iloc[::-1].iterrows():
        name = ", ".join(a.prefixed(a.labels[index]) for a in apart)
        place = float(row[x]) / width, float(row[y]) / height
        if name and all(abs(place[0] - p[0]) > 0.016 * max(len(name), n) or abs(place[1] - p[1]) > 0.045 for *p, n in named):
            named.append((*place, len(name)))
            axes.annotate(name, (row[x], row[y]), textcoords="offset points", xytext=(6, -11), fontsize=8, color=INK)


def draw_panel(axes, sweep, rows, x, y, colour, network):
    front = front_of(sweep, rows, x, y)
    values = colour.order if colour else [None]
    for number, value in enumerate(values):
        own = rows if value is None else rows[colour.labels[rows.index] == value]
        style_of = {"color": CURVES[number % len(CURVES)], "marker": MARKERS[number % len(MARKERS)], "linestyle": "none"}
        behind = own[~own.index.isin(front.index)]
        axes.plot(behind[x], behind[y], markersize=4, alpha=0.45, **style_of, markeredgewidth=0)
        ahead = own[own.index.isin(front.index)]
        axes.plot(ahead[x], ahead[y], markersize=8, markeredgecolor="white", markeredgewidth=0.7, zorder=4, **style_of,
                  label=colour.prefixed(value) if colour else None)
        if y == "throughput_avg":
            axes.vlines(ahead[x], ahead["throughput_low"], ahead["throughput_high"], color=style_of["color"], linewidth=1.5, zorder=3)
    axes.plot(front[x], front[y], color=FAINT, linewidth=1.4, zorder=2, drawstyle="steps-post" if not x.startswith(MORE) else "steps-pre")
    apart = [a for a in sweep.axes if a.column not in NETWORKS and a is not colour]
    same = [a for a in apart if a.labels[front.index].nunique() == 1]
    shared = ", ".join(a.prefixed(a.labels[front.index[0]]) for a in same)
    head = f"{network + ': ' if network else ''}{len(front)} of {len(rows)} points on the front"
    axes.set_title(head + (f",\nall with {shared}" if shared and len(front) > 1 else ""))
    axes.set_xlabel(sweep.title_of(x))
    axes.set_ylabel(sweep.title_of(y))
    axes.margins(0.12)
    right = axes.get_xlim()[1] * 1.05
    if not x.startswith(MORE) and right > 3 * front[x].max():   # the front is what is to be seen
        right = 2 * float(front[x].max())
        axes.text(0.99, 0.02, f"further right: {(rows[x] > right).sum()} of the points", transform=axes.transAxes, ha="right", fontsize=8, color=SOFT)
    axes.set_xlim(0, right)
    axes.set_ylim(0, axes.get_ylim()[1])
    name_points(axes, front, x, y, [a for a in apart if a not in same] or same[:1])


def draw(sweep, arguments):
    late = "latency_ms_avg" if sweep.estimated else "latency_ms_p99"   # an estimate knows no percentile
    x, y = sweep.number(arguments.x or late, "--x"), sweep.number(arguments.y or "throughput_avg", "--y")
    if x == y:
        raise InputError(f"--x and --y are both {x}")
    ok = sweep.only_ok().dropna(subset=[x, y])
    if ok.empty:
        raise InputError(f"no {sweep.row} of {sweep.folder} has both {x} and {y}, so there is nothing to draw")
    rest = [a for a in sweep.axes if a.column not in NETWORKS]
    colour = sweep.axis(arguments.colour, "--colour") if arguments.colour else next(
        (a for a in rest if a.column != "batch_size" and len(a) <= len(CURVES)), None)
    if colour and len(colour) > len(CURVES):
        raise InputError(f"{len(colour)} values of {colour.column} are more than there are colours, {len(CURVES)}")
    networks = next((a for a in sweep.axes if a.column in NETWORKS), None)
    groups = [(value, ok[networks.labels[ok.index] == value]) for value in networks.order] if networks else [("", ok)]
    groups = [(name, rows) for name, rows in groups if not rows.empty]
    across = min(len(groups), 3)
    down = -(-len(groups) // across)
    figure, panels = panels_of(down, across, ((7.5 if across == 1 else 5.4) * across + 1.6, 4.3 * down + 0.75))
    for axes, (name, rows) in zip(panels.flat, groups):
        draw_panel(axes, sweep, rows, x, y, colour, name)
    for axes in panels.flat[len(groups):]:
        axes.set_visible(False)
    if colour:
        panels[0, min(len(groups), across) - 1].legend(fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    fronts = [front_of(sweep, rows, x, y) for _, rows in groups]
    if colour and len(groups) == 1 and len(colour) <= 3:
        counts = [(sum(colour.labels[fronts[0].index] == value), colour.prefixed(value)) for value in colour.order]
        text = "On the front: " + ", ".join(f"{count} of {name}" for count, name in counts)
    else:
        text = f"{sum(map(len, fronts))} of {len(ok)} points are worth having: no other is better in both {name_of(x).split(',')[0]} and {name_of(y)}"
    heading(figure, text, sweep.same_everywhere() + ". Large: the front")
    return figure


def main():
    draw_sweep(__doc__, draw, "_pareto", (("x", "COLUMN", "column from left to right (default: the 99th percentile of latency)"),
                                          ("y", "COLUMN", "column from bottom to top (default: the throughput)"),
                                          ("colour", "AXIS", "axis whose values have colours (default: the first one besides networks and batches)")))


if __name__ == "__main__":
    run(main)
