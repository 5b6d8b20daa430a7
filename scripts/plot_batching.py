#!/usr/bin/python3
"""Draws what batching does: the timeline of one simulated NeuronCore with batching on, and below it with batching off.

Runs models/three_layers/three_heavy_layers twice, at batch 4 on one core, with `infsim run --timeline`. One time axis shows
when each layer's weights were read from DRAM and when the PE array computed each image; every bar is a span of a run. The
layers compute one image at a time (tile.psum_banks_per_load=1, tile.small_image_elements=0), so that images can be told
apart. Writes a PNG and an SVG.
"""
import pathlib
import tempfile

from infsim_tools.charts import INK, add_out_option, plt, save, style
from infsim_tools.inputs import SOURCE, parser_of, read_csv, run
from infsim_tools.simulator import Infsim, add_infsim_option

MODEL = SOURCE / "models/three_layers/three_heavy_layers.json"
BATCH = 4
OPTIONS = ["--batch", str(BATCH), "--cores", "1", "--set", "compiler.tile.psum_banks_per_load=1",
           "--set", "compiler.tile.small_image_elements=0", "--set", "compiler.stem.stream=false"]
LAYERS = {"conv1": "#2b6ca3", "conv2": "#2f8f63", "conv3": "#c0702b"}
GAP_US = 3.0    # spans of one layer and image that lie closer together are one bar


def spans_of(infsim, *words):
    """[(kind, layer, image, start, end)] in microseconds, weights and PE work only, neighbours joined."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "spans.csv"
        infsim.text("run", MODEL, *OPTIONS, *words, "--timeline", path)
        rows = read_csv(path, ["purpose", "engine", "layer", "image", "start_us", "end_us"], "infsim run --timeline")
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
    axis.grid(False)


def main():
    parser = parser_of(__doc__)
    add_infsim_option(parser)
    add_out_option(parser, "results/batching/batching")
    arguments = parser.parse_args()
    infsim = Infsim(arguments.infsim)
    style(hatch_linewidth=0.5)
    on, off = spans_of(infsim, "--batching"), spans_of(infsim, "--no-batching")
    end = max(b[4] for b in on + off)
    figure, axes = plt.subplots(2, 1, figsize=(11, 5.4), sharex=True)
    draw(axes[0], on, "Batching on: the weights of a layer are read once and serve four images", end)
    draw(axes[1], off, "Batching off: every image reads all weights again, and the core waits for them", end)
    axes[1].set_xlim(0, end * 1.09)
    axes[1].set_xlabel("time of one inference, microseconds")
    figure.tight_layout(h_pad=1.6)
    save(figure, arguments.out or SOURCE / "results/batching/batching")


if __name__ == "__main__":
    run(main)
