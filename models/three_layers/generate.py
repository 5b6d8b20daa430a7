#!/usr/bin/python3
"""Three convolutions, small enough to follow every instruction of their program by hand."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from graph_json import Graph, conv, write  # noqa: E402

g = Graph("three_layers")
x = g.input("image", [1, 3, 32, 32])
x = g.node("relu", "conv1_relu", [conv(g, "conv1", x, 3, 32, 3)])
x = g.node("relu", "conv2_relu", [conv(g, "conv2", x, 32, 64, 3, stride=2)])
x = g.node("relu", "conv3_relu", [conv(g, "conv3", x, 64, 128, 1)])
g.output(x, [1, 128, 16, 16])

# The same shape of network with weights that take longer to read than one image takes to compute.
h = Graph("three_heavy_layers")
x = h.input("image", [1, 64, 10, 10])
for layer, channels in ((1, 64), (2, 256), (3, 256)):
    x = h.node("relu", f"conv{layer}_relu", [conv(h, f"conv{layer}", x, channels, 256, 3 if layer > 1 else 5)])
h.output(x, [1, 256, 10, 10])
write(HERE, [g, h])
