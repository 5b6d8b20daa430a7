#!/usr/bin/python3
"""Tables and picture of how the simulator holds against published silicon.

usage: write_validation.py [--check]

Reads results/validation/validation.csv (`infsim validate --csv`) and tests/published/fit.json (`infsim calibrate --json`); writes the
tables between the marks in results/README.md and sim/chip/README.md and results/validation/validation.png and .svg. --check
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


def figure(row, column):
    """Published or simulated, with its unit: the throughput where that was published, else the latency."""
    published = {"throughput": "published_throughput_inf_s", "latency": "published_latency_ms_p50"}
    simulated = {"throughput": "throughput_inf_s", "latency": "latency_ms_p50"}
    kind = "throughput" if row["published_throughput_inf_s"] else "latency"
    number = float(row[(published if column == "published" else simulated)[kind]])
    return f"{number:.1f} /s" if kind == "throughput" else f"{number:.2f} ms"


def rows_table(rows, fit):
    lines = ["| row | network | batch | busy cores | published | simulated | error | row left out | network left out | closed form |", "|---" * 10 + "|"]
    for r in rows:
        left_out = [percent(fit[f"leave_one_{what}_out"]["errors"][r["id"]]) for what in ("row", "model")]
        lines.append(f"| {r['id']} | {r['model']}, {r['dtype']} | {r['batch_compiled']} | {r['cores_busy']} | {figure(r, 'published')} | "
                     f"{figure(r, 'simulated')} | {percent(r['error'])} | {left_out[0]} | {left_out[1]} | {percent(r['closed_form_error'])} |")
    simulated, closed = (mean_and_worst(r[c] for r in rows) for c in ("error", "closed_form_error"))
    row, model = (100 * fit[f"leave_one_{what}_out"]["mean_absolute_error"] for what in ("row", "model"))
    lines.append(f"| mean / worst | | | | | | {simulated[0]:.1f} / {simulated[1]:.1f} % | {row:.1f} % | {model:.1f} % | {closed[0]:.1f} / {closed[1]:.1f} % |")
    lines.append("")
    lines.append("Left out: the row's error where the constants are fitted to the other rows, or to those of other networks.")
    return "\n".join(lines)


def summary(rows, fit):
    """The README's sentence."""
    mean, worst = mean_and_worst(r["error"] for r in rows)
    row, model = (100 * fit[f"leave_one_{what}_out"]["mean_absolute_error"] for what in ("row", "model"))
    return (f"{len(rows)} measured points of real Inf1 instances are simulated with a mean error of {mean:.1f} % and a worst one of {worst:.1f} %. Rows\n"
            f"that the fit has not seen are off by {row:.1f} %, networks that it has not seen by {model:.1f} %. {len(fit['constants'])} constants of the chip are\n"
            "fitted, none of a network or a batch.")


def constants_table(fit):
    lines = ["| constant | value | known before | what it is |", "|---" * 4 + "|"]
    lines += [f"| {', '.join(c['keys'])} | {c['value']} | {c['prior']} | {c['why']} |" for c in fit["constants"]]
    names = [", ".join(c["keys"]) for c in fit["constants"]]
    lines += ["", "| row | error of the fit | " + " | ".join(names) + " |", "|---" * (2 + len(names)) + "|"]
    for p in fit["points"]:
        changes = " | ".join(percent(fit["sensitivity"][c["keys"][0]][p]) for c in fit["constants"])
        lines.append(f"| {p} | {percent(fit['fit']['errors'][p])} | {changes} |")
    return "\n".join(lines)


def draw(rows):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    plt.rcParams.update({"svg.hashsalt": "infsim", "font.family": "DejaVu Sans", "font.size": 10, "axes.spines.top": False,
                         "axes.spines.right": False, "axes.edgecolor": FAINT, "axes.titlesize": 11, "axes.titleweight": "bold",
                         "axes.titlelocation": "left", "axes.grid": True, "grid.color": "#e6e9ec", "axes.axisbelow": True, "legend.frameon": False})
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 5.4), gridspec_kw={"width_ratios": [1, 1.15]})
    timed = [r for r in rows if r["published_throughput_inf_s"]]
    published = [float(r["published_throughput_inf_s"]) for r in timed]
    span = [min(published) * 0.7, max(published) * 1.5]
    left.fill_between(span, [0.9 * x for x in span], [1.1 * x for x in span], color="#e6eef3", label="within 10 %")
    left.plot(span, span, color=FAINT, linewidth=1)
    left.scatter(published, [float(r["closed_form_throughput_inf_s"]) for r in timed], facecolors="none", edgecolors=CLOSED, label="closed form")
    left.scatter(published, [float(r["throughput_inf_s"]) for r in timed], color=SIMULATED, label="simulated", zorder=3)
    left.set(xscale="log", yscale="log", xlim=span, ylim=span, xlabel="published, items/s", ylabel="simulated, items/s",
             title="Throughput of real and simulated Inf1")
    left.legend(loc="upper left")
    places = range(len(rows))
    right.axvspan(-10, 10, color="#e6eef3")
    right.axvline(0, color=FAINT, linewidth=1)
    right.scatter([100 * float(r["closed_form_error"]) for r in rows], places, facecolors="none", edgecolors=CLOSED)
    right.scatter([100 * float(r["error"]) for r in rows], places, color=SIMULATED, zorder=3)
    right.set(yticks=list(places), xlabel="simulated / published - 1, %", title="Error of each row")
    right.set_yticklabels([r["id"] for r in rows])
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
    texts = {"README.md": summary(rows, fit), "results/README.md": rows_table(rows, fit), "sim/chip/README.md": constants_table(fit)}
    for path, text in texts.items():
        renew(SOURCE / path, "validation", text, check)
    if not check:
        draw(rows)


if __name__ == "__main__":
    main()
