#!/usr/bin/python3
"""Compares serving on measured service times with serving on the live chip, for the same arrivals.

Three networks at one batch each get Poisson arrivals of single items, at shares of the long-run capacity that `infsim run`
measures; two inferences are outstanding per core, and a partial batch is sent after half a batch's time. Prints the error of
p50 and p99 on measured times for each network and load: its mean over the seeds, the standard error of that, and the worst.
Near the capacity a queue magnifies every difference, and single seeds scatter by 20 % to either side. `over` marks a mean
error of more than 3 % up to 85 % of the capacity, or of more than 8 % above. Exit status 1 if one is over by more than the
scatter of the seeds (Student's t, 95 %) at up to 90 %. Above, `serve` warns that measured times do not serve: there a difference
of 1 % in the capacity changes the queue by a fifth.
"""
import argparse
import concurrent.futures
import json
import statistics
import tempfile
from pathlib import Path

from infsim_tools.blocks import markdown, write_block
from infsim_tools.inputs import InputError, SOURCE, parser_of, run
from infsim_tools.simulator import Infsim, add_infsim_option, add_jobs_option

NETWORKS = [("resnet50-v1", 4, "fp16"), ("bert_base", 6, "bf16"), ("vgg16", 2, "fp16")]
PROMISED = 0.9   # the largest share of the capacity at which `serve` does not warn


def scenario(network, batch, dtype, rate, half_batch_us, requests, seed):
    return {"server": {"model": network, "batches": [batch], "dtype": dtype, "outstanding": 2},
            "policy": {"kind": "queue", "max_queue_delay_microseconds": half_batch_us},
            "load": {"kind": "poisson", "rate": rate}, "stop": {"requests": requests}, "warm_up": requests // 20, "seed": seed}


# Standard errors, by number of seeds, within which 95 in 100 means of so few lie (Student's t distribution).
WITHIN = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}


def standard_error(values):
    return statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0


def compared(infsim, folder, case, rate, half_batch_us, requests, seed):
    """[error of p50, error of p99, live p99 in ms] of one seed."""
    network, batch, dtype, share = case
    path = folder / f"{network}-{share}-{seed}.json"
    path.write_text(json.dumps(scenario(network, batch, dtype, rate, half_batch_us, requests, seed)))
    table, live = (infsim.json("serve", path, "--out", folder / path.stem, "--times", folder / "times",
                               "--set", f"live={live}")["record"] for live in ("false", "true"))
    return [table[c] / live[c] - 1 for c in ("latency_ms_p50", "latency_ms_p99")] + [live["latency_ms_p99"]]


def shares_of(text):
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of shares, such as 0.5,0.9") from None


def parsed():
    parser = parser_of(__doc__)
    add_infsim_option(parser)
    add_jobs_option(parser)
    parser.add_argument("--only", default="", metavar="TEXT", help="only networks whose name contains this text")
    parser.add_argument("--loads", default="0.5,0.7,0.8,0.85,0.9,0.95", type=shares_of, metavar="LIST",
                        help="shares of the capacity (default 0.5,0.7,0.8,0.85,0.9,0.95)")
    parser.add_argument("--seeds", default=5, type=int, metavar="N", help="2 or more (default 5)")
    parser.add_argument("--requests", default=20000, type=int, metavar="N", help="requests of each run (default 20000)")
    parser.add_argument("--write", action="store_true", help="also write the table into tests/README.md, block 'serving times'")
    arguments = parser.parse_args()
    if arguments.seeds < 2:
        parser.error("--seeds must be 2 or more: one seed has no scatter")
    return arguments


HEAD = ["network", "B", "load", "p50", "p99", "live p99 ms", ""]


def cells(network, batch, runs, share, seeds):
    """The line of a table, and whether its errors are within their limits."""
    p50, p99, live = zip(*runs)
    limit = 0.03 if share <= 0.85 else 0.08
    texts, over, good = [], False, True
    for errors in (p50, p99):
        mean, error = statistics.mean(errors), standard_error(errors)
        over = over or abs(mean) > limit
        good = good and (abs(mean) - WITHIN.get(seeds, 2) * error <= limit or share > PROMISED)
        texts.append(f"{100 * mean:+.1f} +- {100 * error:.1f} ({100 * max(errors, key=abs):+.1f}) %")
    return [network, batch, f"{100 * share:.0f} %", *texts, f"{statistics.mean(live):.2f}", "over" if over else ""], good


def main():
    arguments = parsed()
    infsim, good = Infsim(arguments.infsim), True
    networks = [n for n in NETWORKS if arguments.only in n[0]]
    if not networks:
        raise InputError(f"--only {arguments.only}: no network has that in its name; there are: {', '.join(n[0] for n in NETWORKS)}")
    line = "{:<12} {:>2} {:>5} {:>24} {:>24} {:>12}  {}".format
    print(line(*HEAD))
    rows = []
    with tempfile.TemporaryDirectory() as name, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for network, batch, dtype in networks:
            capacity = infsim.json("run", network, "--batch", batch, "--dtype", dtype)["record"]["throughput_avg"]
            half_batch_us = round(0.5e6 * batch * 4 / capacity)
            for share in arguments.loads:
                case = network, batch, dtype, share
                runs = pool.map(lambda seed: compared(infsim, Path(name), case, share * capacity, half_batch_us, arguments.requests, seed),
                                range(1, arguments.seeds + 1))
                row, within = cells(network, batch, [*runs], share, arguments.seeds)
                good = good and within
                rows.append(row)
                print(line(*row).rstrip(), flush=True)
    if arguments.write:
        write_block(SOURCE / "tests/README.md", "serving times", markdown(HEAD, rows))
    return 0 if good else 1


if __name__ == "__main__":
    run(main)
