#!/usr/bin/python3
"""Draws the smallest sb_size at which each batch compiles without spilling, beside AWS's rule and the state buffer.

usage: plot_sb_size_rule.py RESULTS_FOLDER [--wall KIB]

Reads RESULTS_FOLDER/table.csv of sweeps/sb_size_rule.json (spilling forbidden, sb_size in KiB per partition, a state buffer
larger than the real one) and writes RESULTS_FOLDER/<folder's name>.png and .svg. --wall is the real state buffer (96).
Prints for which batches the rule gives less than is needed, and from where on the state buffer binds instead.
"""
import argparse
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import MaxNLocator

INK, FAINT, NEED, RULE, WALL = "#222222", "#8a949c", "#2b6ca3", "#d98a1f", "#b5483c"


def rule(batch):
    """AWS's note of 2020 on batching ResNet-50."""
    return (batch + 6) * 10


def smallest_sizes(table):
    """By batch, the smallest sb_size from which on every larger one compiles too; and the largest that was tried and not."""
    rows = {}
    for batch, group in table.groupby("batch_size"):
        group = group.sort_values("sb_size")
        failing = group[group["status"] != "ok"]["sb_size"]
        above = group[group["sb_size"] > (failing.max() if len(failing) else -1)]["sb_size"]
        if len(above):
            rows[int(batch)] = (float(above.min()), float(failing.max()) if len(failing) else None)
    return rows


def sentences(need, wall):
    fits = [b for b, (size, _) in need.items() if size <= wall]
    short = [b for b in fits if rule(b) < need[b][0]]
    ample = [b for b in fits if rule(b) >= need[b][0]]
    beyond = [b for b in need if need[b][0] > wall]
    listed = lambda list_: ", ".join(f"B={b}" for b in list_)
    text = []
    under = [b for b in fits if rule(b) <= wall]
    if under:
        spare = [rule(b) - need[b][0] for b in under]
        text.append(f"At {listed(under)} the rule binds: the compiler gets less than the chip has, and still {min(spare):g} to {max(spare):g} KiB more than it needs.")
    if ample:
        text.append(f"The rule gives enough for {listed(ample)}" + (f" and too little for {listed(short)}." if short else "."))
    over = [b for b in fits if rule(b) > wall]
    if over:
        text.append(f"At {listed(over)} the rule asks for more than the state buffer of {wall:g} KiB has, so that binds and not sb_size.")
    if beyond:
        text.append(f"{listed(beyond)} need{'s' if len(beyond) == 1 else ''} more than the chip has, whatever sb_size says.")
    return " ".join(text)


def draw(need, wall, path):
    plt.rcParams.update({"svg.hashsalt": "infsim", "font.family": "DejaVu Sans", "font.size": 10, "axes.spines.top": False,
                         "axes.spines.right": False, "axes.edgecolor": FAINT, "axes.axisbelow": True})
    figure, axis = plt.subplots(figsize=(7.6, 4.6))
    batches = sorted(need)
    for b in batches:
        size, below = need[b]
        axis.bar(b, size, width=0.62, color=NEED if size <= wall else "#b9cde0", zorder=2)
        axis.text(b, size + 1.5, f"{size:g}" if below is not None else f"≤ {size:g}", ha="center", fontsize=9, color=INK, zorder=4)
    line = [batches[0] - 0.5, batches[-1] + 0.5]
    axis.plot(line, [rule(b) for b in line], color=RULE, linewidth=2.2, zorder=3)
    axis.text(line[1] + 0.05, rule(line[1]), "rule of 2020:\n(B + 6) × 10", color=RULE, va="center", fontsize=9.5)
    axis.axhline(wall, color=WALL, linewidth=2, linestyle=(0, (5, 2)), zorder=3)
    axis.text(line[1] + 0.05, wall, f"state buffer\n{wall:g} KiB", color=WALL, va="center", fontsize=9.5)
    axis.set_xlim(line[0] - 0.1, line[1] + 0.1)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel("batch B")
    axis.set_ylabel("sb_size, KiB per partition")
    axis.set_title("Smallest sb_size at which ResNet-50 compiles without spilling", loc="left", fontsize=11, fontweight="bold", color=INK)
    figure.tight_layout()
    figure.subplots_adjust(right=0.84)
    figure.savefig(path.with_suffix(".png"), dpi=150)
    figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--wall", type=float, default=96, metavar="KIB")
    arguments = parser.parse_args()
    path = arguments.folder / "table.csv"
    if not path.is_file():
        parser.exit(1, f"there is no {path}: run infsim sweep first\n")
    need = smallest_sizes(pd.read_csv(path))
    draw(need, arguments.wall, arguments.folder / arguments.folder.resolve().name)
    print(sentences(need, arguments.wall))


if __name__ == "__main__":
    main()
