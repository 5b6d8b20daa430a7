#!/usr/bin/python3
"""The searching compiler in simulation: never more than 1 % slower than the plain one, and larger batches stay on chip.

usage: best_compiler_test.py INFSIM SOURCE

Three networks of models/ at a few batch sizes; sweeps/best_compiler.json has all of them.
"""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

MODELS, BATCHES = ["resnet50-v1", "attention_block", "three_layers"], [1, 4, 5, 8]


def main():
    infsim, source = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "best_compiler"
        subprocess.run([infsim, "sweep", source / "sweeps/best_compiler.json", "--out", out, "--set", "model=" + json.dumps(MODELS),
                        "--set", "batch=" + json.dumps(BATCHES)], check=True, stdout=subprocess.DEVNULL)
        compared = subprocess.run(["/usr/bin/python3", source / "scripts/compare_compilers.py", out], text=True, capture_output=True)
        print(compared.stdout, compared.stderr)
        with (out / "table.csv").open(newline="") as file:
            fits = {(row["compiler"], row["batch_size"]): row["status"] == "ok" for row in csv.DictReader(file)
                    if row["model_name"] == "resnet50-v1"}
    wanted = {("default", "5"): True, ("default", "8"): False, ("best", "5"): True, ("best", "8"): True}
    for point, expected in wanted.items():
        if fits.get(point) != expected:
            sys.exit(f"resnet50-v1 with compiler {point[0]} at B={point[1]}: {'does not fit' if expected else 'fits'}, without spilling")
    if f"{len(MODELS) * len(BATCHES)} points; best slower by more than 1 %: none" not in compared.stdout:
        sys.exit("the search made a program slower")


if __name__ == "__main__":
    main()
