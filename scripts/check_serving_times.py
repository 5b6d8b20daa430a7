#!/usr/bin/env python3
"""Holds serving on measured times against the chip simulated live, the same arrivals for both.

usage: check_serving_times.py [--infsim PATH] [--only TEXT] [--loads SHARES] [--seeds N] [--requests N] [--jobs N]

For three networks at one batch each: Poisson arrivals of single items at shares of the long-run capacity that `infsim run`
measures, two inferences outstanding per core, partial batches sent after half a batch's time. Prints for each network and load
the error of p50 and p99 on measured times: mean over the seeds, its standard error, worst. Near the capacity a queue magnifies
every difference, and single seeds scatter by 20 % to either side. `over`: a mean error of more than 3 % up to 85 % of the
capacity, of more than 8 % above. Exit status 1 if one is over by more than so few seeds scatter (Student's t, 95 %).
"""
import argparse
import concurrent.futures
import json
import statistics
import sys
import tempfile
from pathlib import Path

from infsim_json import infsim_json

NETWORKS = [("resnet50-v1", 4, "fp16"), ("bert_base", 6, "bf16"), ("vgg16", 2, "fp16")]


def scenario(network, batch, dtype, rate, half_batch_us, requests, seed):
    return {"server": {"model": network, "batches": [batch], "dtype": dtype, "outstanding": 2},
            "policy": {"kind": "queue", "max_queue_delay_microseconds": half_batch_us},
            "load": {"kind": "poisson", "rate": rate}, "stop": {"requests": requests}, "warm_up": requests // 20, "seed": seed}


# Standard errors, by number of seeds, within which 95 in 100 means of so few lie (Student's t distribution).
WITHIN = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}


def standard_error(values):
    return statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0


def compared(words, folder, case, rate, half_batch_us, seed):
    """[error of p50, error of p99, live p99 in ms] of one seed."""
    network, batch, dtype, share = case
    path = folder / f"{network}-{share}-{seed}.json"
    path.write_text(json.dumps(scenario(network, batch, dtype, rate, half_batch_us, words.requests, seed)))
    table, live = (infsim_json(words.infsim, "serve", path, "--out", folder / path.stem, "--times", folder / "times",
                               "--set", f"live={live}")["record"] for live in ("false", "true"))
    return [table[c] / live[c] - 1 for c in ("latency_ms_p50", "latency_ms_p99")] + [live["latency_ms_p99"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--infsim", default="build/infsim")
    parser.add_argument("--only", default="", help="networks whose name has this in it")
    parser.add_argument("--loads", default="0.5,0.7,0.8,0.85,0.9,0.95")
    parser.add_argument("--seeds", default=5, type=int, help="at least 2")
    parser.add_argument("--requests", default=20000, type=int)
    parser.add_argument("--jobs", default=1, type=int)
    words = parser.parse_args()
    good = True
    print(f"{'network':<12} {'B':>2} {'load':>5} {'p50':>23} {'p99':>23} {'live p99 ms':>12}")
    with tempfile.TemporaryDirectory() as name, concurrent.futures.ThreadPoolExecutor(words.jobs) as pool:
        for network, batch, dtype in (n for n in NETWORKS if words.only in n[0]):
            record = infsim_json(words.infsim, "run", network, "--batch", batch, "--dtype", dtype)["record"]
            capacity = record["throughput_avg"]
            half_batch_us = round(0.5e6 * batch * 4 / capacity)
            for share in map(float, words.loads.split(",")):
                runs = list(pool.map(lambda seed: compared(words, Path(name), (network, batch, dtype, share), share * capacity,
                                                           half_batch_us, seed), range(1, words.seeds + 1)))
                p50, p99, live = zip(*runs)
                limit = 0.03 if share <= 0.85 else 0.08
                texts, over = [], False
                for errors in (p50, p99):
                    mean, error = statistics.mean(errors), standard_error(errors)
                    over = over or abs(mean) > limit
                    good = good and abs(mean) - WITHIN.get(words.seeds, 2) * error <= limit
                    texts.append(f"{100 * mean:+5.1f} +-{100 * error:4.1f} ({100 * max(errors, key=abs):+5.1f}) %")
                print(f"{network:<12} {batch:2} {100 * share:4.0f}% {texts[0]:>23} {texts[1]:>23} {statistics.mean(live):12.2f}"
                      f"{'  over' if over else ''}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
