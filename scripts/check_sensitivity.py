#!/usr/bin/python3
"""Checks that a worse chip is never faster and a better chip never slower.

First it makes each number of configs/chips/inferentia1.json 20 % worse, one at a time, and prints the change of throughput,
or why the number cannot be made worse or changes nothing. Geometry and capacities are left out, because they change the
program. Then it runs the same program with eight values each of DRAM bandwidth, PE clock and cores in use, from less to more.
The networks are ResNet-50 at B=3 and BERT-base at B=4, on one core and on four, unless --model names another one. Exit
status 1 if a worse number gains more than 0.2 % on one core, or more than both confidence intervals on four; or if more of
something costs more than that.
"""
import concurrent.futures
import re

from infsim_tools.inputs import SOURCE, parser_of, read_json, run
from infsim_tools.simulator import Infsim, add_infsim_option, add_jobs_option

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


class Runs:
    """Measurements with one executable, all of one length where that is given."""

    def __init__(self, infsim, inferences):
        self.infsim = infsim
        self.length = ["--inferences", inferences] if inferences else []

    def throughput(self, network, batch, cores, settings):
        """Items/s, and half of their interval."""
        chosen = [word for setting in settings for word in ("--set", setting)]
        r = self.infsim.json("run", network, "--batch", batch, "--cores", cores, *self.length, *chosen)["record"]
        return r["throughput_avg"], r["throughput_high"] - r["throughput_avg"]


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


def check_more(runs, jobs, chip, network, batch):
    """How many steps to more cost more than both intervals."""
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        asked = [(name, [(v, pool.submit(runs.throughput, network, batch, cores, settings))
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


def check_worse(runs, arguments, chip, network, batch, cores, explain):
    """How many numbers of the chip gain by being worse; `explain`: also print why others cannot be."""
    base, half = runs.throughput(network, batch, cores, [])
    print(f"{network} B={batch} on {cores} cores: {base:.1f} +- {half:.1f} items/s")
    settings = [(k, *worse(k, v)) for k, v in leaves(chip) if arguments.only in k]
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        asked = {k: pool.submit(runs.throughput, network, batch, cores, [f"chip.{x}={v}" for x in WITH.get(k, [k])])
                 for k, v, _ in settings if v is not None}
        for key, value, why in settings:
            if value is None:
                if explain:
                    print(f"  {key:32} {why}")
                continue
            rate, its_half = asked[key].result()
            gain = rate - base
            bad = gain > (half + its_half if cores > 1 else MOMENT * base)
            wrong += bad
            nothing = NOTHING.get(key, "has slack: no inference waits for it") if gain == 0 else ""
            print(f"  {key:32} {value!s:>14} {100 * gain / base:+8.3f} % +- {100 * (half + its_half) / base:.2f}"
                  f"{'  BETTER' if bad else ''}{'  ' + nothing if nothing else ''}", flush=True)
    return wrong


def parsed():
    parser = parser_of(__doc__)
    add_infsim_option(parser)
    add_jobs_option(parser, 2)
    parser.add_argument("--model", metavar="MODEL", help="this network instead of the two")
    parser.add_argument("--batch", default=4, type=int, metavar="N", help="the batch of --model (default 4)")
    parser.add_argument("--cores", nargs="+", default=[1, 4], type=int, metavar="N", help="cores in use for the first part (default 1 4)")
    parser.add_argument("--only", default="", metavar="TEXT", help="in the first part, only keys that contain this text")
    parser.add_argument("--inferences", default=0, type=int, metavar="N", help="measure N per core (default: as infsim run does)")
    return parser.parse_args()


def main():
    arguments = parsed()
    runs = Runs(Infsim(arguments.infsim), arguments.inferences)
    chip = read_json(SOURCE / "configs/chips/inferentia1.json", "git")
    wrong = 0
    networks = [(arguments.model, arguments.batch)] if arguments.model else NETWORKS
    for network, batch in networks:
        for cores in arguments.cores:
            explain = network == networks[0][0] and cores == arguments.cores[0]
            wrong += check_worse(runs, arguments, chip, network, batch, cores, explain)
        wrong += check_more(runs, arguments.jobs, chip, network, batch)
    return 1 if wrong else 0


if __name__ == "__main__":
    run(main)
