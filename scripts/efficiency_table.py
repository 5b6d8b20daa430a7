#!/usr/bin/python3
"""Measures how close every network comes to its ideal time: the least that its arithmetic and its bytes need.

Runs every network of models/, and every .onnx file of other folders, in fp16 with the default compiler on one core. A point
that takes more than --limit seconds of processor time is listed as such. Prints Markdown tables.
"""
import csv
import json
import pathlib
import sys

from infsim_tools.blocks import block_of, cells_of, markdown, write_block
from infsim_tools.inputs import SOURCE, numbers_of, parser_of
from infsim_tools.inputs import run as run_script
from infsim_tools.simulator import DOES_NOT_FIT, Infsim, add_dim_option, add_infsim_option, dims_of, networks_of_models, onnx_files

README = SOURCE / "tests/README.md"
HEAD = ["network", "B", "ideal ms", "service ms", "efficiency", "main cause"]
FIGURES = ["ideal_ms", "service_ms", "efficiency", "roofline_ms", "spill_save_bytes", "relayout_write_bytes", "relayout_read_bytes",
           "dram_weight_bytes", "macs_per_inference", "main_stall", "cause", "why_slow"]


def run(infsim, network, batch, dims=(), limit=60):
    """The record of a point on one core, or a sentence why there is none."""
    done = infsim.call("run", network, "--batch", batch, "--cores", 1, "--dtype", "fp16", "--layers", *dims, "--json", cpu_seconds=limit)
    if done.returncode < 0:
        return f"more than {limit} s of CPU"
    if done.returncode == DOES_NOT_FIT:
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


def committed():
    """{(network, batch): efficiency} of the networks of models/, as tests/README.md has it."""
    return {(c[0], int(c[1])): float(c[4]) for c in cells_of(block_of(README, "efficiency"))}


def arguments():
    parser = parser_of(__doc__)
    add_infsim_option(parser)
    parser.add_argument("--also", action="append", default=[], type=pathlib.Path, metavar="FOLDER", help="and the .onnx files of this folder")
    add_dim_option(parser)
    parser.add_argument("--batches", default=[1, 4], type=numbers_of, metavar="LIST", help="batch sizes (default 1,4)")
    parser.add_argument("--limit", default=60, type=int, metavar="SECONDS", help="processor time of a point (default 60)")
    parser.add_argument("--csv", type=pathlib.Path, metavar="FILE", help="also write all figures there")
    parser.add_argument("--write", action="store_true", help="also write the tables into tests/README.md: block 'efficiency' for models/, "
                        "'efficiency elsewhere' for the folders of --also")
    return parser.parse_args()


def measured(infsim, networks, a):
    """(name, batch, result) of some networks: (name, word for infsim)."""
    for batch in a.batches:
        for name, network in networks:
            result = run(infsim, network, batch, dims_of(a, network), a.limit)
            print(*row(name, batch, result), sep="  ", file=sys.stderr, flush=True)
            yield name, batch, result


def main():
    a = arguments()
    infsim = Infsim(a.infsim)
    groups = {"efficiency": [(m, m) for m in networks_of_models()], "efficiency elsewhere": [(f.stem, f) for f in onnx_files(a.also)]}
    figures = []
    for block, networks in groups.items():
        if not networks:
            continue
        results = [*measured(infsim, networks, a)]
        table = markdown(HEAD, sorted((row(*r) for r in results), key=lambda r: (r[0], int(r[1]))))
        print(table)
        if a.write:
            write_block(README, block, table)
        for name, batch, result in results:
            told = {"why_slow": result} if isinstance(result, str) else result
            figures.append([name, batch, *(told.get(f, "") for f in FIGURES)])
    if a.csv:
        with a.csv.open("w", newline="") as file:
            csv.writer(file).writerows([["network", "batch", *FIGURES], *figures])


if __name__ == "__main__":
    run_script(main)
