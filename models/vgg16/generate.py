#!/usr/bin/python3
"""VGG-16, configuration D (Simonyan and Zisserman 2014, table 1)."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from graph_json import Graph, conv, gemm, max_pool, write  # noqa: E402

g = Graph("vgg16")
x = g.input("image", [1, 3, 224, 224])
channels = 3
for stage, (width, convs) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], start=1):
    for i in range(1, convs + 1):
        name = f"conv{stage}_{i}"
        x = g.node("relu", name + "_relu", [conv(g, name, x, channels, width, 3)])
        channels = width
    x = max_pool(g, f"pool{stage}", x, 2, 2)
x = g.node("reshape", "flat", [x], shape=[1, 512 * 7 * 7])
x = g.node("relu", "fc6_relu", [gemm(g, "fc6", x, 512 * 7 * 7, 4096)])
x = g.node("relu", "fc7_relu", [gemm(g, "fc7", x, 4096, 4096)])
x = gemm(g, "fc8", x, 4096, 1000)
g.output(g.node("softmax", "probabilities", [x], axis=1), [1, 1000])
write(HERE, [g])
