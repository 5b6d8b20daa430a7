#!/usr/bin/python3
"""Writes the tables of README.md, results/README.md and sim/chip/README.md that are made from results/ and tests/published/.

Each is a block between <!-- NAME --> and <!-- end of NAME -->:

batches      README.md: each batch under AWS's compiler of 2021 and under the default (results/resnet50_batch)
flags        results/README.md: throughput with each of Neuron's flags off and on (results/flag_*)
lengths      results/README.md: BERT-base by length and batch (results/bert_length)
static       results/README.md: throughput without and with static weights (results/static_weights)
uncertainty  results/README.md: which claims depend on which constant of the chip (results/uncertainty)
validation   all three pages: simulation against published silicon (results/validation, tests/published/fit.json)

Nothing is simulated; scripts/renew_results.sh renews what the tables are made from.
"""
from infsim_tools.blocks import check_block, markdown, write_block
from infsim_tools.inputs import SOURCE, parser_of, read_csv, read_json, run
from infsim_tools.tables import Table

AWS, DEFAULT = "neuron-2021", "default"   # compilers
NOTABLE = 0.05   # change of throughput from which a constant is listed
LIMITS = ("fits_without_spilling", "knee", "b95", "best")
VALIDATION = ["id", "model", "dtype", "batch_compiled", "cores_busy", "status", "published_throughput_inf_s", "throughput_inf_s",
              "published_latency_ms_p50", "latency_ms_p50", "error", "closed_form_error"]


def percent(share):
    return f"{100 * float(share):+.1f} %"


def batches_table(rows):
    """A row of the README's first table for each batch."""
    head = ["batch", "items/s, AWS 2021", "items/s, default", "95 % interval", "latency p50 ms", "p99 ms", "weights read per item"]
    lines = []
    for batch in sorted({r["batch_size"] for r in rows}):
        of = {r["compiler"]: r for r in rows if r["batch_size"] == batch}
        aws, default = of[AWS], of[DEFAULT]
        lines.append([batch, f"{aws['throughput_avg']:.0f}" if aws["status"] == "ok" else "does not fit", f"{default['throughput_avg']:.0f}",
                      f"{default['throughput_low']:.0f} to {default['throughput_high']:.0f}", f"{default['latency_ms_p50']:.2f}",
                      f"{default['latency_ms_p99']:.2f}", f"{default['weight_bytes_per_inference'] / 1e6:.1f} MB"])
    return markdown(head, lines)


def milliseconds_per_text(row):
    """Of a core's time; infinite where the batch does not fit."""
    return 1e3 * row["n_models"] / row["throughput_avg"] if row["status"] == "ok" else float("inf")


def lengths_table(rows):
    """Milliseconds of a core for each text, by length and batch; the best batch of a length in bold."""
    batches = sorted({r["batch_size"] for r in rows})
    lines = []
    for length in sorted({r["dims.seq"] for r in rows}):
        times = {r["batch_size"]: milliseconds_per_text(r) for r in rows if r["dims.seq"] == length}
        best = min(times, key=times.get)
        lines.append([length] + ["does not fit" if times[b] == float("inf") else f"**{times[b]:.2f}**" if b == best else f"{times[b]:.2f}"
                                 for b in batches])
    return markdown(["tokens", *(f"B={b}" for b in batches)], lines)


def megabytes(n):
    return f"{n / 1e6:.{1 if n < 1e8 else 0}f} MB"


def point_text(row, with_weights=False):
    """A point in a cell: throughput, the weights that an item reads, and what a batch spills: bytes to DRAM and back."""
    if row["status"] != "ok":
        return "does not fit"
    weights = f", weights {megabytes(row['weight_bytes_per_inference'])}/item" if with_weights else ""
    moved = row["spill_save_bytes"] + row["spill_reload_bytes"]
    spilled = f", spill {megabytes(moved)}" if moved else ""
    return f"{row['throughput_avg']:.0f} items/s{weights}{spilled}"


def flag_rows(flag, wanted=lambda row: True):
    """A row for each setting of the other axes: the flag off, and on."""
    columns = (flag, "batch_size", "throughput_avg", "weight_bytes_per_inference", "spill_save_bytes", "spill_reload_bytes")
    folder = "flag_" + {"batching_en": "batching", "enable-replication": "replication", "rematerialization_en": "rematerialization",
                        "spill_dis": "spill"}[flag]
    points = [row for row in rows_of(folder, *columns) if wanted(row)]
    off, on = ([row for row in points if row[flag] == value] for value in (False, True))
    lines = []
    for a, b in zip(off, on):
        at = f"{a['batch_size']}" + (f", `sb_size` {a['sb_size']}" if "sb_size" in a else "")
        weights = a["weight_bytes_per_inference"] != b["weight_bytes_per_inference"] and b["status"] == "ok"
        lines.append([f"`{flag}`", at, point_text(a, weights), point_text(b, weights)])
    return lines


def flags_tables():
    """Each flag off and on, then sb_size by batch; ResNet-50 v1, layer by layer."""
    lines = [*flag_rows("batching_en", lambda row: row["batch_size"] > 1), *flag_rows("enable-replication"),
             *flag_rows("rematerialization_en", lambda row: row["batch_size"] == 2 and row["sb_size"] < 40),
             *flag_rows("spill_dis", lambda row: row["batch_size"] > 4)]
    sizes = rows_of("flag_sb_size", "sb_size", "batch_size", "throughput_avg", "spill_save_bytes", "spill_reload_bytes")
    batches = sorted({row["batch_size"] for row in sizes})
    by_size = [[f"{size}", *(point_text(row) for b in batches for row in sizes if (row["sb_size"], row["batch_size"]) == (size, b))]
               for size in sorted({row["sb_size"] for row in sizes})]
    return (markdown(["flag", "batch", "off", "on"], lines) + "\n\n"
            + markdown(["`sb_size`", *(f"B={b}" for b in batches)], by_size))


def static_weights_table(rows):
    """Throughput by state buffer and batch, without static weights and with them; one number where they change nothing."""
    key, size = "compiler.place.static_weights", "chip.state_buffer.bytes"
    batches = sorted({row["batch_size"] for row in rows})
    by = {(row[key], row[size], row["batch_size"]): row for row in rows}
    lines = []
    for buffer in sorted({row[size] for row in rows}):
        cells = []
        for batch in batches:
            off, on = (f"{by[keeps, buffer, batch]['throughput_avg']:.0f}" for keeps in (False, True))
            cells.append(off if off == on else f"{off}; {on}")
        lines.append([f"{buffer / 2**20:.0f} MiB", *cells])
    return markdown(["state buffer", *(f"B={b}" for b in batches)], lines)


def uncertainty_table(report):
    """The constants that move a batch, or throughput by at least NOTABLE."""
    before = report["before"]
    lines = [["as the file has it", "", "", *(before[name] for name in LIMITS), f"{before['items_s_first']:.0f}", f"{before['items_s_best']:.0f}"]]
    named = set()
    for case in report["cases"]:
        changes = [case[key] / before[key] - 1 for key in ("items_s_first", "items_s_best")]
        if not case["moved"] and max(map(abs, changes)) < NOTABLE:
            continue
        named.add(case["key"])
        lines.append([f"{case['key']}, {case['grade']}", case["value"], case["changed"],
                      *(case[name] if name in case["moved"] else "" for name in LIMITS),
                      *(percent(c) if abs(c) >= 0.0005 else "" for c in changes)])
    keys = {case["key"] for case in report["cases"]}
    head = ["constant, grade", "from", "to", "fits", "knee", "b95", "best", "items/s at B=1", "at best"]
    return markdown(head, lines) + f"\n\n{len(keys - named)} of {len(keys)} constants move none of that either way."


def mean_and_worst(errors):
    sizes = [abs(float(e)) for e in errors]
    return 100 * sum(sizes) / len(sizes), 100 * max(sizes)


def left_out_errors(fit):
    """Mean error in percent of rows left out of the fit, and of networks left out."""
    return [100 * fit[f"leave_one_{what}_out"]["mean_absolute_error"] for what in ("row", "model")]


def figure(row, of):
    """Published or simulated, with its unit: the throughput where that was published, else the latency."""
    prefix = "published_" if of == "published" else ""
    if row["published_throughput_inf_s"]:
        return f"{float(row[prefix + 'throughput_inf_s']):.1f} /s"
    return f"{float(row[prefix + 'latency_ms_p50']):.2f} ms"


def validation_rows(rows, fit):
    head = ["row", "network", "batch", "busy cores", "published", "simulated", "error", "row left out", "network left out", "closed form"]
    lines = [[r["id"], f"{r['model']}, {r['dtype']}", r["batch_compiled"], r["cores_busy"], figure(r, "published"), figure(r, "simulated"),
              percent(r["error"]), *(percent(fit[f"leave_one_{what}_out"]["errors"][r["id"]]) for what in ("row", "model")),
              percent(r["closed_form_error"])] for r in rows]
    simulated, closed = (mean_and_worst(r[c] for r in rows) for c in ("error", "closed_form_error"))
    row, model = left_out_errors(fit)
    lines.append(["mean / worst", "", "", "", "", "", f"{simulated[0]:.1f} / {simulated[1]:.1f} %", f"{row:.1f} %", f"{model:.1f} %",
                  f"{closed[0]:.1f} / {closed[1]:.1f} %"])
    return (markdown(head, lines) + "\n\nLeft out: the row's error if the constants are fitted without this row, or without all rows of "
            "this network.")


def validation_sentence(rows, fit):
    mean, worst = mean_and_worst(r["error"] for r in rows)
    row, model = left_out_errors(fit)
    return (f"The simulation differs from {len(rows)} published measurements of real Inf1 instances by {mean:.1f} % on average and by {worst:.1f} %\n"
            f"at worst. For a measurement that the fit has not seen, the mean error is {row:.1f} %; for a network that it has not seen,\n"
            f"{model:.1f} %. {len(fit['constants'])} constants of the chip are fitted, none of a network or of a batch.")


def constants_tables(fit):
    constants = [[", ".join(c["keys"]), c["value"], c["prior"], c["why"]] for c in fit["constants"]]
    errors = [[p, percent(fit["fit"]["errors"][p]), *(percent(fit["sensitivity"][c["keys"][0]][p]) for c in fit["constants"])] for p in fit["points"]]
    return (markdown(["constant", "value", "known before", "what it is"], constants) + "\n\n"
            + markdown(["row", "error of the fit", *(c[0] for c in constants)], errors))


def validation():
    """(page, table) of the three blocks about published silicon."""
    rows = [r for r in read_csv(SOURCE / "results/validation/validation.csv", VALIDATION, "infsim validate --csv") if r["status"] == "compared"]
    fit = read_json(SOURCE / "tests/published/fit.json", "infsim calibrate --json")
    return [("README.md", validation_sentence(rows, fit)), ("results/README.md", validation_rows(rows, fit)),
            ("sim/chip/README.md", constants_tables(fit))]


def rows_of(folder, *columns):
    return Table(SOURCE / "results" / folder).require(*columns).records()


BLOCKS = {
    "batches": lambda: [("README.md", batches_table(rows_of("resnet50_batch", "batch_size", "compiler", "throughput_avg", "weight_bytes_per_inference")))],
    "flags": lambda: [("results/README.md", flags_tables())],
    "lengths": lambda: [("results/README.md", lengths_table(rows_of("bert_length", "dims.seq", "batch_size", "n_models", "throughput_avg")))],
    "static": lambda: [("results/README.md", static_weights_table(rows_of("static_weights", "compiler.place.static_weights",
                                                                          "chip.state_buffer.bytes", "batch_size", "throughput_avg")))],
    "uncertainty": lambda: [("results/README.md", uncertainty_table(read_json(SOURCE / "results/uncertainty/resnet50-v1.json",
                                                                              "infsim uncertainty resnet50-v1 --json")))],
    "validation": validation,
}


def main():
    parser = parser_of(__doc__)
    parser.add_argument("blocks", nargs="*", metavar="NAME", help="blocks to write (default: all)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a block would change")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.blocks if name not in BLOCKS]
    if unknown:
        parser.error(f"there is no block {', '.join(unknown)}; there are: {', '.join(BLOCKS)}")
    same = True
    for name in arguments.blocks or BLOCKS:
        for page, table in BLOCKS[name]():
            if arguments.check:
                same = check_block(SOURCE / page, name, table) and same
            else:
                write_block(SOURCE / page, name, table)
    return 0 if same else 1


if __name__ == "__main__":
    run(main)
