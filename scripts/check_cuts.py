#!/usr/bin/python3
"""Compares every batch of the default compiler with layer by layer, and with the smaller batches that make it up.

For every network and batch it prints the milliseconds that the compiler expects while the other cores are busy
(expected_service in sim/compiler/search/estimate.hpp), and how far that is above the best alternative: layer by layer, or
smaller batches of the list one after the other. Programs are compiled, not simulated; tests/README.md, "Estimates", says how
close the estimate is. Prints a Markdown table. Exit status 1 if the default is behind by more than --tolerance.
"""
import concurrent.futures
import pathlib
import sys

from infsim_tools.batches import best_cut
from infsim_tools.blocks import markdown, write_block
from infsim_tools.inputs import SOURCE, parser_of, run
from infsim_tools.simulator import (Infsim, add_dim_option, add_infsim_option, add_jobs_option, add_network_options, dims_of, networks_of,
                                    onnx_files)


def expected(infsim, model, batch, compiler, dims):
    """Milliseconds; None where the batch does not fit."""
    said = infsim.json_if_it_fits("compile", model, "--batch", batch, "--compiler", compiler, *dims)
    return (3 * said["estimate_shared_ms"] + said["estimate_alone_ms"]) / 4 if said else None


def row(infsim, model, batches, dims):
    """By batch: expected milliseconds of the default, and how much that is above the best of the others."""
    cells, best = {}, {}
    for batch in batches:
        default = expected(infsim, model, batch, "default", dims)
        others = [t for t in (expected(infsim, model, batch, "layer_by_layer", dims), best_cut(batch, best)) if t is not None]
        best[batch] = min(([default] if default else []) + others)
        if best[batch] == float("inf"):
            del best[batch]
        behind = None if not default else max(0.0, default / min(others + [default]) - 1)
        cells[batch] = (default, behind)
    return cells


def text(cell):
    default, behind = cell
    if default is None:
        return "does not fit"
    return f"{default:.2f}" + (f" ({100 * behind:+.1f} %)" if behind >= 0.0005 else "")


def parsed():
    parser = parser_of(__doc__)
    add_network_options(parser, "1,2,4,6,8,12,16,32,64")
    add_dim_option(parser)
    add_infsim_option(parser)
    add_jobs_option(parser)
    parser.add_argument("--tolerance", default=3, type=float, metavar="PERCENT", help="how far behind is allowed (default 3)")
    parser.add_argument("--write", action="store_true", help="also write the tables into tests/README.md: block 'cuts', and "
                        "'cuts elsewhere' for the folders of --also")
    return parser.parse_args()


def table_of(rows, batches):
    """The table, and how far behind the worst point is."""
    behind = [cell[1] for cells in rows.values() for cell in cells.values() if cell[1] is not None]
    within = sum(b <= 0.03 for b in behind)
    lines = [[pathlib.Path(model).stem, *(text(cells[b]) for b in batches)] for model, cells in rows.items()]
    return (markdown(["ms, expected", *(f"B={b}" for b in batches)], lines) +
            f"\n\n{within} of {len(behind)} points within 3 % of the best of the others, the worst {100 * max(behind):.1f} % behind.",
            max(behind))


def main():
    arguments = parsed()
    infsim, batches, models = Infsim(arguments.infsim), arguments.batches, networks_of(arguments)
    rows, worst = {}, 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for model, cells in zip(models, pool.map(lambda m: row(infsim, m, batches, dims_of(arguments, m)), models)):
            rows[model] = cells
            print(pathlib.Path(model).stem, *(text(cells[b]) for b in batches), sep="  ", file=sys.stderr, flush=True)
    elsewhere = set(map(str, onnx_files(arguments.also)))
    for block, wanted in (("cuts", lambda m: m not in elsewhere), ("cuts elsewhere", lambda m: m in elsewhere)):
        part = {model: cells for model, cells in rows.items() if wanted(model)}
        if not part:
            continue
        table, behind = table_of(part, batches)
        worst = max(worst, behind)
        print(table)
        if arguments.write:
            write_block(SOURCE / "tests/README.md", block, table)
    return 0 if worst <= arguments.tolerance / 100 else 1


if __name__ == "__main__":
    run(main)
