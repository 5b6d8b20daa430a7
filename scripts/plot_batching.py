#!/usr/bin/python3
"""Draws what batching is: the spans of one simulated NeuronCore with batching on, above the same with batching off.

usage: plot_batching.py INFSIM [--out FILE_WITHOUT_EXTENSION]

Runs models/three_layers/three_heavy_layers at batch 4 on one core twice, with `run --timeline`, and draws on one time
axis when each layer's weights came from DRAM and when the PE array computed which image. Nothing is drawn that is not a
span of the runs. Writes a PNG and an SVG (results/batching/batching unless --out says otherwise). The layers compute one
image after the other (tile.psum_banks_per_load=1, tile.small_image_elements=0), so that images can be told apart.
"""
import argparse
import csv
import pathlib
import subprocess
import tempfile

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

SOURCE = pathlib.Path(__file__).resolve().parent.parent
MODEL = SOURCE / "models/three_layers/three_heavy_layers.json"
BATCH = 4
OPTIONS = ["--batch", str(BATCH), "--cores", "1", "--set", "compiler.tile.psum_banks_per_load=1",
           "--set", "compiler.tile.small_image_elements=0", "--set", "compiler.stem.stream=false"]
LAYERS = {"conv1": "#2b6ca3", "conv2": "#2f8f63", "conv3": "#c0702b"}
INK, FAINT = "#222222", "#8a949c"
GAP_US = 3.0    # spans of one layer and image that lie closer together are one bar


def spans_of(infsim, *words):
    """[(kind, layer, image, start, end)] in microseconds, weights and PE work only, neighbours joined."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "spans.csv"
        subprocess.run([infsim, "run", MODEL, *OPTIONS, *words, "--timeline", path], check=True, stdout=subprocess.DEVNULL)
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
    found = []
    for r in rows:
        if r["purpose"] == "weights":
            found.append(("weights", r["layer"], int(r["image"]), float(r["start_us"]), float(r["end_us"])))
        elif r["engine"] == "pe":
            found.append(("compute", r["layer"], int(r["image"]), float(r["start_us"]), float(r["end_us"])))
    return joined(found)


def joined(spans):
    bars = []
    for kind, layer, image, start, end in sorted(spans, key=lambda s: (s[0], s[1], s[2], s[3])):
        last = bars[-1] if bars else None
        if last and last[:3] == [kind, layer, image] and start - last[4] <= GAP_US:
            last[4] = max(last[4], end)
        else:
            bars.append([kind, layer, image, start, end])
    return bars


def tint(colour, amount):
    """The colour mixed with white."""
    r, g, b = (int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))
    return tuple(1 - (1 - c) * amount for c in (r, g, b))


def draw(axis, bars, title, end):
    rows = {("weights", layer): 3.15 - 0.85 * i for i, layer in enumerate(LAYERS)}
    groups = {}   # (layer, image) -> first start and last end of the computation
    for kind, layer, image, start, stop in bars:
        y, height = (rows[kind, layer], 0.6) if kind == "weights" else (0.0, 0.95)
        face = tint(LAYERS[layer], 0.45) if kind == "weights" else LAYERS[layer]
        axis.add_patch(plt.Rectangle((start, y - height / 2), stop - start, height, facecolor=face, edgecolor="white", linewidth=0.8))
        if kind == "compute":
            first, last = groups.get((layer, image), (start, stop))
            groups[layer, image] = (min(first, start), max(last, stop))
    for (layer, image), (start, stop) in groups.items():
        axis.text((start + stop) / 2, -0.85, str(image + 1), ha="center", va="center", fontsize=9, color=LAYERS[layer], fontweight="bold")
    axis.set_ylim(-1.25, 3.7)
    names = [f"weights of layer {i + 1}" for i in range(len(LAYERS))]
    axis.set_yticks([*rows.values(), 0.0, -0.85], [*names, "core computes", "image"])
    for label, colour in zip(axis.get_yticklabels(), [*LAYERS.values(), INK, INK]):
        label.set_color(colour)
    axis.tick_params(axis="y", length=0)
    axis.set_title(title, loc="left", fontsize=11.5, fontweight="bold", color=INK)
    finish = max(b[4] for b in bars if b[0] == "compute")
    axis.plot([finish, finish], [-1.25, 3.7], color=INK, linewidth=1, linestyle=(0, (3, 2)), clip_on=False)
    axis.text(finish + 0.006 * end, 3.65, f"{BATCH} images\nafter {finish:.0f} µs", va="top", ha="left", fontsize=9.5, color=INK)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color(FAINT)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("infsim")
    parser.add_argument("--out", type=pathlib.Path, default=SOURCE / "results/batching/batching")
    arguments = parser.parse_args()
    plt.rcParams.update({"svg.hashsalt": "infsim", "font.family": "DejaVu Sans", "font.size": 10, "hatch.linewidth": 0.5})
    on, off = spans_of(arguments.infsim, "--batching"), spans_of(arguments.infsim, "--no-batching")
    end = max(b[4] for b in on + off)
    figure, axes = plt.subplots(2, 1, figsize=(11, 5.4), sharex=True)
    draw(axes[0], on, "Batching on: the weights of a layer are read once and serve four images", end)
    draw(axes[1], off, "Batching off: every image reads all weights again, and the core waits for them", end)
    axes[1].set_xlim(0, end * 1.09)
    axes[1].set_xlabel("time of one inference, microseconds")
    figure.tight_layout(h_pad=1.6)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(arguments.out.with_suffix(".png"), dpi=150)
    figure.savefig(arguments.out.with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
