#!/usr/bin/python3
"""Fits constants of the chip to the published points, and says how far the fit can be trusted.

usage: fit_chip.py [--infsim PATH] [--table FILE.csv] [--start VALUES] [--jobs N] [--out FILE.json] [--write]

Least squares over log(simulated / published), each constant held to what is documented or inferred of it (its prior).
`infsim validate` is the only model: constants of the chip, none of a network or a batch. Then every row and every
network is left out in turn, the rest fitted again, and the points that were left out predicted. Writes all of it to
--out (default tests/published/fit.json); --write also puts values, grade and points into the chip file. What is drawn from
it: scripts/write_validation.py. An evaluation takes some ten seconds, a fit with everything about a quarter of an hour.
"""
import argparse
import json
import math
import pathlib
import re
import subprocess
import sys

import numpy

SOURCE = pathlib.Path(__file__).resolve().parent.parent
CHIP = SOURCE / "configs/chips/inferentia1.json"
ERROR = 0.04        # of a published point that we take as good: rounding, clocks, versions
ROUNDS = (4,)       # of the fit, with new slopes before each
STEP = 0.12         # of a finite difference, relative: far above the error of a measurement


class Constant:
    """A number of the chip: where it stands (several places share one value), its text, and what is known without a fit."""

    def __init__(self, keys, unit, digits, prior, width, low, high, why):
        self.keys, self.unit, self.digits, self.prior, self.width = keys, unit, digits, prior, width
        self.low, self.high, self.why = low, high, why

    def text(self, x):
        number = f"{x:.{self.digits}f}"
        return number + self.unit

    def rounded(self, x):
        return float(f"{min(max(x, self.low), self.high):.{self.digits}f}")


# Widths are of the logarithm: 0.1 is about 10 %.
CONSTANTS = [
    Constant(["dram.model.efficiency"], "", 3, 0.80, 0.10, 0.5, 1.0,
             "share of a channel's peak that several cores together sustain"),
    Constant(["dma.core_bandwidth"], "GB/s", 1, 21.4, 0.10, 15, 32,
             "the most that one core draws, however many channels it reads"),
    Constant(["dma.min_row"], "B", 0, 2048, 0.30, 1024, 4096,
             "what a shorter contiguous run costs; documented for NeuronCore-v2: efficient from 2 KiB on, saturated at 4"),
    Constant(["pe.matmul_overhead"], "cycles", 0, 64, 1.0, 16, 512,
             "static cost of a matmul; documented for NeuronCore-v2: about 64 cycles"),
    Constant(["act.clock", "pool.clock"], "MHz", 0, 976.5625, 1.0, 200, 977,
             "rate at which ACT and POOL take elements, evacuation of PSUM above all; the PE's clock is an upper bound"),
]


def run(command, values):
    """Rows of a validation with these values in place of the chip file's."""
    command = list(command)
    for constant, x in zip(CONSTANTS, values):
        for key in constant.keys:
            command += ["--set", f"chip.{key}={constant.text(x)}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {result.returncode}\n{result.stderr}")
    return json.loads(result.stdout)["rows"]


class Model:
    """Simulated / published of every row for given constants; remembers what it ran."""

    def __init__(self, infsim, table, jobs):
        self.command = [str(infsim), "validate", str(table), "--json", "--jobs", str(jobs)]
        self.known, self.rows = {}, []

    def __call__(self, values):
        key = tuple(constant.rounded(x) for constant, x in zip(CONSTANTS, values))
        if key not in self.known:
            rows = run(self.command, key)
            lost = [r["id"] for r in rows if r["status"] != "compared"]
            if lost:
                sys.exit(f"rows that were not compared: {', '.join(lost)}")
            self.rows = self.rows or [(r["id"], r["model"]) for r in rows]
            self.known[key] = numpy.array([math.log1p(r["simulated"]["error"]) for r in rows])
            errors = " ".join(f"{100 * math.expm1(e):+6.1f}" for e in self.known[key])
            print(f"{' '.join(c.text(x) for c, x in zip(CONSTANTS, key)):48}  {errors}", file=sys.stderr, flush=True)
        return self.known[key]


def cost(model, values, rows):
    """Squared misfit of the rows, plus that of the constants to their priors."""
    priors = [math.log(x / c.prior) / c.width for c, x in zip(CONSTANTS, values)]
    return float(sum((model(values)[rows] / ERROR) ** 2) + sum(p * p for p in priors))


def jacobian(model, values):
    """d log(simulated) / d log(constant), from a step towards the middle of each constant's range."""
    columns = []
    for i, constant in enumerate(CONSTANTS):
        there = list(values)
        up = values[i] * (1 + STEP) <= constant.high
        there[i] = constant.rounded(values[i] * (1 + STEP if up else 1 - STEP))
        columns.append((model(there) - model(values)) / math.log(there[i] / values[i]))
    return numpy.array(columns).T


def step_from(model, values, rows, slopes, damping):
    """Where a Gauss-Newton step in logarithms leads."""
    widths = numpy.array([c.width for c in CONSTANTS])
    weighted = slopes[rows] / ERROR
    normal = weighted.T @ weighted + numpy.diag(1 / widths ** 2)
    errors = model(values)[rows] / ERROR
    priors = numpy.array([math.log(x / c.prior) for c, x in zip(CONSTANTS, values)]) / widths
    step = numpy.linalg.solve(normal + damping * numpy.diag(numpy.diag(normal)), -(weighted.T @ errors + priors / widths))
    return [c.rounded(x * math.exp(max(-0.5, min(0.5, s)))) for c, x, s in zip(CONSTANTS, values, step)]


def fit(model, start, rows, slopes, rounds):
    """Steps with a damping that grows where one did not help; the best constants that were tried."""
    best, damping = [c.rounded(x) for c, x in zip(CONSTANTS, start)], 0.0
    for _ in range(rounds):
        there = step_from(model, best, rows, slopes, damping)
        if there == best:
            break
        if cost(model, there, rows) < cost(model, best, rows):
            best, damping = there, damping / 3
        else:
            damping = max(damping, 0.2) * 5
    return best


def left_out(model, best, slopes, groups):
    """For each group of rows: the errors of its rows when the others alone are fitted, by row id.

    One full step from the fit of all, taken whether or not it helps the others: where jitter would refuse it, the
    constants would still know the rows that were left out.
    """
    errors, values = {}, {}
    everything = list(range(len(model.rows)))
    for name, rows in groups.items():
        rest = [r for r in everything if r not in rows]
        there = step_from(model, best, rest, slopes, 0.0)
        values[name] = {c.keys[0]: c.text(x) for c, x in zip(CONSTANTS, there)}
        for r in rows:
            errors[model.rows[r][0]] = math.expm1(model(there)[r])
    return {"errors": errors, "mean_absolute_error": float(numpy.mean([abs(e) for e in errors.values()])), "constants": values}


def sensitivity(model, slopes):
    """Change of each row's throughput, as a share, for a constant 10 % larger."""
    return {c.keys[0]: {model.rows[r][0]: float(math.expm1(slopes[r, i] * math.log(1.1))) for r in range(len(model.rows))}
            for i, c in enumerate(CONSTANTS)}


def report(model, best, slopes):
    errors = {model.rows[r][0]: math.expm1(e) for r, e in enumerate(model(best))}
    families = {}
    for r, (_, name) in enumerate(model.rows):
        families.setdefault("resnet50" if name.startswith("resnet50") else name, []).append(r)
    return {
        "constants": [{"keys": c.keys, "value": c.text(x), "prior": c.text(c.prior), "why": c.why} for c, x in zip(CONSTANTS, best)],
        "points": [name for name, _ in model.rows],
        "fit": {"errors": errors, "mean_absolute_error": float(numpy.mean([abs(e) for e in errors.values()]))},
        "leave_one_row_out": left_out(model, best, slopes, {name: [r] for r, (name, _) in enumerate(model.rows)}),
        "leave_one_model_out": left_out(model, best, slopes, families),
        "sensitivity": sensitivity(model, slopes),
    }


def write_chip(result):
    """Values, grade and points into the chip file, each on the line where it stands."""
    text = CHIP.read_text()
    points = ", ".join(result["points"])
    for constant in result["constants"]:
        for key in constant["keys"]:
            path = key.split(".")
            value = constant["value"] if re.search("[A-Za-z]", constant["value"]) else float(constant["value"])
            entry = {"value": value, "grade": "UNK, fitted", "source": f"{constant['why']}; fitted to {points} by scripts/fit_chip.py"}
            start = text.index(f'"{path[0]}": {{')
            for group in path[1:-1]:
                start = text.index(f'"{group}": {{', start)
            pattern = re.compile(rf'("{path[-1]}": )\{{[^{{}}]*\}}')
            match = pattern.search(text, start)
            text = text[:match.start()] + match.group(1) + json.dumps(entry) + text[match.end():]
    CHIP.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--infsim", default=SOURCE / "build/infsim", type=pathlib.Path)
    parser.add_argument("--table", default=SOURCE / "tests/published/inf1_calibration.csv", type=pathlib.Path)
    parser.add_argument("--out", default=SOURCE / "tests/published/fit.json", type=pathlib.Path)
    parser.add_argument("--jobs", default=2, type=int)
    parser.add_argument("--start", help="values to start from, separated by commas (default: the priors)")
    parser.add_argument("--write", action="store_true", help="also put the values into the chip file")
    words = parser.parse_args()
    start = [float(x) for x in words.start.split(",")] if words.start else [c.prior for c in CONSTANTS]
    model = Model(words.infsim, words.table, words.jobs)
    model(start)
    best, everything = start, list(range(len(model.rows)))
    for rounds in ROUNDS:   # slopes of where the fit begins, then of where that led
        best = fit(model, best, everything, jacobian(model, best), rounds)
    result = report(model, best, jacobian(model, best))
    words.out.write_text(json.dumps(result, indent=1) + "\n")
    if words.write:
        write_chip(result)
    for name in ("fit", "leave_one_row_out", "leave_one_model_out"):
        print(f"{name.replace('_', ' ')}: mean absolute error {100 * result[name]['mean_absolute_error']:.1f} %")


if __name__ == "__main__":
    main()
