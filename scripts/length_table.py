#!/usr/bin/env python3
"""The table of results/README.md of BERT-base by length and batch.

usage: length_table.py [DIR]      (default results/bert_length; --check writes nothing and exits with 1 where it would)

Reads DIR/table.csv of `sweeps/bert_length.json` and renews the table between the marks "lengths" of results/README.md: milliseconds of one
core per text, the best batch of a length in bold.
"""
import argparse
import csv
import pathlib

from marked import renew

SOURCE = pathlib.Path(__file__).resolve().parent.parent
README = SOURCE / "results/README.md"


def milliseconds_per_text(row):
    """Of a core's time; infinite where the batch does not fit."""
    return 1e3 * int(row["n_models"]) / float(row["throughput_avg"]) if row["status"] == "ok" else float("inf")


def table(rows):
    batches = sorted({int(r["batch_size"]) for r in rows})
    lines = ["| tokens | " + " | ".join(f"B={b}" for b in batches) + " |", "|---|" + "---|" * len(batches)]
    for length in sorted({int(r["dims.seq"]) for r in rows}):
        times = {int(r["batch_size"]): milliseconds_per_text(r) for r in rows if int(r["dims.seq"]) == length}
        best = min(times, key=times.get)
        cells = ["does not fit" if times[b] == float("inf") else f"**{times[b]:.2f}**" if b == best else f"{times[b]:.2f}" for b in batches]
        lines.append(f"| {length} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=SOURCE / "results/bert_length")
    parser.add_argument("--check", action="store_true")
    words = parser.parse_args()
    with open(words.folder / "table.csv", newline="") as file:
        renew(README, "lengths", table(list(csv.DictReader(file))), words.check)


if __name__ == "__main__":
    main()
