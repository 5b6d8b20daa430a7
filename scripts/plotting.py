"""What the scripts that draw have in common: colours, style, arguments and files."""
import argparse
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

INK, FAINT, WALL = "#222222", "#9aa3ab", "#b5483c"
CURVES = ["#1f6f9f", "#3b8f5a", "#7a56a8", "#a05a2c", "#55616b", "#c2477f", "#8a8d1f", "#2aa0a0"]


def style():
    plt.rcParams.update({
        "svg.hashsalt": "infsim", "font.family": "DejaVu Sans", "font.size": 10, "axes.spines.top": False,
        "axes.spines.right": False, "axes.edgecolor": FAINT, "axes.labelcolor": INK, "axes.titlesize": 11,
        "axes.titleweight": "bold", "axes.titlelocation": "left", "xtick.color": INK, "ytick.color": INK,
        "axes.grid": True, "grid.color": "#e6e9ec", "grid.linewidth": 0.8, "axes.axisbelow": True,
        "legend.frameon": False,
    })


def arguments_of(description, suffix="", columns=()):
    """The command line: `table`, that of RESULTS_FOLDER; `out`, the file without extension to draw to; an option per column."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, metavar="RESULTS_FOLDER")
    for column in columns:
        parser.add_argument(f"--{column}", metavar="COLUMN")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE_WITHOUT_EXTENSION")
    arguments = parser.parse_args()
    arguments.table = arguments.folder / "table.csv"
    if not arguments.table.is_file():
        sys.exit(f"{parser.prog}: there is no {arguments.table}; infsim sweep writes it")
    arguments.out = arguments.out or arguments.folder / (arguments.folder.resolve().name + suffix)
    return arguments


def save(figure, out):
    """PNG and SVG, the latter without a date: the same bytes for the same figure."""
    for kind, options in (("png", {"dpi": 150}), ("svg", {"metadata": {"Date": None}})):
        figure.savefig(f"{out}.{kind}", **options)
