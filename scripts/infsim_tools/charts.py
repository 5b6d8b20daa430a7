"""The style of all pictures, and what several of them draw."""
import pathlib
import textwrap

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

INK, FAINT, SOFT, WALL, NOTHING = "#222222", "#9aa3ab", "#59636b", "#b5483c", "#e9e4e3"
# Okabe and Ito's colours: they stay apart for readers who do not tell red from green. Every curve has a marker of its own, too.
CURVES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#555555", "#7a4fbf"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]


def style(**changes):
    """Sets matplotlib's parameters; `changes` are those of one picture, with _ for the dots: hatch_linewidth=0.5."""
    plt.rcParams.update({
        "svg.hashsalt": "infsim", "font.family": "DejaVu Sans", "font.size": 10, "axes.spines.top": False,
        "axes.spines.right": False, "axes.edgecolor": FAINT, "axes.labelcolor": INK, "axes.titlesize": 11,
        "axes.titleweight": "bold", "axes.titlelocation": "left", "xtick.color": INK, "ytick.color": INK,
        "axes.grid": True, "grid.color": "#e6e9ec", "grid.linewidth": 0.8, "axes.axisbelow": True,
        "legend.frameon": False,
    })
    plt.rcParams.update({name.replace("_", "."): value for name, value in changes.items()})


def spread(places, least):
    """The places moved apart to be `least` from each other, their order kept, around where they were; in 0 to 1."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [places[i] for i in order]
    for _ in range(200):
        for i in range(1, len(moved)):
            lack = least - (moved[i] - moved[i - 1])
            if lack > 0:
                moved[i - 1] -= lack / 2
                moved[i] += lack / 2
        moved[0] = max(moved[0], 0.0)
        moved[-1] = min(moved[-1], 1.0)
    return [place for _, place in sorted(zip(order, moved))]


def label_ends(axes, ends):
    """Names of curves right of the panel, at the heights of their last points; ends: (x, y, text, colour). The axes' limits
    must be final."""
    left, right = axes.get_xlim()
    for x, y, text, colour in ends:
        if (x - left) / (right - left) < 0.8:   # a curve that ends early has room behind it
            axes.annotate(text, (x, y), textcoords="offset points", xytext=(8, -1), fontsize=8.5, color=colour, va="center", zorder=5)
    ends = [e for e in ends if (e[0] - left) / (right - left) >= 0.8]
    if not ends:
        return
    height = axes.figure.get_figheight() * axes.get_position().height
    low, high = axes.get_ylim()
    places = spread([(y - low) / (high - low) for _, y, _, _ in ends], 0.17 / max(height, 0.5))
    for (x, y, text, colour), place in zip(ends, places):
        axes.annotate(text, xy=((x - left) / (right - left), (y - low) / (high - low)), xycoords="axes fraction", xytext=(1.03, place),
                      textcoords="axes fraction", fontsize=8.5, color=colour, va="center", ha="left", annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "alpha": 0.6, "shrinkA": 1, "shrinkB": 3})


def name_ticks(axis, names, most, angle, size=8.5):
    """The values of an axis of names below a panel, aslant where together they are longer than `most` characters."""
    aslant = max(map(len, names)) * len(names) > most
    axis.set_xticks(range(len(names)), names, fontsize=size, rotation=angle if aslant else 0, ha="right" if aslant else "center")


def draw_cells(axes, grid, texts, sides, top, sizes=(8, 10, 8.5)):
    """A map: a colour and a text for each cell.

    grid: values by [row, column], NaN where there is none; texts: {(row, column): text}; sides: the names of the columns and
    of the rows; top: the value of a dark colour; sizes: of small texts (no value, or two lines), of others, and of the sides.
    """
    colours = plt.get_cmap("YlGnBu").copy()
    colours.set_bad(NOTHING)
    edges = [np.arange(len(side) + 1) - 0.5 for side in sides]
    axes.pcolormesh(*edges, np.ma.masked_invalid(grid), cmap=colours, vmin=0, vmax=top * 1.25, edgecolors="white", linewidth=2)
    axes.set_facecolor(NOTHING)
    for (j, i), text in texts.items():
        value = grid[j, i]
        axes.text(i, j, text, ha="center", va="center", fontsize=sizes[0] if np.isnan(value) or "\n" in text else sizes[1],
                  color="white" if not np.isnan(value) and value > 0.7 * top else INK)
    name_ticks(axes, sides[0], 48, 20, sizes[2])
    axes.set_yticks(range(len(sides[1])), sides[1], fontsize=sizes[2])
    axes.grid(False)
    axes.tick_params(length=0)
    for edge in axes.spines.values():
        edge.set_visible(False)


def panels_of(down, across, size):
    """A figure with room for its heading, and its panels as an array of `down` x `across`; size in inches."""
    figure, panels = plt.subplots(down, across, figsize=size, squeeze=False, constrained_layout=True)
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - 0.68 / figure.get_figheight()))
    return figure, panels


def heading(figure, title, under):
    """What to see, in bold, and below it what all of it has in common. panels_of leaves the room for both."""
    height, wide = figure.get_figheight(), figure.get_figwidth()
    size = min(13.0, 13 * 8.6 * wide / max(len(title), 1))   # as large as it fits, and never too small to read
    if size < 9:
        size, title = 9, textwrap.shorten(title, int(12.2 * wide), placeholder=" ...")
    under = textwrap.shorten(under, int(15 * wide), placeholder=" ...")
    figure.text(0.012, 1 - 0.12 / height, title, ha="left", va="top", fontsize=size, fontweight="bold", color=INK)
    figure.text(0.012, 1 - 0.42 / height, under, ha="left", va="top", fontsize=9.5, color=SOFT)


def add_out_option(parser, default):
    """--out; `default` says in words where pictures go without it."""
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE", help=f"where the picture goes, without an extension (default: {default})")


def save(figure, out):
    """PNG and SVG, the latter without a date: the same bytes for the same figure."""
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    for kind, options in (("png", {"dpi": 150}), ("svg", {"metadata": {"Date": None}})):
        figure.savefig(f"{out}.{kind}", **options)
