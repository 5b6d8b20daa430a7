#!/usr/bin/env python3
"""Holds every batch of the default compiler against layer by layer and against smaller batches that make it up.

usage: check_cuts.py [--infsim PATH] [--batches LIST] [--jobs N] [--also FOLDER] [--tolerance PERCENT] [--write] [MODEL...]

For every MODEL (all of models/ unless named, and the .onnx files in FOLDER) and batch: milliseconds that the compiler expects
beside all other cores (expected_service in sim/compiler/search/estimate.hpp), and by how much that is above the best of layer by
layer and of smaller batches of the list one after the other. Programs are compiled, not simulated: tests/README.md, "Estimates",
says how far the two are apart. Prints Markdown; --write puts it between the marks "cuts" of tests/README.md. Exit status 1 where
the default is behind by more than the tolerance (3 %).
"""
import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys

from compare_search import best_cut
from marked import replace_in

SOURCE = pathlib.Path(__file__).resolve().parent.parent


def expected(infsim, model, batch, compiler):
    """Milliseconds; None where the batch does not fit."""
    command = [infsim, "compile", model, "--batch", str(batch), "--compiler", compiler, "--json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode == 3:
        return None
    if run.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {run.stderr}")
    said = json.loads(run.stdout)
    return (3 * said["estimate_shared_ms"] + said["estimate_alone_ms"]) / 4


def row(infsim, model, batches):
    """By batch: expected milliseconds of the default, and how much that is above the best of the others."""
    cells, best = {}, {}
    for batch in batches:
        default = expected(infsim, model, batch, "default")
        others = [t for t in (expected(infsim, model, batch, "layer_by_layer"), best_cut(batch, best)) if t is not None]
        best[batch] = min(([default] if default else []) + others)
        if best[batch] == float("inf"):
            del best[batch]
        behind = None if not default else max(0.0, default / min(others + [default]) - 1)
        cells[batch] = (default, behind)
    return cells


def text(cell):
    default, behind = cell
    if default is None:
        return "does not fit"
    return f"{default:.2f}" + (f" ({100 * behind:+.1f} %)" if behind >= 0.0005 else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--infsim", default=SOURCE / "build/infsim")
    parser.add_argument("--batches", default="1,2,4,6,8,12,16,32,64")
    parser.add_argument("--jobs", default=1, type=int)
    parser.add_argument("--also", type=pathlib.Path)
    parser.add_argument("--tolerance", default=3, type=float)
    parser.add_argument("--write", action="store_true")
    words = parser.parse_args()
    batches = sorted(int(b) for b in words.batches.split(","))
    models = words.models or sorted(p.stem for p in SOURCE.glob("models/*/*.json"))
    models += sorted(map(str, words.also.glob("*.onnx"))) if words.also else []
    lines = ["| ms, expected | " + " | ".join(f"B={b}" for b in batches) + " |", "|---|" + "---|" * len(batches)]
    behind = []
    with concurrent.futures.ThreadPoolExecutor(words.jobs) as pool:
        for model, cells in zip(models, pool.map(lambda m: row(words.infsim, m, batches), models)):
            lines.append(f"| {pathlib.Path(model).stem} | " + " | ".join(text(cells[b]) for b in batches) + " |")
            behind += [cell[1] for cell in cells.values() if cell[1] is not None]
            print(lines[-1], file=sys.stderr, flush=True)
    within = sum(b <= 0.03 for b in behind)
    lines += ["", f"{within} of {len(behind)} points within 3 % of the best of the others, the worst {100 * max(behind):.1f} % behind."]
    print("\n".join(lines))
    if words.write:
        replace_in(SOURCE / "tests/README.md", "cuts", "\n".join(lines))
    return 0 if max(behind) <= words.tolerance / 100 else 1


if __name__ == "__main__":
    sys.exit(main())
