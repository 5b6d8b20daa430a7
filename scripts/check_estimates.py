#!/usr/bin/python3
"""Compares the compiler's estimate of how long a program takes with the simulation.

For every network and batch it prints two pairs: the estimate for one inference alone on the chip beside its simulated service
time, and the estimate with a core's share of DRAM beside the service time while all cores are busy. Prints a Markdown table.
Exit status 1 if fewer than nine in ten of the estimates for an inference alone are within 10 %.
"""
import concurrent.futures
import pathlib
import statistics
import sys

from infsim_tools.blocks import markdown, write_block
from infsim_tools.inputs import SOURCE, parser_of, run
from infsim_tools.simulator import Infsim, add_infsim_option, add_jobs_option, add_network_options, networks_of

WITHIN, SHARE = 0.10, 0.90


def figures(infsim, model, batch):
    """Estimated and simulated milliseconds, alone and beside all cores."""
    words = [model, "--batch", batch]
    expected = infsim.json("compile", *words)
    record = infsim.json("run", *words, "--workers", 1)["record"]
    return (expected["estimate_alone_ms"], record["unloaded_service_ms"],
            expected["estimate_shared_ms"], record["service_ms"])


def row(name, batch, alone, simulated, shared, loaded):
    return [name, batch, f"{alone:.3f}", f"{simulated:.3f}", f"{100 * (alone / simulated - 1):+.1f} %",
            f"{shared:.3f}", f"{loaded:.3f}", f"{100 * (shared / loaded - 1):+.1f} %"]


def parsed():
    parser = parser_of(__doc__)
    add_network_options(parser, "1,2,4,6,8,12,16,32")
    add_infsim_option(parser)
    add_jobs_option(parser)
    parser.add_argument("--write", action="store_true", help="also write the table into tests/README.md, block 'estimates'")
    return parser.parse_args()


def main():
    arguments = parsed()
    infsim = Infsim(arguments.infsim)
    points = [(m, b) for m in networks_of(arguments) for b in arguments.batches]
    rows, errors = [], []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for (model, batch), found in zip(points, pool.map(lambda p: figures(infsim, *p), points)):
            rows.append(row(pathlib.Path(model).stem, batch, *found))
            errors.append((abs(found[0] / found[1] - 1), abs(found[2] / found[3] - 1)))
            print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    good = [sum(e[i] <= WITHIN for e in errors) for i in (0, 1)]
    table = markdown(["network", "B", "alone: estimate ms", "simulated ms", "error", "all cores: estimate ms", "simulated ms", "error"], rows)
    table += (f"\n\nWithin {100 * WITHIN:.0f} %: {good[0]} of {len(errors)} alone, {good[1]} with all cores at work; median error "
              f"{100 * statistics.median(e[0] for e in errors):.1f} % and {100 * statistics.median(e[1] for e in errors):.1f} %.")
    print(table)
    if arguments.write:
        write_block(SOURCE / "tests/README.md", "estimates", table)
    return 0 if good[0] >= SHARE * len(errors) else 1


if __name__ == "__main__":
    run(main)
