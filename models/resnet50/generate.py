#!/usr/bin/python3
"""ResNet-50 with batch normalisation folded (He et al. 2015, table 1; v2: He et al. 2016, figure 4e).

resnet50:    the stride of a stage in its first 3x3 convolution ("v1.5": PyTorch, the light ONNX model)
resnet50-v1: in its first 1x1 convolution (Keras, and the published Inferentia figures)
resnet50-v2: pre-activation, stride in the 3x3 (ONNX model zoo). What stands in front of a block's first convolution cannot be
             folded into one behind it: a factor and an offset per channel, then the ReLU.
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from graph_json import Graph, conv, gemm, max_pool, write  # noqa: E402


def stem(g):
    x = g.node("relu", "conv1_relu", [conv(g, "conv1", g.input("image", [1, 3, 224, 224]), 3, 64, 7, stride=2)])
    return max_pool(g, "pool1", x, 3, 2, pad=1)


def blocks():
    """Of every residual block: name, channels of its input, width, stride, whether it is the first of its stage."""
    channels = 64
    for stage, (width, count) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], start=2):
        for block in range(count):
            yield f"res{stage}_{block}", channels, width, 2 if block == 0 and stage > 2 else 1, block == 0
            channels = 4 * width


def head(g, x, channels):
    x = g.node("reshape", "flat", [g.node("global_average_pool", "pool5", [x])], shape=[1, channels])
    g.output(g.node("softmax", "probabilities", [gemm(g, "fc", x, channels, 1000)], axis=1), [1, 1000])
    return g


def resnet50(name, stride_in_1x1):
    g = Graph(name)
    x = stem(g)
    for p, channels, width, stride, first in blocks():
        in_1x1, in_3x3 = (stride, 1) if stride_in_1x1 else (1, stride)
        a = g.node("relu", p + "_a_relu", [conv(g, p + "_a", x, channels, width, 1, stride=in_1x1)])
        b = g.node("relu", p + "_b_relu", [conv(g, p + "_b", a, width, width, 3, stride=in_3x3)])
        c = conv(g, p + "_c", b, width, 4 * width, 1)
        shortcut = conv(g, p + "_shortcut", x, channels, 4 * width, 1, stride=stride) if first else x
        x = g.node("relu", p + "_relu", [g.node("add", p + "_add", [c, shortcut])])
    return head(g, x, 4 * width)


def pre_activation(g, name, x, channels):
    scaled = g.node("mul", name + "_mul", [x, g.weight(name + "_factor", [channels, 1, 1])])
    return g.node("relu", name + "_relu", [g.node("add", name + "_add", [scaled, g.weight(name + "_offset", [channels, 1, 1])])])


def resnet50_v2():
    g = Graph("resnet50-v2")
    x = stem(g)
    for p, channels, width, stride, first in blocks():
        active = pre_activation(g, p + "_pre", x, channels)
        shortcut = conv(g, p + "_shortcut", active, channels, 4 * width, 1, stride=stride) if first else x
        a = g.node("relu", p + "_a_relu", [conv(g, p + "_a", active, channels, width, 1)])
        b = g.node("relu", p + "_b_relu", [conv(g, p + "_b", a, width, width, 3, stride=stride)])
        x = g.node("add", p + "_add", [conv(g, p + "_c", b, width, 4 * width, 1), shortcut])
    return head(g, pre_activation(g, "post", x, 4 * width), 4 * width)


write(HERE, [resnet50("resnet50", False), resnet50("resnet50-v1", True), resnet50_v2()])
