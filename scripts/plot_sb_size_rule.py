#!/usr/bin/python3
"""Draws the smallest sb_size at which each batch compiles without spilling, beside AWS's rule and the state buffer.

RESULTS_FOLDER is that of sweeps/sb_size_rule.json: spilling is forbidden, sb_size counts KiB per partition, and the state
buffer is larger than the real one. Prints for which batches the rule gives less than is needed, and from which batch on the
state buffer is the limit instead.
"""
from matplotlib.ticker import MaxNLocator

from infsim_tools.charts import INK, WALL, plt
from infsim_tools.inputs import InputError, run
from infsim_tools.sweep_pictures import draw_sweep

NEED, RULE = "#2b6ca3", "#d98a1f"


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
    listed = lambda list_: ", ".join(f"B={b}" for b in list_)   # noqa: E731
    text = []
    under = [b for b in fits if rule(b) <= wall]
    if under:
        spare = [rule(b) - need[b][0] for b in under]
        text.append(f"At {listed(under)} the rule binds: the compiler gets less than the chip has, and still "
                    f"{min(spare):g} to {max(spare):g} KiB more than it needs.")
    if ample:
        text.append(f"The rule gives enough for {listed(ample)}" + (f" and too little for {listed(short)}." if short else "."))
    over = [b for b in fits if rule(b) > wall]
    if over:
        text.append(f"At {listed(over)} the rule asks for more than the state buffer of {wall:g} KiB has, so that binds and not sb_size.")
    if beyond:
        text.append(f"{listed(beyond)} need{'s' if len(beyond) == 1 else ''} more than the chip has, whatever sb_size says.")
    return " ".join(text)


def draw(sweep, arguments):
    need, wall = smallest_sizes(sweep.require("batch_size", "sb_size", "status").table), arguments.wall
    if not need:
        raise InputError(f"no batch of {sweep.folder} compiles at any sb_size, so there is nothing to draw")
    figure, axis = plt.subplots(figsize=(7.6, 4.6))
    axis.grid(False)
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
    axis.set_title("Smallest sb_size at which ResNet-50 compiles without spilling", color=INK)
    figure.tight_layout()
    figure.subplots_adjust(right=0.84)
    print(sentences(need, wall))
    return figure


def main():
    draw_sweep(__doc__, draw, options=(("wall", "KIB", "the real state buffer in KiB per partition (default 96)", 96.0),))


if __name__ == "__main__":
    run(main)
