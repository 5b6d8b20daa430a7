#!/usr/bin/python3
"""Holds the records of a few small points against the committed ones, to the last digit.

usage: records_test.py INFSIM [--update]

Equal inputs must give equal results, or stored results of older builds would pass for new ones. So when a point keeps
its id and its results change, the test fails: raise flow::kResultsEpoch and run with --update. --update refuses while
an id still stands for two results. A point that got another id (a chip file or an option changed) only needs --update,
and so do new prices and energies, which are no part of an id.
"""
import json
import pathlib
import subprocess
import sys

GOLDEN = pathlib.Path(__file__).with_name("records.json")
POINTS = {
    "three_layers B=1": ["three_layers"],
    "three_layers B=4, one worker": ["three_layers", "--batch", "4", "--workers", "1"],
    "three_layers B=3, one core, bf16": ["three_layers", "--batch", "3", "--cores", "1", "--dtype", "bf16"],
    "three_layers B=2, two starts of seed 7": ["three_layers", "--batch", "2", "--seed", "7", "--offset-sets", "2"],
    "three_layers B=16 in 6 KiB, spilling": ["three_layers", "--batch", "16", "--compiler", "layer_by_layer", "--set", "chip.state_buffer.partition_bytes=6KiB"],
    "three_layers B=8 in 2 KiB": ["three_layers", "--batch", "8", "--compiler", "layer_by_layer", "--set", "compiler.spill.spill=false", "--set", "chip.state_buffer.partition_bytes=2KiB"],
    "resnet50-v1 B=8, spilling": ["resnet50-v1", "--batch", "8", "--compiler", "layer_by_layer"],
    "resnet50-v1 B=8, cut up": ["resnet50-v1", "--batch", "8"],
    "attention_block B=2": ["attention_block", "--batch", "2"],
}


def run(infsim, words):
    result = subprocess.run([infsim, "run", *words, "--json", "--verify"], capture_output=True, text=True)
    if result.returncode not in (0, 3):
        sys.exit(f"infsim run {' '.join(words)}: exit status {result.returncode}\n{result.stderr}")
    return json.loads(result.stdout)["record"]


def measured(record):
    """Without the columns that are put in when a record is shown, which prices and energies of the chip file change."""
    return {key: value for key, value in record.items() if not key.startswith(("energy_", "cost_"))}


def differences(old, new):
    return [f"  {key}: {old.get(key)} is now {new.get(key)}" for key in sorted(old.keys() | new.keys())
            if old.get(key) != new.get(key)]


def main():
    infsim, update = sys.argv[1], "--update" in sys.argv[2:]
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.is_file() else {}
    records = {name: run(infsim, words) for name, words in POINTS.items()}
    same_id_other_results, outdated = [], []
    for name, record in records.items():
        old = golden.get(name)
        if old == record:
            continue
        if old and old["point_id"] == record["point_id"] and measured(old) != measured(record):
            same_id_other_results += [f"{name}: same id, other results", *differences(old, record)]
        else:
            outdated += [f"{name}: not as committed", *differences(old or {}, record)]
    if same_id_other_results:
        sys.exit("\n".join([*same_id_other_results, "raise flow::kResultsEpoch (sim/flow/point/point.hpp), build, and run "
                            "this with --update"]))
    if update:
        GOLDEN.write_text(json.dumps(records, indent=1) + "\n")
    elif outdated or golden.keys() != records.keys():
        sys.exit("\n".join([*outdated, "if this is meant, run this with --update"]))


if __name__ == "__main__":
    main()
