#!/usr/bin/env python3
"""The table in results/README.md of claims that rest on one constant of the chip.

usage: uncertainty_table.py [INFSIM] [--jobs N] [--check]

Runs `INFSIM uncertainty resnet50-v1` (some minutes), keeps its report as results/uncertainty/resnet50-v1.json, and renews the table
between the marks "uncertainty" of results/README.md: constants that move a batch, or throughput by more than 5 %. --check runs nothing and
exits with 1 where results/README.md holds another table than the report gives.
"""
import argparse
import json
import pathlib

from infsim_json import infsim_json
from marked import renew

SOURCE = pathlib.Path(__file__).resolve().parent.parent
README, REPORT = SOURCE / "results/README.md", SOURCE / "results/uncertainty/resnet50-v1.json"
NOTABLE = 0.05   # change of throughput from which a constant is listed


def table(report):
    before = report["before"]
    lines = ["| constant, grade | from | to | fits | knee | b95 | best | items/s at B=1 | at best |", "|---|---|---|---|---|---|---|---|---|",
             f"| as the file has it | | | {before['fits_without_spilling']} | {before['knee']} | {before['b95']} | {before['best']} | "
             f"{before['items_s_first']:.0f} | {before['items_s_best']:.0f} |"]
    named = set()
    for case in report["cases"]:
        changes = [case[key] / before[key] - 1 for key in ("items_s_first", "items_s_best")]
        if not case["moved"] and max(map(abs, changes)) < NOTABLE:
            continue
        named.add(case["key"])
        cells = [str(case[name]) if name in case["moved"] else "" for name in ("fits_without_spilling", "knee", "b95", "best")]
        cells += [f"{100 * c:+.1f} %" if abs(c) >= 0.0005 else "" for c in changes]
        lines.append(f"| {case['key']}, {case['grade']} | {case['value']} | {case['changed']} | " + " | ".join(cells) + " |")
    keys = {case["key"] for case in report["cases"]}
    return "\n".join(lines) + f"\n\n{len(keys - named)} of {len(keys)} constants move none of that either way."


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("infsim", nargs="?", default=SOURCE / "build/infsim", type=pathlib.Path)
    parser.add_argument("--jobs", default=2, type=int)
    parser.add_argument("--check", action="store_true")
    words = parser.parse_args()
    if not words.check:
        report = infsim_json(words.infsim.resolve(), "uncertainty", "resnet50-v1", "--jobs", words.jobs, folder=SOURCE)
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(json.dumps(report, indent=1) + "\n")
    renew(README, "uncertainty", table(json.loads(REPORT.read_text())), words.check)


if __name__ == "__main__":
    main()
