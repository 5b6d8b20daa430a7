#!/usr/bin/python3
"""Draws a window of a trace of `infsim run --trace`: what one core's engines and DMA did, the state buffer and DRAM.

Several traces stand one above the other on one time axis. The height of an engine's bar is the share of the time that the
engine worked; its colour is the layer's place in the network. The strip below says what the engine mostly waited for.
Writes a PNG and an SVG.
"""
import argparse
import pathlib
import re

import numpy

from infsim_tools.charts import FAINT, INK, WALL, add_out_option, plt, save, style
from infsim_tools.inputs import InputError, parser_of, run
from infsim_tools.perfetto import Trace

UNITS = {"ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9}    # in nanoseconds
BINS = 600
ENGINES = ["PE", "ACT", "POOL"]
WAITS = {   # category: (what is waited for, colour)
    "wait_weights": ("weights", WALL), "wait_input": ("input", "#e0a030"), "wait_dma_other": ("other DMA", "#c98f86"),
    "wait_output": ("output", "#7a5c8e"), "wait_pe": ("PE", "#7fa8c9"), "wait_act": ("ACT", "#8fc0a0"),
    "wait_pool": ("POOL", "#b9a3d0"), "drained": ("nothing left to do", "#dfe3e6"), "between": ("next inference", "#eef0f2"),
}


def window_of(text):
    match = re.fullmatch(r"([\d.]+)\s*(ns|us|µs|ms|s)\.\.([\d.]+)\s*(ns|us|µs|ms|s)", text)
    if not match:
        raise argparse.ArgumentTypeError("must be FROM..TO with units, as in 0us..400us")
    begin, end = float(match[1]) * UNITS[match[2]], float(match[3]) * UNITS[match[4]]
    if begin >= end:
        raise argparse.ArgumentTypeError("must end after it begins")
    return begin, end


class Panel:
    """One core of a trace; times in nanoseconds since its first inference there began."""

    def __init__(self, path, core):
        try:
            trace = Trace(path)
        except (OSError, ValueError, KeyError, IndexError) as error:
            raise InputError(f"{path} cannot be read as a trace of infsim: {error}") from None
        self.tracks = {name: track for (process, name), track in trace.tracks.items() if process == f"core {core}"}
        if not self.tracks.get("inferences") or not self.tracks["inferences"].slices:
            raise InputError(f"{path} has no inference of core {core}")
        self.start = self.tracks["inferences"].slices[0].start
        self.length = self.tracks["inferences"].slices[-1].end - self.start
        layers = {}
        for piece in self.tracks["PE"].slices:
            if piece.categories[0] not in WAITS:
                layers.setdefault(piece.name, len(layers))
        self.layer_place = {name: place / max(1, len(layers) - 1) for name, place in layers.items()}

    def pieces(self, track):
        for piece in self.tracks[track].slices:
            yield piece, piece.start - self.start, piece.end - self.start

    def rings(self):
        return [name for name in self.tracks if name.startswith("DMA ")]

    def dma_engines(self):
        return len({name.split()[1] for name in self.rings()})

    def shares(self, names, edges, of, full=1):
        """{of(slice): its share of each bin}, summed over the tracks; `full` of them at work are 1."""
        found = {}
        width = edges[1] - edges[0]
        for name in names:
            for piece, start, end in self.pieces(name):
                key = of(piece)
                if key is None or end <= edges[0] or start >= edges[-1]:
                    continue
                into = found.setdefault(key, numpy.zeros(len(edges) - 1))
                spread(into, edges, width, start, end)
        return {key: into / width / full for key, into in found.items()}

    def counter(self, name, edges):
        """The mean of a counter in each bin."""
        into, width = numpy.zeros(len(edges) - 1), edges[1] - edges[0]
        values = self.tracks[name].values
        for (at, value), (until, _) in zip(values, [*values[1:], (self.start + self.length, 0)]):
            if value:
                spread(into, edges, width, at - self.start, until - self.start, value)
        return into / width


def spread(into, edges, width, start, end, weight=1.0):
    start, end = max(start, edges[0]), min(end, edges[-1])
    if start >= end:
        return
    first = min(int((start - edges[0]) / width), len(into) - 1)
    last = min(int((end - edges[0]) / width), len(into) - 1)
    if first == last:
        into[first] += weight * (end - start)
        return
    into[first] += weight * (edges[first + 1] - start)
    into[first + 1:last] += weight * width
    into[last] += weight * (end - edges[last])


def stacked(axis, edges, layers, base=0.0, height=1.0):
    """Shares one on top of the other, each with its colour."""
    bottom = numpy.full(len(edges) - 1, base)
    for share, colour in layers:
        top = bottom + height * share
        some = numpy.flatnonzero(share)
        if len(some):
            part = slice(some[0], some[-1] + 1)
            low, high = bottom[part], top[part]
            axis.fill_between(edges[some[0]:some[-1] + 2], numpy.append(low, low[-1]), numpy.append(high, high[-1]), step="post",
                              color=colour, linewidth=0, rasterized=True)    # as paths they would be a megabyte of an SVG
        bottom = top


def dma_kind(piece):
    if piece.categories[0] in WAITS:
        return None
    return "weights" if "weights" in piece.categories else "other"


def draw_engines(axis, panel, edges, colours):
    rows = [*ENGINES, "DMA"]
    waits_seen = set()
    for row, name in enumerate(rows):
        names = [name] if name in panel.tracks else panel.rings() if name == "DMA" else []
        if not names:
            continue
        base = (len(rows) - 1 - row) * 1.35
        if name == "DMA":
            # Rings of an engine take turns: as many of them as there are engines are all that can be under way.
            work = panel.shares(names, edges, dma_kind, panel.dma_engines())
            none = numpy.zeros(len(edges) - 1)
            weights = numpy.minimum(work.get("weights", none), 1)
            layers = [(weights, "#2b4c66"), (numpy.minimum(work.get("other", none), 1 - weights), "#9db4c4")]
        else:
            work = panel.shares(names, edges, lambda s: s.name if s.categories[0] not in WAITS else None)
            layers = [(share, colours(panel.layer_place.get(layer, 0))) for layer, share in
                      sorted(work.items(), key=lambda item: panel.layer_place.get(item[0], 0))]
            waits = panel.shares(names, edges, lambda s: s.categories[0] if s.categories[0] in WAITS else None)
            strip(axis, edges, waits, base)
            waits_seen |= set(waits)
        stacked(axis, edges, layers, base)
        axis.plot([edges[0], edges[-1]], [base, base], color=FAINT, linewidth=0.5)
    axis.set_yticks([(len(rows) - 1 - row) * 1.35 + 0.5 for row in range(len(rows))], rows)
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(-0.1, len(rows) * 1.35 - 0.3)
    axis.grid(False)
    return waits_seen


def strip(axis, edges, waits, base):
    """Below an engine's bar, as a strip: what it mostly waited for, where it waited more than half of the time."""
    if not waits:
        return
    keys = list(waits)
    table = numpy.array([waits[k] for k in keys])
    most = table.argmax(axis=0)
    begin = 0
    for i in range(1, len(most) + 1):
        if i < len(most) and most[i] == most[begin] and (table[:, i].sum() > 0.5) == (table[:, begin].sum() > 0.5):
            continue
        if table[:, begin].sum() > 0.5:
            axis.add_patch(plt.Rectangle((edges[begin], base - 0.2), edges[i] - edges[begin], 0.17, linewidth=0,
                                         facecolor=WAITS[keys[most[begin]]][1]))
        begin = i


def draw_counters(axes, panel, edges):
    rate, fill = axes
    rate.fill_between(edges, numpy.append(panel.counter("DRAM by DMA", edges), 0) / 1e9, step="post", color="#2b4c66", linewidth=0)
    rate.set_ylabel("DRAM\nGB/s", rotation=0, ha="right", va="center")
    whole = panel.counter("state buffer in use", edges) / 1024
    weights = panel.counter("weights in state buffer", edges) / 1024
    stacked(fill, edges, [(weights, "#4f7f9f"), (whole - weights, "#e3b778")])
    fill.set_ylabel("state buffer\nKiB/partition", rotation=0, ha="right", va="center")
    for axis in axes:
        axis.set_ylim(bottom=0)
        axis.margins(x=0)


def draw(panels, titles, window, core, out):
    begin, end = window or (0, max(p.length for p in panels))
    scale, unit = (1e6, "ms") if end - begin > 2e6 else (1e3, "µs")
    style(axes_labelsize=9)
    figure = plt.figure(figsize=(11, 4.3 * len(panels) + 0.7))
    # Four rows each, the first of them room for the title.
    grid = figure.add_gridspec(4 * len(panels), 1, height_ratios=[0.25, 4, 1.1, 1.3] * len(panels), hspace=0.25, left=0.12,
                               right=0.985, top=0.985, bottom=1.15 / figure.get_figheight())
    axes = []
    for row in range(4 * len(panels)):
        if row % 4:
            axes.append(figure.add_subplot(grid[row], sharex=axes[0] if axes else None))
            axes[-1].tick_params(labelbottom=row == 4 * len(panels) - 1)
    colours = plt.get_cmap("viridis")
    edges = numpy.linspace(begin, end, BINS + 1)
    seen = set()
    for i, (panel, title) in enumerate(zip(panels, titles)):
        rows = axes[3 * i:3 * i + 3]
        seen |= draw_engines(rows[0], panel, edges, colours)
        draw_counters(rows[1:], panel, edges)
        rows[0].set_title(title)
    for kind in (1, 2):   # the counters of all panels on one scale
        top = max(axis.get_ylim()[1] for axis in axes[kind::3])
        for axis in axes[kind::3]:
            axis.set_ylim(0, top)
    axes[-1].set_xlim(begin, end)
    axes[-1].xaxis.set_major_formatter(lambda value, _: f"{value / scale:g}")
    axes[-1].set_xlabel(f"{unit} since the inference began on core {core}")
    legend(figure, seen, colours)
    save(figure, out)


def legend(figure, waits, colours):
    patch = lambda colour, label: plt.Rectangle((0, 0), 1, 1, facecolor=colour, linewidth=0, label=label)   # noqa: E731
    handles = [patch(colours(0.0), "work, first layer"), patch(colours(1.0), "work, last layer"), patch("#2b4c66", "weights read"),
               patch("#9db4c4", "other DMA"), patch("#4f7f9f", "weights held"), patch("#e3b778", "activations held")]
    handles += [patch(WAITS[w][1], f"waits: {WAITS[w][0]}") for w in WAITS if w in waits]
    figure.legend(handles=handles, loc="lower center", ncols=6, fontsize=8.5, handlelength=1.1, columnspacing=1.4)


def main():
    parser = parser_of(__doc__)
    parser.add_argument("traces", nargs="+", type=pathlib.Path, metavar="TRACE.pftrace", help="written by infsim run --trace")
    parser.add_argument("--core", type=int, default=0, metavar="N", help="the core to draw (default 0)")
    parser.add_argument("--window", type=window_of, metavar="FROM..TO",
                        help="times since the drawn inferences began, with units, such as 0us..400us (default: all)")
    parser.add_argument("--title", nargs="+", default=[], metavar="TEXT", help="a title for each trace (default: its file's name)")
    add_out_option(parser, "the first trace's name")
    arguments = parser.parse_args()
    titles = arguments.title + [path.stem for path in arguments.traces[len(arguments.title):]]
    if len(titles) > len(arguments.traces):
        parser.error("more titles than traces")
    panels = [Panel(path, arguments.core) for path in arguments.traces]
    draw(panels, titles, arguments.window, arguments.core, arguments.out or arguments.traces[0].with_suffix(""))


if __name__ == "__main__":
    run(main)
