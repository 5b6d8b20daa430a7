#!/usr/bin/python3
"""Tables and picture of how the simulator holds against published silicon.

usage: write_validation.py [--check]

Reads results/validation/validation.csv (`infsim validate --csv`) and tests/published/fit.json (fit_chip.py); writes the
tables between the marks in README.md and sim/chip/README.md and results/validation/validation.png and .svg. --check
writes nothing and exits with 1 where a table is not what it would write.
"""
import argparse
import csv
import json
import pathlib

from marked import renew

SOURCE = pathlib.Path(__file__).resolve().parent.parent
FOLDER = SOURCE / "results/validation"
INK, FAINT, SIMULATED, CLOSED = "#222222", "#9aa3ab", "#1f6f9f", "#b5483c"


def percent(share):
    return f"{100 * float(share):+.1f} %"


def mean_and_worst(errors):
    sizes = [abs(float(e)) for e in errors]
    return 100 * sum(sizes) / len(sizes), 100 * max(sizes)


def rows_table(rows, fit):
    lines = ["| row | network | batch | busy cores | published items/s | simulated | error | left out | closed form |", "|---|---|---|---|---|---|---|---|---|"]
    for r in rows:
        lines.append(f"| {r['id']} | {r['model']}, {r['dtype']} | {r['batch_compiled']} | {r['cores_busy']} | "
                     f"{float(r['published_throughput_inf_s']):.1f} | {float(r['throughput_inf_s']):.1f} | {percent(r['throughput_error'])} | "
                     f"{percent(fit['leave_one_row_out']['errors'][r['id']])} | {percent(r['closed_form_error'])} |")
    simulated, closed = (mean_and_worst(r[c] for r in rows) for c in ("throughput_error", "closed_form_error"))
    out = 100 * fit["leave_one_row_out"]["mean_absolute_error"]
    lines.append(f"| mean / worst | | | | | | {simulated[0]:.1f} / {simulated[1]:.1f} % | {out:.1f} % | {closed[0]:.1f} / {closed[1]:.1f} % |")
    lines.append("")
    lines.append(f"Left out: the row's error where the constants are fitted to the other six. A whole network left out: "
                 f"{100 * fit['leave_one_model_out']['mean_absolute_error']:.1f} % on average.")
    return "\n".join(lines)


def constants_table(fit):
    points = fit["points"]
    lines = ["| constant | value | before the fit | what it is | " + " | ".join(points) + " |", "|---" * (4 + len(points)) + "|"]
    for c in fit["constants"]:
        changes = " | ".join(percent(fit["sensitivity"][c["keys"][0]][p]) for p in points)
        lines.append(f"| {', '.join(c['keys'])} | {c['value']} | {c['prior']} | {c['why']} | {changes} |")
    lines.append("| error of the fit | | | | " + " | ".join(percent(fit["fit"]["errors"][p]) for p in points) + " |")
    return "\n".join(lines)


def draw(rows):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    plt.rcParams.update({"svg.hashsalt": "infsim", "font.family": "DejaVu Sans", "font.size": 10, "axes.spines.top": False,
                         "axes.spines.right": False, "axes.edgecolor": FAINT, "axes.titlesize": 11, "axes.titleweight": "bold",
                         "axes.titlelocation": "left", "axes.grid": True, "grid.color": "#e6e9ec", "axes.axisbelow": True, "legend.frameon": False})
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.6), gridspec_kw={"width_ratios": [1, 1.15]})
    published = [float(r["published_throughput_inf_s"]) for r in rows]
    span = [min(published) * 0.7, max(published) * 1.5]
    left.fill_between(span, [0.9 * x for x in span], [1.1 * x for x in span], color="#e6eef3", label="within 10 %")
    left.plot(span, span, color=FAINT, linewidth=1)
    left.scatter(published, [float(r["closed_form_throughput_inf_s"]) for r in rows], facecolors="none", edgecolors=CLOSED, label="closed form")
    left.scatter(published, [float(r["throughput_inf_s"]) for r in rows], color=SIMULATED, label="simulated", zorder=3)
    left.set(xscale="log", yscale="log", xlim=span, ylim=span, xlabel="published, items/s", ylabel="simulated, items/s",
             title="Throughput of real and simulated Inf1")
    left.legend(loc="upper left")
    places = range(len(rows))
    right.axvspan(-10, 10, color="#e6eef3")
    right.axvline(0, color=FAINT, linewidth=1)
    right.scatter([100 * float(r["closed_form_error"]) for r in rows], places, facecolors="none", edgecolors=CLOSED)
    right.scatter([100 * float(r["throughput_error"]) for r in rows], places, color=SIMULATED, zorder=3)
    right.set(yticks=list(places), xlabel="simulated / published - 1, %", title="Error of each row")
    right.set_yticklabels([f"{r['model']} B={r['batch_compiled']}, {r['cores_busy']} core{'s' if r['cores_busy'] != '1' else ''}" for r in rows])
    right.invert_yaxis()
    figure.tight_layout()
    for suffix, options in ((".png", {"dpi": 130, "metadata": {"Software": None}}), (".svg", {"metadata": {"Date": None}})):
        figure.savefig(FOLDER / ("validation" + suffix), **options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 where a table would change")
    check = parser.parse_args().check
    with open(FOLDER / "validation.csv", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["status"] == "compared"]
    fit = json.loads((SOURCE / "tests/published/fit.json").read_text())
    texts = {SOURCE / "README.md": rows_table(rows, fit), SOURCE / "sim/chip/README.md": constants_table(fit)}
    for path, table in texts.items():
        renew(path, "validation", table, check)
    if not check:
        draw(rows)


if __name__ == "__main__":
    main()
