#!/usr/bin/env python3
"""Makes each number of the chip 20 % worse, one at a time, and looks whether anything gets better.

usage: check_sensitivity.py [--infsim PATH] [--cores N ...] [--only TEXT] [--jobs N]

For ResNet-50 B=3 and BERT-base B=4, on one core and on four: prints for every numeric key of configs/chips/inferentia1.json
the change of throughput, or why the key cannot be made worse or changes nothing. Geometry and capacities
are left out: they change the program. Exit status 1 where one core gains
more than 0.02 %, or four cores more than both intervals together.
"""
import argparse
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
NETWORKS = [("resnet50", 3), ("bert_base", 4)]
# What is worse: less, or more. Keys that only the compiler reads change the program, not the chip.
LESS = {"clock", "channel_bandwidth", "core_bandwidth", "engine_bandwidth", "link_bandwidth", "efficiency"}
MORE = {"overhead", "latency", "min_cycles", "min_matmul", "stationary_load", "stationary_load_unhidden", "start_latency",
        "completion_latency", "min_row", "matmul_overhead", "transfer_latency", "call_overhead", "fp32_passes"}
NOTHING = {"pe.fp32_passes": "counts fp32 operands, and these networks compute in fp16",
           "dma.completion_latency": "is 0, and a part of 0 is 0",
           "act.overhead": "is 0, and a part of 0 is 0", "pool.overhead": "is 0, and a part of 0 is 0"}
# Keys that cannot grow alone: the first is a part of the second.
WITH = {"pe.stationary_load_unhidden": ["pe.stationary_load", "pe.stationary_load_unhidden"]}
# On one core a host transfer that comes later meets other bursts in the DRAM: that moves throughput by this much either way.
MOMENT = 2e-4
GEOMETRY = "is geometry or a capacity: it changes the program"


def leaves(entry, path=()):
    for key, value in entry.items():
        if isinstance(value, dict) and "value" not in value:
            yield from leaves(value, (*path, key))
        elif isinstance(value, dict):
            yield ".".join((*path, key)), value["value"]


def worse(key, value):
    """The value 20 % worse, or why there is none."""
    name = key.split(".")[-1]
    if name not in LESS and name not in MORE:
        return None, GEOMETRY
    factor = 1 / 1.2 if name in LESS else 1.2
    if not isinstance(value, str):
        return (round(value * factor, 4), "") if name == "efficiency" else (round(value * factor), "")
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z/]+)", value).groups()
    if float(number) == 0:
        return None, NOTHING[key]
    changed = float(number) * factor
    return f"{round(changed) if unit in ('cycles', 'B') else round(changed, 3)}{unit}", ""


def throughput(infsim, network, batch, cores, settings):
    words = [infsim, "run", network, "--batch", str(batch), "--cores", str(cores), "--json"]
    for setting in settings:
        words += ["--set", setting]
    result = subprocess.run(words, capture_output=True, text=True, check=False, cwd=SOURCE)
    if result.returncode != 0:
        sys.exit(f"{' '.join(words)}: {result.stderr}")
    r = json.loads(result.stdout)["record"]
    return r["throughput_avg"], r["throughput_high"] - r["throughput_avg"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--infsim", default=str(SOURCE / "build/infsim"))
    parser.add_argument("--cores", nargs="+", default=[1, 4], type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", default=2, type=int)
    words = parser.parse_args()
    chip = json.loads((SOURCE / "configs/chips/inferentia1.json").read_text())
    wrong = 0
    for network, batch in NETWORKS:
        for cores in words.cores:
            base, half = throughput(words.infsim, network, batch, cores, [])
            print(f"{network} B={batch} on {cores} cores: {base:.1f} +- {half:.1f} items/s")
            settings = [(k, *worse(k, v)) for k, v in leaves(chip) if words.only in k]
            with concurrent.futures.ThreadPoolExecutor(words.jobs) as pool:
                asked = {k: pool.submit(throughput, words.infsim, network, batch, cores, [f"chip.{x}={v}" for x in WITH.get(k, [k])])
                         for k, v, _ in settings if v is not None}
                for key, value, why in settings:
                    if value is None:
                        if network == NETWORKS[0][0] and cores == words.cores[0]:
                            print(f"  {key:32} {why}")
                        continue
                    rate, its_half = asked[key].result()
                    gain = rate - base
                    bad = gain > (half + its_half if cores > 1 else MOMENT * base)
                    wrong += bad
                    nothing = NOTHING.get(key, "has slack: no inference waits for it") if gain == 0 else ""
                    print(f"  {key:32} {value!s:>14} {100 * gain / base:+8.3f} % +- {100 * (half + its_half) / base:.2f}"
                          f"{'  BETTER' if bad else ''}{'  ' + nothing if nothing else ''}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
