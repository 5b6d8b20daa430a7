#!/usr/bin/env python3
"""The table of the README's first figure: each batch under AWS's compiler of 2021 and under the default.

usage: batch_table.py [DIR]      (default results/resnet50_batch; --check writes nothing and exits with 1 where it would)

Reads DIR/table.csv and renews the table between the marks "batches" of README.md.
"""
import argparse
import csv
import pathlib

from marked import renew

SOURCE = pathlib.Path(__file__).resolve().parent.parent
README = SOURCE / "README.md"
AWS, DEFAULT = "neuron-2021", "default"


def cells(batch, aws, default):
    numbers = [f"{float(default[c]):.{digits}f}" for c, digits in
               (("throughput_avg", 0), ("throughput_low", 0), ("throughput_high", 0), ("latency_ms_p50", 2), ("latency_ms_p99", 2))]
    weights = float(default["weight_bytes_per_inference"]) / 1e6
    fits = f"{float(aws['throughput_avg']):.0f}" if aws["status"] == "ok" else "does not fit"
    return [str(batch), fits, numbers[0], f"{numbers[1]} to {numbers[2]}", *numbers[3:], f"{weights:.1f} MB"]


def table(rows):
    lines = ["| batch | items/s, AWS 2021 | items/s, default | 95 % interval | latency p50 ms | p99 ms | weights read per item |",
             "|---|---|---|---|---|---|---|"]
    for batch in sorted({int(r["batch_size"]) for r in rows}):
        of = {r["compiler"]: r for r in rows if int(r["batch_size"]) == batch}
        lines.append("| " + " | ".join(cells(batch, of[AWS], of[DEFAULT])) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=SOURCE / "results/resnet50_batch")
    parser.add_argument("--check", action="store_true")
    words = parser.parse_args()
    with open(words.folder / "table.csv", newline="") as file:
        renew(README, "batches", table(list(csv.DictReader(file))), words.check)


if __name__ == "__main__":
    main()
