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
from infsim_tools.simulator import Infsim, add_infsim_option, add_jobs_option, add_network_options, networks_of


def expected(infsim, model, batch, compiler):
    """Milliseconds; None where the batch does not fit."""
    said = infsim.json_if_it_fits("compile", model, "--batch", batch, "--compiler", compiler)
    return (3 * said["estimate_shared_ms"] + said["estimate_alone_ms"]) / 4 if said else None


def row(infsim, model, batches):
    """By batch: expected milliseconds of the default, and how much that is above the best of the others."""
    cells, best = {}, {}
    for batch in batches:
        default = expected(infsim, model, batch, "default")
        others = [t for t in (expected(infsim, model, batch, "layer_by_layer"), best_cut(batch, best)) if t is not None]
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
    add_infsim_option(parser)
    add_jobs_option(parser)
    parser.add_argument("--tolerance", default=3, type=float, metavar="PERCENT", help="how far behind is allowed (default 3)")
    parser.add_argument("--write", action="store_true", help="also write the table into tests/README.md, block 'cuts'")
    return parser.parse_args()


def main():
    arguments = parsed()
    infsim, batches, models = Infsim(arguments.infsim), arguments.batches, networks_of(arguments)
    rows, behind = [], []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for model, cells in zip(models, pool.map(lambda m: row(infsim, m, batches), models)):
            rows.append([pathlib.Path(model).stem, *(text(cells[b]) for b in batches)])
            behind += [cell[1] for cell in cells.values() if cell[1] is not None]
            print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    within = sum(b <= 0.03 for b in behind)
    table = markdown(["ms, expected", *(f"B={b}" for b in batches)], rows)
    table += f"\n\n{within} of {len(behind)} points within 3 % of the best of the others, the worst {100 * max(behind):.1f} % behind."
    print(table)
    if arguments.write:
        write_block(SOURCE / "tests/README.md", "cuts", table)
    return 0 if max(behind) <= arguments.tolerance / 100 else 1


if __name__ == "__main__":
    run(main)
