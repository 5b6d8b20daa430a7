#!/usr/bin/python3
"""Published networks as another exporter writes them, for tests of import, compiler and numbers.

usage: light_networks.py NAME FILE.onnx     NAME: alexnet, inception_v1, resnet50, squeezenet or vgg19

They are the full published topologies in a few KB, in the form of the ONNX project's "light" models, whose exporter was
Caffe2: IR version 3, opset 9, initialisers listed among the inputs, weights that ConstantOfShape nodes give,
BatchNormalization apart from its Conv, Sum for the residual, Dropout with a second output, LRN, a Reshape whose constant
names batch 1, and in Inception a Reshape of a weight.
"""
import pathlib
import sys

import numpy

import onnx_wire as wire


class Network:
    """Nodes of a graph in order; `at` names the value that the next layer of a chain reads, `channels` are its channels."""

    def __init__(self, name, data="data_0"):
        self.name, self.data, self.at, self.channels = name, data, data, 3
        self.constants, self.weights, self.nodes, self.count = [], [], [], 0

    def constant(self, name, values):
        self.constants.append((name, numpy.array(values, "<i8")))
        return name

    def weight(self, name, shape):
        self.weights.append(wire.node("ConstantOfShape", [self.constant(name + "__SHAPE", shape)], [name],
                                      {"value": numpy.array([0.02], "<f4")}))
        return name

    def node(self, op, inputs, outputs=1, **attributes):
        names = [f"r{self.count + i}" for i in range(outputs)]
        self.count += outputs
        self.nodes.append(wire.node(op, inputs, names, attributes))
        self.at = names[0]
        return self.at

    def conv(self, name, channels, kernel, stride=1, pad=0, group=1, bias=True, source=None):
        source = source or (self.at, self.channels)
        inputs = [self.weight(name + "_w_0", [channels, source[1] // group, kernel, kernel])]
        if bias:
            inputs.append(self.weight(name + "_b_0", [channels]))
        groups = {"group": group} if group > 1 else {}
        self.channels = channels
        return self.node("Conv", [source[0], *inputs], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, **groups)

    def conv_relu(self, *arguments, **options):
        self.conv(*arguments, **options)
        return self.relu()

    def relu(self):
        return self.node("Relu", [self.at])

    def batch_norm(self, name):
        inputs = [self.weight(f"{name}_{part}_0", [self.channels]) for part in ("s", "b", "rm", "riv")]
        return self.node("BatchNormalization", [self.at, *inputs], epsilon=1e-5)

    def pool(self, op, kernel, stride, pads=(0, 0, 0, 0)):
        return self.node(op, [self.at], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=list(pads))

    def lrn(self):
        return self.node("LRN", [self.at], size=5, alpha=1e-4, beta=0.75, bias=1.0)

    def dropout(self, ratio):
        return self.node("Dropout", [self.at], outputs=2, ratio=ratio)

    def flatten(self, values):
        self.channels = values
        return self.node("Reshape", [self.at, self.constant("OC2_DUMMY_1", [1, values])])

    def gemm(self, name, channels):
        inputs = [self.at, self.weight(name + "_w_0", [channels, self.channels]), self.weight(name + "_b_0", [channels])]
        self.channels = channels
        return self.node("Gemm", inputs, transB=1)

    def to_onnx(self, output, shape):
        """The model's bytes, ending in a softmax."""
        self.nodes.append(wire.node("Softmax", [self.at], [output], {}))
        graph = [(wire.GRAPH_NODE, n) for n in self.weights + self.nodes] + [(wire.GRAPH_NAME, self.name)]
        graph += [(wire.GRAPH_INITIALIZER, wire.tensor(*c)) for c in self.constants]
        graph.append((wire.GRAPH_INPUT, wire.value_info(self.data, [1, 3, 224, 224])))
        graph += [(wire.GRAPH_INPUT, wire.value_info(name, values.shape, wire.INT64)) for name, values in self.constants]
        graph.append((wire.GRAPH_OUTPUT, wire.value_info(output, shape)))
        return wire.build([(wire.MODEL_IR_VERSION, 3), (wire.MODEL_GRAPH, wire.build(graph)),
                           (wire.MODEL_OPSETS, wire.build([(1, ""), (2, 9)]))])


def alexnet():
    """Caffe's AlexNet, in two groups where two devices shared it."""
    n = Network("bvlc_alexnet")
    for name, channels, kernel, stride, pad, group in (("conv1", 96, 11, 4, 0, 1), ("conv2", 256, 5, 1, 2, 2)):
        n.conv_relu(name, channels, kernel, stride, pad, group)
        n.lrn()
        n.pool("MaxPool", 3, 2)
    for name, channels, group in (("conv3", 384, 1), ("conv4", 384, 2), ("conv5", 256, 2)):
        n.conv_relu(name, channels, 3, 1, 1, group)
    n.pool("MaxPool", 3, 2, (0, 0, 1, 1))
    return dense_head(n, 256 * 6 * 6)


def dense_head(n, values):
    n.flatten(values)
    for name in ("fc6", "fc7"):
        n.gemm(name, 4096)
        n.relu()
        n.dropout(0.5)
    n.gemm("fc8", 1000)
    return n.to_onnx("prob_1", [1, 1000])


def vgg19():
    n = Network("vgg19")
    for stage, (channels, layers) in enumerate(((64, 2), (128, 2), (256, 4), (512, 4), (512, 4)), 1):
        for layer in range(1, layers + 1):
            n.conv_relu(f"conv{stage}_{layer}", channels, 3, 1, 1)
        n.pool("MaxPool", 2, 2)
    return dense_head(n, 512 * 7 * 7)


def squeezenet():
    """SqueezeNet 1.1."""
    n = Network("squeezenet")
    n.conv_relu("conv1", 64, 3, 2)
    n.pool("MaxPool", 3, 2)
    for number, (squeezed, expanded) in enumerate(((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256),
                                                   (64, 256)), 2):
        squeeze = n.conv_relu(f"fire{number}/squeeze1x1", squeezed, 1), squeezed
        parts = [n.conv_relu(f"fire{number}/expand1x1", expanded, 1, source=squeeze),
                 n.conv_relu(f"fire{number}/expand3x3", expanded, 3, 1, 1, source=squeeze)]
        n.node("Concat", parts, axis=1)
        n.channels = 2 * expanded
        if number in (3, 5):
            n.pool("MaxPool", 3, 2)
    n.dropout(0.5)
    n.conv_relu("conv10", 1000, 1)
    n.node("GlobalAveragePool", [n.at])
    return n.to_onnx("softmaxout_1", [1, 1000, 1, 1])


# Channels of GoogLeNet's modules: 1x1, 3x3 reduced, 3x3, 5x5 reduced, 5x5, behind the pool.
INCEPTIONS = {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64), "4a": (192, 96, 208, 16, 48, 64),
              "4b": (160, 112, 224, 24, 64, 64), "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
              "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128)}


def inception(n, name, channels):
    source, module = (n.at, n.channels), f"inception_{name}/"
    parts = [n.conv_relu(module + "1x1", channels[0], 1, source=source)]
    for kernel, reduced, wide in ((3, channels[1], channels[2]), (5, channels[3], channels[4])):
        n.conv_relu(f"{module}{kernel}x{kernel}_reduce", reduced, 1, source=source)
        parts.append(n.conv_relu(f"{module}{kernel}x{kernel}", wide, kernel, 1, kernel // 2))
    n.at, n.channels = source
    n.pool("MaxPool", 3, 1, (1, 1, 1, 1))
    parts.append(n.conv_relu(module + "pool_proj", channels[5], 1))
    n.node("Concat", parts, axis=1)
    n.channels = channels[0] + channels[2] + channels[4] + channels[5]


def inception_v1():
    n = Network("inception_v1")
    n.conv_relu("conv1/7x7_s2", 64, 7, 2, 3)
    n.pool("MaxPool", 3, 2)
    n.lrn()
    n.conv_relu("conv2/3x3_reduce", 64, 1)
    n.conv_relu("conv2/3x3", 192, 3, 1, 1)
    n.lrn()
    n.pool("MaxPool", 3, 2)
    for name, channels in INCEPTIONS.items():
        inception(n, name, channels)
        if name in ("3b", "4e"):
            n.pool("MaxPool", 3, 2)
    n.pool("AveragePool", 7, 1, (0, 0, 1, 1))
    n.dropout(0.4)
    pooled = n.flatten(1024)
    weight = n.weight("loss3/classifier_w_0", [1, 1, 1000, 1024])
    flat = n.node("Reshape", [weight, n.constant("OC2_DUMMY_3", [1000, 1024])])
    n.node("Gemm", [pooled, flat, n.weight("loss3/classifier_b_0", [1000])], transB=1)
    return n.to_onnx("prob_1", [1, 1000])


def resnet50():
    """The form with the stride in the 3x3 convolutions."""
    n = Network("resnet50", "gpu_0/data_0")

    def conv_norm(name, channels, kernel, stride=1, source=None):
        n.conv(name, channels, kernel, stride, kernel // 2, bias=False, source=source)
        return n.batch_norm(name + "_bn")

    conv_norm("gpu_0/conv1", 64, 7, 2)
    n.relu()
    n.pool("MaxPool", 3, 2, (1, 1, 1, 1))
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            source, stride = (n.at, n.channels), 2 if stage > 0 and block == 0 else 1
            name, width = f"gpu_0/res{stage + 2}_{block}_branch", 64 << stage
            conv_norm(name + "2a", width, 1)
            n.relu()
            conv_norm(name + "2b", width, 3, stride)
            n.relu()
            main = conv_norm(name + "2c", 4 * width, 1)
            n.node("Sum", [main, conv_norm(name + "1", 4 * width, 1, stride, source) if block == 0 else source[0]])
            n.relu()
    n.node("AveragePool", [n.at], kernel_shape=[7, 7], strides=[1, 1])
    n.flatten(2048)
    n.gemm("gpu_0/pred", 1000)
    return n.to_onnx("gpu_0/softmax_1", [1, 1000])


NETWORKS = {f.__name__: f for f in (alexnet, inception_v1, resnet50, squeezenet, vgg19)}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in NETWORKS:
        sys.exit(__doc__)
    pathlib.Path(sys.argv[2]).write_bytes(NETWORKS[sys.argv[1]]())


if __name__ == "__main__":
    main()
