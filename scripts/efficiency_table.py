#!/usr/bin/python3
"""How near every network comes to what its arithmetic and its bytes need at least: the tables of tests/README.md.

usage: efficiency_table.py [--infsim FILE] [--also FOLDER]... [--dim NETWORK:NAME=VALUE]... [--batches 1,4] [--limit SECONDS] [--csv FILE] [--write]

Runs every network of models/ and every .onnx file of the folders given, in fp16, compiled by the default compiler, on one
core. A point that takes more than --limit seconds of CPU is told as such. Prints Markdown; --write puts the table of models/
between the marks "efficiency" of tests/README.md, and that of other folders between "efficiency elsewhere" (only where a
folder was given). --csv writes all figures. Where a model leaves an extent open, --dim gives it.
"""
import argparse
import csv
import json
import pathlib
import resource
import subprocess
import sys

from marked import between, replaced

SOURCE = pathlib.Path(__file__).resolve().parent.parent
README = SOURCE / "tests/README.md"
HEAD = ["network", "B", "ideal ms", "service ms", "efficiency", "main cause"]
FIGURES = ["ideal_ms", "service_ms", "efficiency", "roofline_ms", "spill_save_bytes", "relayout_write_bytes", "relayout_read_bytes",
           "dram_weight_bytes", "macs_per_inference", "main_stall", "cause", "why_slow"]


def models():
    """Names of the networks of models/."""
    return sorted(p.stem for p in SOURCE.glob("models/*/*.json"))


def run(infsim, network, batch, dims=(), limit=60):
    """The record of a point on one core, or a sentence why there is none."""
    words = [str(infsim), "run", str(network), "--batch", str(batch), "--cores", "1", "--dtype", "fp16", "--layers", "--json"]
    for dim in dims:
        words += ["--dim", dim]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=SOURCE,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit)))
    if done.returncode < 0:
        return f"more than {limit} s of CPU"
    if done.returncode == 3:
        return "does not fit"
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if not line.startswith("note:")]
        return "refused: " + (lines[-1] if lines else "")
    report = json.loads(done.stdout)
    return {**report["record"], "cause": report["causes"][0]["cause"]}


def row(name, batch, result):
    if isinstance(result, str):
        return [name, str(batch), "", "", "", result.replace("|", "/")]
    return [name, str(batch), f"{result['ideal_ms']:.4g}", f"{result['service_ms']:.4g}", f"{result['efficiency']:.3g}", result["cause"]]


def markdown(rows):
    return "\n".join("| " + " | ".join(r) + " |" for r in [HEAD, ["---"] * len(HEAD), *rows])


def committed():
    """{(network, batch): efficiency} of the networks of models/, as tests/README.md has it."""
    lines = between(README.read_text(), "efficiency").splitlines()[2:]
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
    return {(c[0], int(c[1])): float(c[4]) for c in cells}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--infsim", default=SOURCE / "build/infsim", type=pathlib.Path)
    parser.add_argument("--also", action="append", default=[], type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--dim", action="append", default=[], metavar="NETWORK:NAME=VALUE")
    parser.add_argument("--batches", default="1,4", type=lambda text: [int(b) for b in text.split(",")])
    parser.add_argument("--limit", default=60, type=int, metavar="SECONDS")
    parser.add_argument("--csv", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def main():
    a = arguments()
    infsim = a.infsim.resolve()
    elsewhere = [f.resolve() for folder in a.also for f in sorted(folder.glob("*.onnx"))]
    groups = {"efficiency": [(m, m) for m in models()], "efficiency elsewhere": [(f.stem, f) for f in elsewhere]}
    figures, text = [], README.read_text()
    for group, networks in groups.items():
        if not networks:
            continue
        rows = []
        for batch in a.batches:
            for name, network in networks:
                dims = [d.split(":", 1)[1] for d in a.dim if d.split(":", 1)[0] == name]
                result = run(infsim, network, batch, dims, a.limit)
                rows.append(row(name, batch, result))
                print("| " + " | ".join(rows[-1]) + " |", file=sys.stderr, flush=True)
                told = {"why_slow": result} if isinstance(result, str) else result
                figures.append([name, batch, *(told.get(f, "") for f in FIGURES)])
        rows.sort(key=lambda r: (r[0], int(r[1])))
        print(markdown(rows))
        text = replaced(text, group, markdown(rows))
    if a.csv:
        with a.csv.open("w", newline="") as file:
            csv.writer(file).writerows([["network", "batch", *FIGURES], *figures])
    if a.write:
        README.write_text(text)


if __name__ == "__main__":
    main()
