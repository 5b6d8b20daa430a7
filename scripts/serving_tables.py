#!/usr/bin/python3
"""Writes the two tables of results/README.md about serving, blocks 'request sizes' and 'closed loops'.

Simulates the scenarios of configs/serving/ that they come from. Service times are kept in results/serving_tables.
"""
from infsim_tools.blocks import markdown, write_block
from infsim_tools.inputs import SOURCE, parser_of, run
from infsim_tools.simulator import Infsim, add_infsim_option

OUT = SOURCE / "results/serving_tables"
README = SOURCE / "results/README.md"
# Scenario, options, label; the published figures are those of the scenario, which options would change.
CLOSED_LOOPS = [("published_resnet50_b1", [], "ResNet-50 B=1, fp32 inputs, 1 core, 1 worker"),
                ("published_resnet50_b1", ["--set", "load.workers=2"], "the same with a second worker"),
                ("published_bert_base_b6", [], "BERT-base B=6, 4 models x 2 workers")]


def serve(infsim, name, *options):
    return infsim.json("serve", f"configs/serving/{name}.json", "--out", OUT / name, "--times", OUT / "service", *options)


def request_sizes(infsim):
    head = ["items", "shards", "padding", "device ms", "latency ms", "ms per item", "host us per item"]
    return markdown(head, [[s["items"], f"{s['shards']:.0f}", f"{s['padding_items']:.0f}", f"{s['device_ms']:.2f}", f"{s['latency_ms_avg']:.2f}",
                            f"{s['latency_ms_avg'] / s['items']:.2f}", f"{s['host_us_per_item']:.1f}"]
                           for s in serve(infsim, "aws_request_sizes")["sizes"]])


def closed_loops(infsim):
    rows = []
    for name, options, label in CLOSED_LOOPS:
        report = serve(infsim, name, *options)
        record, published = report["record"], report["published"]
        beside = "" if options else f"{published['throughput_avg']}/s at {published['latency_ms_p50']} ms"
        rows.append([label, f"{record['throughput_avg']:.1f}/s at {record['latency_ms_p50']:.2f} ms", beside])
    return markdown(["closed loop", "simulated", "published"], rows)


def main():
    parser = parser_of(__doc__)
    add_infsim_option(parser)
    infsim = Infsim(parser.parse_args().infsim)
    write_block(README, "request sizes", request_sizes(infsim))
    write_block(README, "closed loops", closed_loops(infsim))


if __name__ == "__main__":
    run(main)
