#!/usr/bin/python3
"""Compares the compiler that searches with the one that goes layer by layer, point by point.

RESULTS_FOLDER is that of a sweep with the axis `compiler`, such as sweeps/search.json. Prints for every network and batch the
throughput of both compilers, their ratio, what does not fit, and "best cut": the throughput of the smaller batches of the
table that make this one up, one after the other. Exit status 1 if the search is slower than layer by layer by more than
--tolerance, even where both are at the ends of their intervals that suit it (what does not fit counts as infinitely slow), or
slower than the best cut by more than --cut-tolerance.
"""
import pathlib

from infsim_tools.batches import best_cut
from infsim_tools.blocks import markdown, write_block
from infsim_tools.inputs import SOURCE, InputError, parser_of, run
from infsim_tools.tables import Table

COLUMNS = ("compiler", "model_name", "batch_size", "status", "throughput_avg", "throughput_low", "throughput_high",
           "weight_bytes_per_inference")


def speed_of(row):
    """Items per second; None where the point does not fit."""
    return row["throughput_avg"] if row and row["status"] == "ok" else None


def is_slower(search, plain, tolerance):
    """Whether one row is slower than another by more than `tolerance` %, beyond what their intervals leave open."""
    if not speed_of(plain):
        return False
    if not speed_of(search):
        return True
    halves = [(row["throughput_high"] - row["throughput_low"]) / 2 for row in (search, plain)]
    return speed_of(search) + sum(h * h for h in halves) ** 0.5 < speed_of(plain) * (1 - tolerance / 100)


def points_of(folder):
    """{(network, batch): {name of the compiler: row}}."""
    points = {}
    for row in Table(folder).require(*COLUMNS).records():
        points.setdefault((row["model_name"], row["batch_size"]), {})[pathlib.PurePath(row["compiler"]).stem] = row
    return points


def table_of(points, plain, search):
    """Items per second of every network and batch, without and with the search; one number where both are the same."""
    text = lambda row: f"{speed_of(row):.0f}" if speed_of(row) else "does not fit"   # noqa: E731
    batches = sorted({batch for _, batch in points})
    rows = []
    for model in dict.fromkeys(model for model, _ in points):
        cells = []
        for batch in batches:
            pair = points.get((model, batch), {})
            before, after = text(pair.get(plain)), text(pair.get(search))
            cells.append(before if before == after else f"{before} : **{after}**")
        rows.append([model, *cells])
    return markdown(["network, items/s", *(f"B={b}" for b in batches)], rows)


def cuts_of(points, compilers):
    """By network and batch: items/s of the best smaller batches that make it up, each with the faster compiler."""
    cuts = {}
    for model in dict.fromkeys(model for model, _ in points):
        seconds = {}
        for (name, batch), pair in points.items():
            speeds = [speed_of(pair[c]) for c in compilers if c in pair and speed_of(pair[c])]
            if name == model and speeds:
                seconds[batch] = batch / max(speeds)
        least = {batch: best_cut(batch, seconds) for batch in seconds}
        cuts.update({(model, batch): batch / time for batch, time in least.items() if time < float("inf")})
    return cuts


def line_of(model, batch, pair, speeds, cut):
    """The text of a point; `pair`: rows without and with the search, `speeds` theirs."""
    text = [f"{s:.1f}" if s else "does not fit" for s in speeds]
    ratio = f"{speeds[1] / speeds[0]:.3f}" if all(speeds) else ""
    weights = [row["weight_bytes_per_inference"] for row in pair]
    moved = " ".join("-" if w is None or s is None else f"{w * batch / 1e6:.1f}" for w, s in zip(weights, speeds))
    return f"{model:<18}{batch:>4}  {text[0]:>18}{text[1]:>18}{ratio:>8}{f'{cut:.1f}' if cut else '':>10}   {moved}"


def compare(points, options):
    """Prints a line for each point that both compilers have; returns their number, and what is behind: (slower, cut_better)."""
    slower, cut_better, compared = [], [], 0
    cuts = cuts_of(points, (options.plain, options.search))
    print(f"{'model':<18}{'B':>4}  {options.plain + ' items/s':>18}{options.search + ' items/s':>18}{'ratio':>8}{'best cut':>10}   weights read, MB")
    for (model, batch), rows in points.items():
        if options.plain not in rows or options.search not in rows:
            continue
        compared += 1
        pair = rows[options.plain], rows[options.search]
        plain, search = map(speed_of, pair)
        cut = cuts.get((model, batch))
        print(line_of(model, batch, pair, (plain, search), cut))
        if cut and (not search or search < cut * (1 - options.cut_tolerance / 100)):
            cut_better.append(f"{model} B={batch} by {100 * (cut / search - 1):.1f} %" if search else f"{model} B={batch}")
        if is_slower(pair[1], pair[0], options.tolerance):
            slower.append(f"{model} B={batch}")
    return compared, slower, cut_better


def main():
    parser = parser_of(__doc__)
    parser.add_argument("folder", type=pathlib.Path, metavar="RESULTS_FOLDER", help="the folder of a finished sweep")
    parser.add_argument("--plain", default="layer_by_layer", metavar="NAME", help="the compiler without a search (default layer_by_layer)")
    parser.add_argument("--search", default="default", metavar="NAME", help="the compiler that searches (default default)")
    parser.add_argument("--tolerance", type=float, default=1.0, metavar="PERCENT", help="how much slower than layer by layer is allowed (default 1)")
    parser.add_argument("--cut-tolerance", type=float, default=3.0, metavar="PERCENT", help="how much slower than the best cut is allowed (default 3)")
    parser.add_argument("--write", action="store_true", help="also write a table into results/README.md, block 'search'")
    options = parser.parse_args()
    points = points_of(options.folder)
    compared, slower, cut_better = compare(points, options)
    if compared == 0:
        raise InputError(f"the table of {options.folder} has no point of both {options.plain} and {options.search}")
    if options.write:
        write_block(SOURCE / "results/README.md", "search", table_of(points, options.plain, options.search))
    print(f"{compared} points; {options.search} slower by more than {options.tolerance:g} %: {', '.join(slower) or 'none'}")
    print(f"cut up into smaller batches faster by more than {options.cut_tolerance:g} %: {', '.join(cut_better) or 'none'}")
    return 1 if slower or cut_better else 0


if __name__ == "__main__":
    run(main)
