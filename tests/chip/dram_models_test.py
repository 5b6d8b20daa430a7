#!/usr/bin/python3
"""The DRAM model `ddr4`, from the standard's timings alone, agrees with the fitted `bandwidth` on the published points.

Of `bandwidth` the efficiency is fitted; of `ddr4` nothing but the arbitration grain was chosen. All other numbers of the two
chips are the same. Throughput of every row of the calibration table.

usage: dram_models_test.py INFSIM SOURCE_FOLDER
"""
import json
import subprocess
import sys

LIMIT = 0.05


def rows(infsim, source, chip):
    words = [infsim, "validate", "--json", "--chip", f"{source}/configs/chips/{chip}.json"]
    result = subprocess.run(words, check=True, capture_output=True, text=True, cwd=source)
    return {row["id"]: row["simulated"]["throughput_inf_s"] for row in json.loads(result.stdout)["rows"]}


def main(infsim, source):
    bandwidth, ddr4 = (rows(infsim, source, chip) for chip in ("inferentia1", "inferentia1-ddr4"))
    differences = {name: ddr4[name] / bandwidth[name] - 1 for name in bandwidth}
    for name, difference in differences.items():
        print(f"{name:20} {bandwidth[name]:9.1f} items/s  ddr4 {ddr4[name]:9.1f}  {100 * difference:+.1f} %")
    return int(len(differences) != 16 or any(abs(d) > LIMIT for d in differences.values()))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
