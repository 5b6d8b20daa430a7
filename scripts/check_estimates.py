#!/usr/bin/env python3
"""Holds the compiler's estimate of how long a program takes against the simulation.

usage: check_estimates.py [--infsim PATH] [--batches LIST] [--jobs N] [--also FOLDER] [--write] [MODEL...]

For every MODEL (all of models/ unless named) and batch: the estimate for one inference alone on the chip beside its simulated
service time, and the estimate with a core's share of DRAM beside the service time while all cores are at work. Prints
Markdown; --write puts it between the marks "estimates" of tests/README.md. Exit status 1 where fewer than nine in ten of the
estimates of inferences alone are within 10 %.
"""
import argparse
import concurrent.futures
import pathlib
import statistics
import sys

from infsim_json import infsim_json
from marked import replace_in

SOURCE = pathlib.Path(__file__).resolve().parent.parent
WITHIN, SHARE = 0.10, 0.90


def figures(infsim, model, batch):
    """Estimated and simulated milliseconds, alone and beside all cores."""
    words = [model, "--batch", batch]
    expected = infsim_json(infsim, "compile", *words)
    record = infsim_json(infsim, "run", *words, "--workers", 1)["record"]
    return (expected["estimate_alone_ms"], record["unloaded_service_ms"],
            expected["estimate_shared_ms"], record["service_ms"])


def row(name, batch, alone, simulated, shared, loaded):
    return (f"| {name} | {batch} | {alone:.3f} | {simulated:.3f} | {100 * (alone / simulated - 1):+.1f} % | "
            f"{shared:.3f} | {loaded:.3f} | {100 * (shared / loaded - 1):+.1f} % |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--infsim", default=SOURCE / "build/infsim")
    parser.add_argument("--batches", default="1,2,4,6,8,12,16,32")
    parser.add_argument("--jobs", default=1, type=int)
    parser.add_argument("--also", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    words = parser.parse_args()
    models = words.models or sorted(p.stem for p in SOURCE.glob("models/*/*.json"))
    models += sorted(map(str, words.also.glob("*.onnx"))) if words.also else []
    points = [(m, int(b)) for m in models for b in words.batches.split(",")]
    lines = ["| network | B | alone: estimate ms | simulated ms | error | all cores: estimate ms | simulated ms | error |",
             "|---|---|---|---|---|---|---|---|"]
    errors = []
    with concurrent.futures.ThreadPoolExecutor(words.jobs) as pool:
        for (model, batch), found in zip(points, pool.map(lambda p: figures(words.infsim, *p), points)):
            lines.append(row(pathlib.Path(model).stem, batch, *found))
            errors.append((abs(found[0] / found[1] - 1), abs(found[2] / found[3] - 1)))
            print(lines[-1], file=sys.stderr, flush=True)
    good = [sum(e[i] <= WITHIN for e in errors) for i in (0, 1)]
    lines += ["", f"Within {100 * WITHIN:.0f} %: {good[0]} of {len(errors)} alone, {good[1]} with all cores at work; median error "
              f"{100 * statistics.median(e[0] for e in errors):.1f} % and {100 * statistics.median(e[1] for e in errors):.1f} %."]
    print("\n".join(lines))
    if words.write:
        replace_in(SOURCE / "tests/README.md", "estimates", "\n".join(lines))
    return 0 if good[0] >= SHARE * len(errors) else 1


if __name__ == "__main__":
    sys.exit(main())
