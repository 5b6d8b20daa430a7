#!/usr/bin/python3
"""ResNet-50 with batch normalisation folded into the convolutions (He et al. 2015, table 1).

resnet50:    the stride of a stage in its first 3x3 convolution ("v1.5": PyTorch, the light ONNX model)
resnet50-v1: in its first 1x1 convolution (Keras, and the published Inferentia figures)
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from graph_json import Graph, conv, gemm, max_pool, write  # noqa: E402


def resnet50(name, stride_in_1x1):
    g = Graph(name)
    x = g.input("image", [1, 3, 224, 224])
    x = g.node("relu", "conv1_relu", [conv(g, "conv1", x, 3, 64, 7, stride=2)])
    x = max_pool(g, "pool1", x, 3, 2, pad=1)
    channels = 64
    for stage, (width, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], start=2):
        for block in range(blocks):
            p = f"res{stage}_{block}"
            stride = 2 if block == 0 and stage > 2 else 1
            first, second = (stride, 1) if stride_in_1x1 else (1, stride)
            a = g.node("relu", p + "_a_relu", [conv(g, p + "_a", x, channels, width, 1, stride=first)])
            b = g.node("relu", p + "_b_relu", [conv(g, p + "_b", a, width, width, 3, stride=second)])
            c = conv(g, p + "_c", b, width, 4 * width, 1)
            shortcut = x
            if block == 0:
                shortcut = conv(g, p + "_shortcut", x, channels, 4 * width, 1, stride=stride)
            x = g.node("relu", p + "_relu", [g.node("add", p + "_add", [c, shortcut])])
            channels = 4 * width
    x = g.node("global_average_pool", "pool5", [x])
    x = g.node("reshape", "flat", [x], shape=[1, channels])
    x = gemm(g, "fc", x, channels, 1000)
    g.output(g.node("softmax", "probabilities", [x], axis=1), [1, 1000])
    return g


write(HERE, [resnet50("resnet50", False), resnet50("resnet50-v1", True)])
