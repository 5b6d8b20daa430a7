#!/usr/bin/python3
"""Draws a tornado chart of elasticities: which constants of the chip move a network's throughput, and its largest batch.

Constants are sorted by elasticity. A bar is the elasticity of throughput and the line on it its confidence interval. A diamond
is the elasticity of the largest batch that fits, if `infsim sensitivity --limits` computed it. Writes a PNG and an SVG.
"""
import pathlib
import re

from infsim_tools.charts import CURVES, FAINT, INK, WALL, add_out_option, plt, save, style
from infsim_tools.inputs import InputError, parser_of, read_csv, run

COLUMNS = ["model_name", "batch_size", "key", "less", "more"] + [f"{what}_elasticity{end}" for what in ("throughput", "limit")
                                                                 for end in ("", "_low", "_high")]


def number(text):
    return float(text) if text else None


def drawn(rows, most):
    """The constants with the largest elasticities, the largest last: bars are drawn from below."""
    known = [row for row in rows if number(row["throughput_elasticity"]) is not None]
    known.sort(key=lambda row: abs(float(row["throughput_elasticity"])))
    return known[-most:]


def bar(axes, y, row):
    value, low, high = (number(row["throughput_elasticity" + end]) for end in ("", "_low", "_high"))
    told = low > 0 or high < 0
    axes.barh(y, value, height=0.6, color=(CURVES[0] if value > 0 else WALL) if told else FAINT)
    if high > low:
        axes.plot([low, high], [y, y], color=INK, linewidth=1.2, solid_capstyle="butt")
    axes.text(max(value, high, 0), y, f"  {value:+.2f}" + ("" if told else ", not told from 0"), va="center", fontsize=9, color=INK)


def limit(axes, y, row):
    """The elasticity of the largest batch, below the bar; none where it was not asked for or does not move."""
    value, low, high = (number(row["limit_elasticity" + end]) for end in ("", "_low", "_high"))
    if value is None or value == 0:
        return
    axes.plot([low, high], [y - 0.42, y - 0.42], color=CURVES[3], linewidth=1.2)
    axes.plot(value, y - 0.42, marker="D", color=CURVES[3], markersize=5, linestyle="none")
    axes.text(high, y - 0.42, f"  largest batch {value:+.2f}", va="center", fontsize=8.5, color=CURVES[3])


def readable(value):
    """A quantity as a person writes it: 878906250Hz is 878.9 MHz."""
    match = re.fullmatch(r"([0-9.]+)(k?)Hz", value)
    if not match:
        return value
    return f"{float(match[1]) * (1e3 if match[2] else 1) / 1e6:.4g}MHz"


def draw(rows):
    style()
    figure, axes = plt.subplots(figsize=(8, 1.6 + 0.42 * len(rows)))
    for y, row in enumerate(rows):
        bar(axes, y, row)
        limit(axes, y, row)
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks(range(len(rows)), [f"{row['key']}\n{readable(row['less'])} to {readable(row['more'])}" for row in rows], fontsize=8.5)
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.22)
    axes.set_ylim(-0.7, len(rows) - 0.5)
    axes.set_xlabel("change in per cent for one per cent more of the constant")
    top = rows[-1]
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.35 / figure.get_figheight()))
    figure.text(0.012, 1 - 0.12 / figure.get_figheight(), f"{top['model_name']}, B={top['batch_size']}: throughput follows {top['key']} most",
                ha="left", va="top", fontsize=12, fontweight="bold", color=INK)
    return figure


def main():
    parser = parser_of(__doc__)
    parser.add_argument("table", type=pathlib.Path, metavar="SENSITIVITY.csv", help="what infsim sensitivity MODEL --csv prints")
    parser.add_argument("--most", type=int, default=12, metavar="N", help="constants to draw (default 12)")
    add_out_option(parser, "the table's name")
    arguments = parser.parse_args()
    rows = drawn(read_csv(arguments.table, COLUMNS, "infsim sensitivity MODEL --csv"), arguments.most)
    if not rows:
        raise InputError(f"{arguments.table} has no elasticity of throughput")
    save(draw(rows), arguments.out or arguments.table.with_suffix(""))


if __name__ == "__main__":
    run(main)
