#!/usr/bin/python3
"""Renews the two tables of results/README.md's section on serving, between their markers, from the scenarios in configs/serving.

usage: serving_tables.py [INFSIM]     (default build/infsim; service times are kept in results/serving_tables)
"""
import json
import pathlib
import subprocess
import sys

from marked import replace_in

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "results/serving_tables"
# Scenario, options, label; the published figures are those of the scenario, which options would change.
CLOSED_LOOPS = [("published_resnet50_b1", [], "ResNet-50 B=1, fp32 inputs, 1 core, 1 worker"),
                ("published_resnet50_b1", ["--set", "load.workers=2"], "the same with a second worker"),
                ("published_bert_base_b6", [], "BERT-base B=6, 4 models x 2 workers")]


def serve(infsim, name, *options):
    result = subprocess.run([infsim, "serve", f"configs/serving/{name}.json", "--json", "--out", OUT / name, "--times",
                             OUT / "service", *options], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout)


def request_sizes(infsim):
    lines = ["| items | shards | padding | device ms | latency ms | ms per item | host us per item |", "|---|---|---|---|---|---|---|"]
    for s in serve(infsim, "aws_request_sizes")["sizes"]:
        lines.append(f"| {s['items']} | {s['shards']:.0f} | {s['padding_items']:.0f} | {s['device_ms']:.2f} | "
                     f"{s['latency_ms_avg']:.2f} | {s['latency_ms_avg'] / s['items']:.2f} | {s['host_us_per_item']:.1f} |")
    return lines


def closed_loops(infsim):
    lines = ["| closed loop | simulated | published |", "|---|---|---|"]
    for name, options, label in CLOSED_LOOPS:
        report = serve(infsim, name, *options)
        record, published = report["record"], report["published"]
        beside = "" if options else f"{published['throughput_avg']}/s at {published['latency_ms_p50']} ms"
        lines.append(f"| {label} | {record['throughput_avg']:.1f}/s at {record['latency_ms_p50']:.2f} ms | {beside} |")
    return lines


def main():
    infsim = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/infsim").resolve())
    readme = ROOT / "results/README.md"
    for name, table in (("request sizes", request_sizes(infsim)), ("closed loops", closed_loops(infsim))):
        replace_in(readme, name, "\n".join(table))


if __name__ == "__main__":
    main()
