#!/usr/bin/env python3
"""Makes each number of the chip 20 % worse, one at a time, and looks whether anything gets better; then gives more of DRAM
bandwidth, PE clock and cores, and looks whether anything gets worse.

usage: check_sensitivity.py [--infsim PATH] [--model MODEL --batch N] [--cores N ...] [--only TEXT] [--jobs N]

For ResNet-50 B=3 and BERT-base B=4, or for one MODEL, on one core and on four: prints for every numeric key of configs/chips/inferentia1.json
the change of throughput, or why the key cannot be made worse or changes nothing. Geometry and capacities
are left out: they change the program. Then, on four cores (cores: on a chip of eight), eight values each from less to more
for the same Program. Exit status 1 where one core gains more than 0.2 %, where four cores gain more than both intervals
together, or where more costs more than that.
"""
import argparse
import concurrent.futures
import json
import pathlib
import re
import sys

from infsim_json import infsim_json

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
MOMENT = 0.002   # rings share an engine in turns: a transfer that comes later may let another end sooner (0.14 % measured)
EIGHT_CORES = ["chip.cores=8", "chip.dram.capacity=16GiB"]
FACTORS = (0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4)
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


def more(chip):
    """What there can be more of: its name, and [its value, cores in use, settings] from less to more."""
    for key, value in leaves(chip):
        if key in ("dram.channel_bandwidth", "pe.clock"):
            number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z/]+)", value).groups()
            values = [f"{round(float(number) * f, 4)}{unit}" for f in FACTORS]
            yield key, [(v, 4, [f"chip.{key}={v}"]) for v in values]
    yield "cores in use", [(n, n, EIGHT_CORES) for n in range(1, 9)]


def check_more(words, chip, network, batch):
    """How many steps to more cost more than both intervals."""
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(words.jobs) as pool:
        asked = [(name, [(v, pool.submit(throughput, words.infsim, network, batch, cores, settings))
                         for v, cores, settings in values]) for name, values in more(chip)]
        for name, values in asked:
            print(f"{network} B={batch}, more of {name}:")
            rate = half = 0
            for value, task in values:
                before, its_half = rate, half
                rate, half = task.result()
                bad = before - rate > half + its_half + MOMENT * before
                wrong += bad
                print(f"  {value!s:>14} {rate:10.1f} +- {half:.1f} items/s{'  WORSE' if bad else ''}", flush=True)
    return wrong


def throughput(infsim, network, batch, cores, settings):
    chosen = [word for setting in settings for word in ("--set", setting)]
    r = infsim_json(infsim, "run", network, "--batch", batch, "--cores", cores, *chosen, folder=SOURCE)["record"]
    return r["throughput_avg"], r["throughput_high"] - r["throughput_avg"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--infsim", default=str(SOURCE / "build/infsim"))
    parser.add_argument("--model", help="in place of the two networks")
    parser.add_argument("--batch", default=4, type=int, help="of --model")
    parser.add_argument("--cores", nargs="+", default=[1, 4], type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", default=2, type=int)
    words = parser.parse_args()
    chip = json.loads((SOURCE / "configs/chips/inferentia1.json").read_text())
    wrong = 0
    networks = [(words.model, words.batch)] if words.model else NETWORKS
    for network, batch in networks:
        for cores in words.cores:
            base, half = throughput(words.infsim, network, batch, cores, [])
            print(f"{network} B={batch} on {cores} cores: {base:.1f} +- {half:.1f} items/s")
            settings = [(k, *worse(k, v)) for k, v in leaves(chip) if words.only in k]
            with concurrent.futures.ThreadPoolExecutor(words.jobs) as pool:
                asked = {k: pool.submit(throughput, words.infsim, network, batch, cores, [f"chip.{x}={v}" for x in WITH.get(k, [k])])
                         for k, v, _ in settings if v is not None}
                for key, value, why in settings:
                    if value is None:
                        if network == networks[0][0] and cores == words.cores[0]:
                            print(f"  {key:32} {why}")
                        continue
                    rate, its_half = asked[key].result()
                    gain = rate - base
                    bad = gain > (half + its_half if cores > 1 else MOMENT * base)
                    wrong += bad
                    nothing = NOTHING.get(key, "has slack: no inference waits for it") if gain == 0 else ""
                    print(f"  {key:32} {value!s:>14} {100 * gain / base:+8.3f} % +- {100 * (half + its_half) / base:.2f}"
                          f"{'  BETTER' if bad else ''}{'  ' + nothing if nothing else ''}", flush=True)
        wrong += check_more(words, chip, network, batch)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
