#!/usr/bin/python3
"""Draws how far the simulator is from published measurements: simulated against published throughput, and the error of each row.

Open circles are the closed form: a roofline of the compiled program, without a simulation. Writes a PNG and an SVG.
"""
import pathlib

from infsim_tools.charts import FAINT, WALL, add_out_option, plt, save, style
from infsim_tools.inputs import SOURCE, InputError, parser_of, read_csv, run

SIMULATED, CLOSED = "#1f6f9f", WALL
COLUMNS = ["id", "status", "published_throughput_inf_s", "throughput_inf_s", "error", "closed_form_throughput_inf_s", "closed_form_error"]


def draw(rows):
    style()
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
    return figure


def main():
    parser = parser_of(__doc__)
    parser.add_argument("table", nargs="?", type=pathlib.Path, default=SOURCE / "results/validation/validation.csv", metavar="VALIDATION.csv",
                        help="what infsim validate --csv prints (default: results/validation/validation.csv)")
    add_out_option(parser, "the table's name")
    arguments = parser.parse_args()
    rows = [r for r in read_csv(arguments.table, COLUMNS, "infsim validate --csv") if r["status"] == "compared"]
    if not rows:
        raise InputError(f"no row of {arguments.table} was compared, so there is nothing to draw")
    save(draw(rows), arguments.out or arguments.table.with_suffix(""))


if __name__ == "__main__":
    run(main)
