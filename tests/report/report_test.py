#!/usr/bin/python3
"""Pages of infsim report in a browser: of a sweep, of limits, of served load, of folders without much in them, and with
names that would do harm if they were taken for HTML.

usage: report_test.py INFSIM SOURCE_FOLDER [FOLDER]

Exit status 77, a skip, where there is no node, npm or chromium, npm cannot reach its registry, or infsim was built without
the page; whatever else goes wrong is a failure. With FOLDER, pages and pictures of them are left there.
"""
import csv
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
# What npm reports when nobody answers: errors of the network, and of a gateway that stands for the registry.
UNREACHABLE = re.compile(r"npm (?:ERR!|error) code (ENOTFOUND|EAI_AGAIN|ECONN\w+|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|"
                         r"ERR_SOCKET_TIMEOUT|ENOTCACHED|E50[234])\b")
HOSTILE = ["<script>window.hostile=1</script>", "\"><img src=x onerror=window.hostile=1>", "'; DROP, \"x\"",
           "\u202egnihtemos\u05d0\u05d1\u05d2", "x" * 300, "</script><script>window.hostile=1</script>", "<!--", "&lt;b&gt;"]


def skip(reason):
    print(f"SKIPPED: pages of infsim report in a browser: {reason}")
    sys.exit(SKIPPED)


def install(source, folder):
    for tool in ("node", "npm", "chromium"):
        if shutil.which(tool) is None:
            skip(f"{tool} is not installed")
    for name in ("package.json", "package-lock.json", "check.mjs"):
        shutil.copy(source / "tests/report" / name, folder)
    try:
        result = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries", "1", "--prefer-offline"],
                                cwd=folder, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        skip("npm ci did not end within two minutes")
    if result.returncode != 0:
        unreachable = UNREACHABLE.search(result.stderr)
        if unreachable:
            skip(f"npm cannot reach its registry ({unreachable[1]})")
        sys.exit("npm ci failed, and not because nobody answered:\n" + result.stderr)


class Pages:
    """Pages of one test, and what the browser is to find in them."""

    def __init__(self, infsim, folder):
        self.infsim, self.folder, self.entries = infsim, folder, []

    def add(self, name, *sources, **expected):
        page = self.folder / f"{name}.html"
        result = subprocess.run([self.infsim, "report", *sources, "-o", page], capture_output=True, text=True)
        if "built without the page" in result.stderr:
            skip("infsim was built without npm's packages")
        if result.returncode != 0:
            sys.exit(f"infsim report {sources}: exit {result.returncode}\n{result.stderr}")
        self.entries.append({"page": str(page), **expected})

    def picture(self, name, **how):
        entry = next(e for e in self.entries if pathlib.Path(e["page"]).stem == name)
        word = f"{how['width']}{'-dark' if how.get('dark') else ''}"
        self.entries.append({"page": entry["page"], "picture": str(self.folder / f"{name}-{word}.png"), **how})


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def with_layers(source, folder, infsim):
    """A small sweep that has really been run, with the layers of its points."""
    sweep = {"question": "Which batch?", "base": {"model": str(source / "models/three_layers/three_layers.json"),
                                                  "chip": str(source / "configs/chips/inferentia1.json"), "compiler": "layer_by_layer",
                                                  "compiler.spill.spill": False, "chip.state_buffer.partition_bytes": "4KiB"},
             "axes": [{"key": "batch", "values": [1, 2, 3, 4]}]}
    file = write(folder / "ran.json", json.dumps(sweep))
    subprocess.run([infsim, "sweep", file, "--out", folder / "ran"], check=True, capture_output=True)
    return folder / "ran"


def table_alone(results, folder):
    """A folder of results as it comes with the project: the points that somebody ran there stay out of it."""
    folder.mkdir()
    for name in ("table.csv", "table.columns.json"):
        shutil.copy(results / name, folder)
    return folder


def limits(source, folder, infsim):
    result = subprocess.run([infsim, "limits", source / "models/three_layers/three_layers.json", "--compile-only", "--max-batch", "8",
                             "--set", "chip.state_buffer.partition_bytes=4KiB", "--json"], capture_output=True, text=True)
    return write(folder / "limits.json", result.stdout)


def hostile(source, path, names, most=None):
    """The table of a sweep with names that are no names, as a model, a layer or a message might bring them."""
    with open(source / "results/flag_spill/table.csv", newline="") as file:
        rows = list(csv.DictReader(file))[:most]
    for i, row in enumerate(rows):
        name = names[i % len(names)]
        row.update(model_name=name, compiler=name, infeasible_layer=name, reason=f"layer {name} needs more; alive: {name} 3 B (1 image)",
                   main_stall=name)
    path.parent.mkdir()
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path.parent


def served(folder):
    """The output of serve --json, as small as it may be."""
    record = {"scenario_id": "s", "scenario": "q", "model_name": "net", "status": "ok", "verdict": "VALID", "offered_rate": 500.0,
              "throughput_avg": 499.0, "bound_ms": 15.0, "bound_percentile": 99.0, "padding_fraction": 0.1, "core_utilisation": 0.4,
              "batch_items_avg": 2.5, "queue_items_max": 7, **{f"latency_ms_{p}": float(i + 3) for i, p in enumerate(
                  ("p0", "p50", "p90", "p95", "p99", "p99_9", "p100"))}}
    report = {"record": record, "sizes": [], "batches": [{"batch_size": 4, "items": n, "inferences": 10 * n} for n in (1, 2, 3, 4)],
              "core_utilisation": [0.4, 0.41, 0.39, 0.4],
              "queue": [{"start_ms": 10.0 * i, "end_ms": 10.0 * i + 10, "waiting_items_avg": i % 5 / 2, "waiting_items_max": i % 5}
                        for i in range(60)]}
    return write(folder / "served/report.json", json.dumps(report)).parent


def main():
    infsim, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory(prefix="infsim-report-") as scratch:
        work = pathlib.Path(scratch)
        install(source, work)
        kept = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else work
        kept.mkdir(exist_ok=True)
        pages = Pages(infsim, kept)
        results = source / "results"
        ran = with_layers(source, work, infsim)
        speed = ["throughput", "latency", "pareto", "bounds", "stalls", "traffic", "stalls-along"]
        pages.add("sweep", table_alone(results / "resnet50_batch", work / "resnet50_batch"), table=str(results / "resnet50_batch/table.csv"), filter="batch_size>=4", charts=speed,
                  along={"setting": 0, "bars": 5, "gaps": 11, "tip": ["B=16", "infeasible"]},
                  says=["the knee", "Largest batch that fits", "Best throughput", "keeps no layers"])
        pages.add("layers", ran, table=str(ran / "table.csv"), filter="batch_size<3",
                  charts=[*speed, "roofline", "slowest", "occupancy"], says=["Where these figures come from"])
        pages.add("loads", results / "serving_load", table=str(results / "serving_load/table.csv"), filter="verdict=VALID",
                  charts=["tail", "answered", "carried", "cores", "percentiles"], says=["Highest load that is VALID"])
        pages.add("served", served(work), charts=["percentiles", "queue", "batches", "cores"], says=["500 requests/s offered", "7 items wait"])
        pages.add("limits", limits(source, work, infsim), charts=["limits", "why"], says=["Why not one more", "--compile-only"])
        pages.add("hostile", hostile(source, work / HOSTILE[0].replace("/", "_") / "table.csv", HOSTILE), table=None, charts=["throughput"], says=[HOSTILE[0][:20]])
        # One name for all, so that its batches are of one setting: of five, three do not fit.
        pages.add("hostile_along", hostile(source, work / "along/table.csv", HOSTILE[-3:-2], 5), says=[HOSTILE[-3][:20]],
                  along={"bars": 2, "gaps": 3, "tip": ["B=16", "infeasible", "window.hostile=1"]})
        pages.add("several", results / "flag_spill", results / "flag_batching", charts=["compare-throughput", "compare-pareto"],
                  says=["2 sweeps", "flag_spill", "flag_batching"])
        (work / "empty").mkdir()
        refused = [r for r in (results / "resnet50_batch/table.csv").read_text().splitlines(True) if ",infeasible," in r or "model_name" in r]
        pages.add("nothing", work / "empty", write(work / "refused/table.csv", "".join(refused)).parent,
                  says=["Nothing has been computed there yet", "None of the points fits"])
        alone = (results / "resnet50_batch/table.csv").read_text().splitlines(True)[:2]
        pages.add("one_batch", write(work / "one_batch/table.csv", "".join(alone)).parent, charts=["stalls"], says=["There is only one batch"])
        shutil.copytree(ran / "points", work / "stopped/points")
        pages.add("unfinished", work / "stopped", says=["The sweep is not finished: 4 points"], charts=["throughput"])
        if len(sys.argv) > 3:
            for name in ("sweep", "layers", "loads", "served", "limits", "several", "hostile"):
                for how in ({"width": 1400}, {"width": 800}, {"width": 1400, "dark": True}):
                    pages.picture(name, **how)
        (work / "manifest.json").write_text(json.dumps(pages.entries))
        result = subprocess.run(["node", "check.mjs", shutil.which("chromium"), "manifest.json"], cwd=work, text=True, stdout=subprocess.PIPE)
        print(result.stdout)
        sys.exit(result.returncode)


if __name__ == "__main__":
    main()
