#!/usr/bin/python3
"""Holds one compiler of a sweep against another, point by point.

usage: compare_compilers.py DIR [--plain NAME] [--best NAME] [--tolerance PERCENT] [--readme FILE]

Reads DIR/table.csv of a sweep with the axis `compiler` and prints, for every model and batch size, throughput and latency
of both, their ratio, and what does not fit. Exit 1 when the second is slower than the first by more than the tolerance
(1 % by default; what does not fit counts as infinitely slow) or the table lacks one of them. With --readme, also renews the table
between the marks "best compiler" of that file: items per second at the batch sizes where both differ.
"""
import argparse
import csv
import pathlib
import sys


def number(row, column):
    return float(row[column]) if row.get(column) else None


BEGIN, END = "<!-- best compiler: from here -->\n", "<!-- best compiler: to here -->"


def renew(readme, points, plain, best):
    """Largest batch, and the best throughput with its batch, of both compilers for every network."""
    lines = ["| network | plain: largest of 1, 2, 4, 8, 16 that fits | best items/s (batch) | search: largest | best items/s (batch) |",
             "|---|---|---|---|---|"]
    cells = {}
    for (model, batch), pair in points.items():
        for name in (plain, best):
            row = pair.get(name)
            if row and row["status"] == "ok":
                cells.setdefault(model, {}).setdefault(name, []).append((batch, number(row, "throughput_avg")))
    for model, both in cells.items():
        text = []
        for name in (plain, best):
            fits = both.get(name, [])
            top = max(fits, key=lambda f: f[1], default=None)
            text += [str(max(b for b, _ in fits)), f"{top[1]:.0f} ({top[0]})"] if fits else ["none", ""]
        lines.append(f"| {model} | " + " | ".join(text) + " |")
    content = readme.read_text()
    if BEGIN not in content or END not in content:
        sys.exit(f"compare_compilers.py: {readme} lacks the marks {BEGIN.strip()} and {END}")
    before, rest = content.split(BEGIN, 1)
    readme.write_text(before + BEGIN + "\n".join(lines) + "\n" + END + rest.split(END, 1)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--plain", default="default")
    parser.add_argument("--best", default="best")
    parser.add_argument("--readme", type=pathlib.Path)
    parser.add_argument("--tolerance", type=float, default=1.0, help="percent")
    options = parser.parse_args()
    table = options.folder / "table.csv"
    if not table.is_file():
        sys.exit(f"compare_compilers.py: {table} is missing; run infsim sweep with --out {options.folder} first")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    points = {}
    for row in rows:
        name = pathlib.PurePath(row["compiler"]).stem
        points.setdefault((row["model_name"], int(row["batch_size"])), {})[name] = row
    slower, compared = [], 0
    print(f"{'model':<18}{'B':>4}  {options.plain + ' items/s':>18}{options.best + ' items/s':>18}{'ratio':>8}   weights read, MB")
    for (model, batch), pair in points.items():
        if options.plain not in pair or options.best not in pair:
            continue
        compared += 1
        plain, best = pair[options.plain], pair[options.best]
        speed = [number(r, "throughput_avg") if r["status"] == "ok" else None for r in (plain, best)]
        text = [f"{s:.1f}" if s else "does not fit" for s in speed]
        ratio = speed[1] / speed[0] if all(speed) else None
        weights = [number(r, "weight_bytes_per_inference") for r in (plain, best)]
        moved = " ".join("-" if w is None or s is None else f"{w * batch / 1e6:.1f}" for w, s in zip(weights, speed))
        print(f"{model:<18}{batch:>4}  {text[0]:>18}{text[1]:>18}{f'{ratio:.3f}' if ratio else '':>8}   {moved}")
        if speed[0] and (not speed[1] or ratio < 1 - options.tolerance / 100):
            slower.append(f"{model} B={batch}")
    if compared == 0:
        sys.exit(f"compare_compilers.py: {table} has no point of both {options.plain} and {options.best}")
    if options.readme:
        renew(options.readme, points, options.plain, options.best)
    print(f"{compared} points; {options.best} slower by more than {options.tolerance:g} %: {', '.join(slower) or 'none'}")
    sys.exit(1 if slower else 0)


if __name__ == "__main__":
    main()
