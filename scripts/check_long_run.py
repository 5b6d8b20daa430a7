#!/usr/bin/python3
"""Compares the measurement that every command uses with the long run that it stands for.

The long run of a network, batch and number of workers is the mean of eight random starts with 300 inferences per core each,
after the usual warm-up. The usual measurement then runs with several seeds. Prints a line for each case: the mean with its
standard error, the error of seed 0, the worst error of all seeds, how many of the intervals hold the mean, the inferences per
core, and the processor time of a usual measurement. Exit status 1 if the error is larger than --limit (root mean square over
all measurements), or if so few intervals hold their mean that intervals of 95 % would do as badly once in 100 nights.
"""
import concurrent.futures
import math
import resource
import statistics

from infsim_tools.blocks import markdown, write_block
from infsim_tools.inputs import InputError, SOURCE, parser_of, run
from infsim_tools.simulator import Infsim, add_infsim_option, add_jobs_option

NETWORKS = [("resnet50-v1", [1, 2, 3, 4, 5]), ("vgg16", [2]), ("bert_base", [1, 4, 6])]


def simulate(infsim, words):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    report = infsim.json("run", *words)
    return report, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def case(infsim, words, seeds):
    long, _ = simulate(infsim, [*words, "--offset-sets", 9, "--inferences", 300, "--seed", 1000])
    means = [s["throughput"] for s in long["offset_sets"][1:]]
    mean, error = statistics.mean(means), statistics.stdev(means) / len(means) ** 0.5
    runs = [simulate(infsim, [*words, "--seed", seed]) for seed in range(seeds)]
    records = [r["record"] for r, _ in runs]
    errors = [r["throughput_avg"] / mean - 1 for r in records]
    held = sum(r["throughput_low"] <= mean <= r["throughput_high"] for r in records)
    return {"mean": mean, "error": error / mean, "first": errors[0], "worst": max(errors, key=abs), "held": held,
            "inferences": statistics.mean(r["inferences_measured"] for r in records),
            "squares": [e * e for e in errors], "seconds": min(s for _, s in runs)}


def plausible(held, of, share=0.95, risk=0.01):
    """Whether so few or fewer of the intervals hold in more than `risk` of all nights, where each holds with `share`."""
    return sum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(held + 1)) > risk


def parsed():
    parser = parser_of(__doc__)
    add_infsim_option(parser)
    add_jobs_option(parser)
    parser.add_argument("--seeds", default=7, type=int, metavar="N", help="seeds of the usual measurement (default 7)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases that contain this text, such as 'vgg16'")
    parser.add_argument("--cores", action="store_true", help="one network on chips of 2, 3, 8 and 16 cores instead")
    parser.add_argument("--limit", default=0.012, type=float, metavar="SHARE",
                        help="largest error, root mean square (default 0.012)")
    parser.add_argument("--write", action="store_true", help="also write the table into tests/README.md, block 'long run'")
    return parser.parse_args()


def cases_of(arguments):
    """Words for infsim run."""
    cases = [[net, "--batch", b, "--workers", w] for net, batches in NETWORKS for b in batches for w in (1, 2)]
    if arguments.cores:
        cases = [["resnet50-v1", "--batch", b, "--set", f"chip.cores={c}", "--set", f"chip.dram.capacity={2 * c}GiB"]
                 for c in (2, 3, 8, 16) for b in (1, 3)]
    return [c for c in cases if arguments.only in " ".join(map(str, c))]


HEAD = ["case", "items/s", "seed 0", "worst", "held", "inferences", "CPU s"]


def cells(name, r, seeds):
    return [" ".join(map(str, name)), f"{r['mean']:.1f} +- {100 * r['error']:.2f} %", f"{100 * r['first']:+.2f} %",
            f"{100 * r['worst']:+.2f} %", f"{r['held']} of {seeds}", f"{r['inferences']:.0f}", f"{r['seconds']:.2f}"]


def main():
    arguments = parsed()
    infsim, cases = Infsim(arguments.infsim), cases_of(arguments)
    if not cases:
        raise InputError(f"--only {arguments.only}: no case contains that")
    line = "{:<58} {:>18} {:>8} {:>8} {:>8} {:>10} {:>6}".format
    print(line(*HEAD))
    rows, held, squares = [], 0, []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for name, r in zip(cases, pool.map(lambda c: case(infsim, c, arguments.seeds), cases)):
            rows.append(cells(name, r, arguments.seeds))
            print(line(*rows[-1]), flush=True)
            held += r["held"]
            squares += r["squares"]
    error = (sum(squares) / len(squares)) ** 0.5
    summary = f"{held} of {len(squares)} intervals hold their mean; the error is {100 * error:.2f} % (root mean square)."
    print(summary)
    if arguments.write:
        write_block(SOURCE / "tests/README.md", "long run", markdown(HEAD[:-1], [r[:-1] for r in rows]) + "\n\n" + summary)
    return 0 if error <= arguments.limit and plausible(held, len(squares)) else 1


if __name__ == "__main__":
    run(main)
