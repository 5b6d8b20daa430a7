#!/usr/bin/python3
"""Compares the measurement that every command uses with the long run that it stands for.

The long run of a network, batch and number of workers is the mean of eight random starts with 300 inferences per core each,
after the usual warm-up. The usual measurement then runs with several seeds. Prints a line for each case: the mean with its
standard error, the error of seed 0, the worst error of all seeds, how many of the intervals hold the mean, and the processor
time of a usual measurement. Exit status 1 if seed 0 is off by more than --limit anywhere, or if so few intervals hold their
mean that intervals of 95 % would do as badly once in 100 nights.
"""
import concurrent.futures
import math
import resource
import statistics

from infsim_tools.inputs import InputError, parser_of, run
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
    parser.add_argument("--limit", default=0.015, type=float, metavar="SHARE", help="largest error of seed 0 (default 0.015)")
    return parser.parse_args()


def cases_of(arguments):
    """Words for infsim run."""
    cases = [[net, "--batch", b, "--workers", w] for net, batches in NETWORKS for b in batches for w in (1, 2)]
    if arguments.cores:
        cases = [["resnet50-v1", "--batch", b, "--set", f"chip.cores={c}", "--set", f"chip.dram.capacity={2 * c}GiB"]
                 for c in (2, 3, 8, 16) for b in (1, 3)]
    return [c for c in cases if arguments.only in " ".join(map(str, c))]


def main():
    arguments = parsed()
    infsim, cases = Infsim(arguments.infsim), cases_of(arguments)
    if not cases:
        raise InputError(f"--only {arguments.only}: no case contains that")
    print(f"{'case':<58} {'items/s':>8} {'+-':>6} {'seed 0':>7} {'worst':>7} {'held':>7} {'inf.':>5} {'CPU s':>6}")
    held = of = 0
    good, squares = True, []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for name, r in zip(cases, pool.map(lambda c: case(infsim, c, arguments.seeds), cases)):
            print(f"{' '.join(map(str, name)):<58} {r['mean']:8.1f} {100 * r['error']:5.2f}% {100 * r['first']:6.2f}% "
                  f"{100 * r['worst']:6.2f}% {r['held']:3}/{arguments.seeds:<3} {r['inferences']:5.0f} {r['seconds']:6.2f}",
                  flush=True)
            held, of = held + r["held"], of + arguments.seeds
            good = good and abs(r["first"]) <= arguments.limit
            squares += r["squares"]
    print(f"{held} of {of} intervals hold the mean; error {100 * (sum(squares) / len(squares)) ** 0.5:.2f} % rms")
    return 0 if good and plausible(held, of) else 1


if __name__ == "__main__":
    run(main)
