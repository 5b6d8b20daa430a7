#!/usr/bin/python3
"""Holds the compiler that searches against the one that goes layer by layer, point by point.

usage: compare_search.py DIR [--plain NAME] [--search NAME] [--tolerance PERCENT] [--cut-tolerance PERCENT] [--readme FILE]

Reads DIR/table.csv of a sweep with the axis `compiler`. Prints, for every model and batch size, throughput of both, their
ratio, what does not fit, and "best cut": what the smaller batches of the table that make this one up are worth, one after the
other. With --readme, also renews the table between the marks "search" of that file. Exit status 1 where the search is slower
than layer by layer by more than --tolerance (1 %; what does not fit counts as infinitely slow) or than the best cut by more
than --cut-tolerance (3 %), or where the table lacks one of the compilers.
"""
import argparse
import csv
import pathlib
import sys

from marked import replace_in


def number(row, column):
    return float(row[column]) if row.get(column) else None


def throughput(row):
    return f"{number(row, 'throughput_avg'):.0f}" if row and row["status"] == "ok" else "does not fit"


def renew(readme, points, plain, search):
    """Items per second of every network and batch: without and with the search; one number where both are the same."""
    batches = sorted({batch for _, batch in points})
    lines = ["| network, items/s | " + " | ".join(f"B={b}" for b in batches) + " |", "|---|" + "---|" * len(batches)]
    for model in dict.fromkeys(model for model, _ in points):
        cells = []
        for batch in batches:
            pair = points.get((model, batch), {})
            before, after = throughput(pair.get(plain)), throughput(pair.get(search))
            cells.append(before if before == after else f"{before} : **{after}**")
        lines.append(f"| {model} | " + " | ".join(cells) + " |")
    replace_in(readme, "search", "\n".join(lines))


def best_cut(batch, seconds):
    """The least time of smaller batches that make up `batch`, one after the other; `seconds` holds each batch's own."""
    least = [0.0] + [float("inf")] * batch
    for images in range(1, batch + 1):
        least[images] = min((least[images - part] + time for part, time in seconds.items() if part < batch and part <= images),
                            default=float("inf"))
    return least[batch]


def cuts_of(points, compilers):
    """By network and batch: items/s of the best smaller batches that make it up, each as the faster compiler has it."""
    cuts = {}
    for model in dict.fromkeys(model for model, _ in points):
        seconds = {}
        for (name, batch), pair in points.items():
            speeds = [number(pair[c], "throughput_avg") for c in compilers if c in pair and pair[c]["status"] == "ok"]
            if name == model and speeds:
                seconds[batch] = batch / max(speeds)
        least = {batch: best_cut(batch, seconds) for batch in seconds}
        cuts.update({(model, batch): batch / time for batch, time in least.items() if time < float("inf")})
    return cuts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--plain", default="layer_by_layer")
    parser.add_argument("--search", default="default")
    parser.add_argument("--readme", type=pathlib.Path)
    parser.add_argument("--tolerance", type=float, default=1.0, help="percent")
    parser.add_argument("--cut-tolerance", type=float, default=3.0, help="percent")
    options = parser.parse_args()
    table = options.folder / "table.csv"
    if not table.is_file():
        sys.exit(f"compare_search.py: {table} is missing; run infsim sweep with --out {options.folder} first")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    points = {}
    for row in rows:
        name = pathlib.PurePath(row["compiler"]).stem
        points.setdefault((row["model_name"], int(row["batch_size"])), {})[name] = row
    slower, compared, cut_better = [], 0, []
    cuts = cuts_of(points, (options.plain, options.search))
    print(f"{'model':<18}{'B':>4}  {options.plain + ' items/s':>18}{options.search + ' items/s':>18}{'ratio':>8}{'best cut':>10}   weights read, MB")
    for (model, batch), pair in points.items():
        if options.plain not in pair or options.search not in pair:
            continue
        compared += 1
        plain, search = pair[options.plain], pair[options.search]
        speed = [number(r, "throughput_avg") if r["status"] == "ok" else None for r in (plain, search)]
        text = [f"{s:.1f}" if s else "does not fit" for s in speed]
        ratio = speed[1] / speed[0] if all(speed) else None
        weights = [number(r, "weight_bytes_per_inference") for r in (plain, search)]
        moved = " ".join("-" if w is None or s is None else f"{w * batch / 1e6:.1f}" for w, s in zip(weights, speed))
        cut = cuts.get((model, batch))
        print(f"{model:<18}{batch:>4}  {text[0]:>18}{text[1]:>18}{f'{ratio:.3f}' if ratio else '':>8}{f'{cut:.1f}' if cut else '':>10}   {moved}")
        if cut and (not speed[1] or speed[1] < cut * (1 - options.cut_tolerance / 100)):
            cut_better.append(f"{model} B={batch} by {100 * (cut / speed[1] - 1):.1f} %" if speed[1] else f"{model} B={batch}")
        if speed[0] and (not speed[1] or ratio < 1 - options.tolerance / 100):
            slower.append(f"{model} B={batch}")
    if compared == 0:
        sys.exit(f"compare_search.py: {table} has no point of both {options.plain} and {options.search}")
    if options.readme:
        renew(options.readme, points, options.plain, options.search)
    print(f"{compared} points; {options.search} slower by more than {options.tolerance:g} %: {', '.join(slower) or 'none'}")
    print(f"cut up into smaller batches faster by more than {options.cut_tolerance:g} %: {', '.join(cut_better) or 'none'}")
    sys.exit(1 if slower or cut_better else 0)


if __name__ == "__main__":
    main()
