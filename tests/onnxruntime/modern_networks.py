#!/usr/bin/python3
"""Small networks of kinds that came after those of light_networks.py, written as PyTorch's exporter writes them.

usage: modern_networks.py NAME FILE.onnx [BATCH]

Two or three blocks of each kind, with random weights: MobileNet v3 (squeeze and excite, hard swish), ShuffleNet v2 (channel
shuffle), U-Net (upsampling and concatenated skips), ConvNeXt (channels last), ViT and Swin (attention over all patches and
over shifted windows), one step of a decoder (rotary positions, cached keys and values), and classifiers on LSTM and GRU.
"""
import math
import pathlib
import sys

import numpy

import onnx_wire as wire

OPSET = 17


class Network:
    """Nodes in order; every method returns the name of what it adds. Shapes are kept by whoever calls."""

    def __init__(self, name, seed):
        self.name, self.random = name, numpy.random.default_rng(seed)
        self.graph, self.inputs, self.outputs, self.count = [(wire.GRAPH_NAME, name)], [], [], 0

    def input(self, name, shape):
        self.inputs.append((name, shape))
        return name

    def output(self, value, name, shape):
        self.node("Identity", [value], outputs=[name])
        self.outputs.append((name, shape))

    def constant(self, values, dtype="<i8"):
        return self.initializer(numpy.array(values, dtype))

    def initializer(self, values):
        self.count += 1
        name = f"c{self.count}"
        self.graph.append((wire.GRAPH_INITIALIZER, wire.tensor(name, values)))
        return name

    def normal(self, shape, terms, gain=1.0):
        """Weights of sums over `terms` values, which keep their size."""
        return self.initializer(self.random.normal(0, math.sqrt(gain / terms), shape).astype("<f4"))

    def uniform(self, shape, low=-0.1, high=0.1):
        return self.initializer(self.random.uniform(low, high, shape).astype("<f4"))

    def node(self, op, inputs, outputs=1, **attributes):
        if isinstance(outputs, int):
            outputs = [f"v{self.count + i + 1}" for i in range(outputs)]
            self.count += len(outputs)
        self.graph.append((wire.GRAPH_NODE, wire.node(op, inputs, outputs, attributes)))
        return outputs[0] if len(outputs) == 1 else outputs

    def conv(self, x, channels, kernel, stride=1, group=1, op="Conv", pad=None):
        """`channels`: in, out."""
        pad = kernel // 2 if pad is None else pad
        shape = [channels[1], channels[0] // group] if op == "Conv" else [channels[0], channels[1]]
        weight = self.normal([*shape, kernel, kernel], channels[0] // group * kernel * kernel, 2.0)
        return self.node(op, [x, weight, self.uniform([channels[1]])], kernel_shape=[kernel] * 2, strides=[stride] * 2,
                         pads=[pad] * 4, group=group)

    def linear(self, x, width_in, width_out, gain=1.0):
        return self.node("Add", [self.uniform([width_out]),
                                 self.node("MatMul", [x, self.normal([width_in, width_out], width_in, gain)])])

    def reshape(self, x, shape):
        return self.node("Reshape", [x, self.constant(shape)])

    def transpose(self, x, *perm):
        return self.node("Transpose", [x], perm=list(perm))

    def part(self, x, axis, begin, end):
        return self.node("Slice", [x, *(self.constant([v]) for v in (begin, end, axis))])

    def number(self, value):
        return self.constant(value, "<f4")

    def layer_norm(self, x, width):
        return self.node("LayerNormalization", [x, self.uniform([width], 0.8, 1.2), self.uniform([width])], axis=-1,
                         epsilon=1e-5)

    def gelu(self, x):
        erf = self.node("Erf", [self.node("Div", [x, self.number(math.sqrt(2))])])
        return self.node("Mul", [self.node("Mul", [x, self.node("Add", [erf, self.number(1)])]), self.number(0.5)])

    def feed_forward(self, x, width):
        return self.linear(self.gelu(self.linear(x, width, 4 * width)), 4 * width, width)

    def head(self, x, channels, classes, batch):
        """The mean over the image, and logits of it."""
        flat = self.node("Flatten", [self.node("GlobalAveragePool", [x])], axis=1)
        self.output(self.node("Gemm", [flat, self.normal([classes, channels], channels), self.uniform([classes])], transB=1),
                    "logits", [batch, classes])

    def to_onnx(self):
        """The batch has a name only, as PyTorch's dynamic axes have."""
        graph = list(self.graph)
        for number, tensors in ((wire.GRAPH_INPUT, self.inputs), (wire.GRAPH_OUTPUT, self.outputs)):
            graph += [(number, wire.value_info(name, ["batch", *shape[1:]])) for name, shape in tensors]
        return wire.build([(wire.MODEL_IR_VERSION, 8), (wire.MODEL_GRAPH, wire.build(graph)),
                           (wire.MODEL_OPSETS, wire.build([(1, ""), (2, OPSET)]))])


def mobilenet_v3(n, batch):
    x = n.node("HardSwish", [n.conv(n.input("image", [batch, 3, 64, 64]), (3, 16), 3, 2)])
    channels = 16
    for kernel, wide, out, stride, excite, swish in ((3, 16, 16, 2, True, False), (3, 72, 24, 2, False, False),
                                                     (5, 96, 40, 2, True, True), (5, 240, 40, 1, True, True)):
        def activated(v, swish=swish):
            return n.node("HardSwish" if swish else "Relu", [v])
        y = activated(n.conv(x, (channels, wide), 1))
        y = activated(n.conv(y, (wide, wide), kernel, stride, wide))
        if excite:
            one = n.node("Relu", [n.conv(n.node("GlobalAveragePool", [y]), (wide, wide // 4), 1)])
            gate = n.node("HardSigmoid", [n.conv(one, (wide // 4, wide), 1)], alpha=1 / 6, beta=0.5)
            y = n.node("Mul", [gate, y])
        y = n.conv(y, (wide, out), 1)
        x = n.node("Add", [x, y]) if stride == 1 and channels == out else y
        channels = out
    n.head(n.node("HardSwish", [n.conv(x, (40, 240), 1)]), 240, 100, batch)


def shuffled(n, x, channels, side):
    split = n.reshape(x, [-1, 2, channels // 2, side, side])
    return n.reshape(n.transpose(split, 0, 2, 1, 3, 4), [-1, channels, side, side])


def shufflenet_v2(n, batch):
    x = n.node("Relu", [n.conv(n.input("image", [batch, 3, 64, 64]), (3, 24), 3, 2)])
    x = n.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    left = n.node("Relu", [n.conv(n.conv(x, (24, 24), 3, 2, 24), (24, 58), 1)])
    right = n.node("Relu", [n.conv(x, (24, 58), 1)])
    right = n.node("Relu", [n.conv(n.conv(right, (58, 58), 3, 2, 58), (58, 58), 1)])
    x = shuffled(n, n.node("Concat", [left, right], axis=1), 116, 8)
    for _ in range(3):
        kept, y = n.node("Split", [x, n.constant([58, 58])], outputs=2, axis=1)
        y = n.node("Relu", [n.conv(y, (58, 58), 1)])
        y = n.node("Relu", [n.conv(n.conv(y, (58, 58), 3, 1, 58), (58, 58), 1)])
        x = shuffled(n, n.node("Concat", [kept, y], axis=1), 116, 8)
    n.head(x, 116, 100, batch)


def unet(n, batch):
    def twice(x, channels_in, channels_out):
        y = n.node("Relu", [n.conv(x, (channels_in, channels_out), 3)])
        return n.node("Relu", [n.conv(y, (channels_out, channels_out), 3)])

    def halved(x):
        return n.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])

    top = twice(n.input("image", [batch, 3, 48, 48]), 3, 16)
    middle = twice(halved(top), 16, 32)
    x = twice(halved(middle), 32, 64)
    x = n.node("Resize", [x, "", n.initializer(numpy.array([1, 1, 2, 2], "<f4"))], mode="nearest",
               coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    x = twice(n.node("Concat", [middle, x], axis=1), 96, 32)
    x = n.conv(x, (32, 16), 2, 2, op="ConvTranspose", pad=0)
    x = twice(n.node("Concat", [top, x], axis=1), 32, 16)
    n.output(n.conv(x, (16, 5), 1), "classes", [batch, 5, 48, 48])


def convnext(n, batch):
    def norm(x, width):
        return n.transpose(n.layer_norm(n.transpose(x, 0, 2, 3, 1), width), 0, 3, 1, 2)

    x, width = norm(n.conv(n.input("image", [batch, 3, 64, 64]), (3, 48), 4, 4, pad=0), 48), 48
    for stage in range(2):
        if stage > 0:
            x, width = n.conv(norm(x, width), (width, 2 * width), 2, 2, pad=0), 2 * width
        for _ in range(2):
            y = n.transpose(n.conv(x, (width, width), 7, 1, width), 0, 2, 3, 1)
            y = n.node("Mul", [n.uniform([width], 0.3, 0.6), n.feed_forward(n.layer_norm(y, width), width)])
            x = n.node("Add", [x, n.transpose(y, 0, 3, 1, 2)])
    n.head(x, width, 100, batch)


def attention(n, x, tokens, width, heads, changed=None):
    """Self attention of [any, tokens, width]; `changed` gives other scores for scores [any, heads, tokens, tokens]."""
    depth = width // heads

    def of_heads(name, *perm):
        return n.transpose(n.reshape(n.linear(name, width, width), [-1, tokens, heads, depth]), *perm)

    scores = n.node("MatMul", [of_heads(x, 0, 2, 1, 3), of_heads(x, 0, 2, 3, 1)])
    scores = n.node("Div", [scores, n.number(math.sqrt(depth))])
    scores = changed(scores) if changed else scores
    mixed = n.node("MatMul", [n.node("Softmax", [scores], axis=-1), of_heads(x, 0, 2, 1, 3)])
    return n.linear(n.reshape(n.transpose(mixed, 0, 2, 1, 3), [-1, tokens, width]), width, width)


def vit(n, batch):
    width, tokens = 96, 65
    x = n.conv(n.input("image", [batch, 3, 64, 64]), (3, width), 8, 8, pad=0)
    x = n.transpose(n.reshape(x, [-1, width, tokens - 1]), 0, 2, 1)
    images = n.node("Gather", [n.node("Shape", [x]), n.constant([0])], axis=0)
    shape = n.node("Concat", [images, n.constant([1, width])], axis=0)
    first = n.node("Expand", [n.uniform([1, 1, width], -1, 1), shape])
    x = n.node("Add", [n.node("Concat", [first, x], axis=1), n.uniform([1, tokens, width], -1, 1)])
    for _ in range(2):
        x = n.node("Add", [x, attention(n, n.layer_norm(x, width), tokens, width, 4)])
        x = n.node("Add", [x, n.feed_forward(n.layer_norm(x, width), width)])
    x = n.node("Gather", [n.layer_norm(x, width), n.constant(0)], axis=1)
    n.output(n.linear(x, width, 100), "logits", [batch, 100])


def rolled(n, x, by, side):
    """An image with channels last, turned by `by` rows and columns."""
    for axis in (1, 2):
        x = n.node("Concat", [n.part(x, axis, by % side, side), n.part(x, axis, 0, by % side)], axis=axis)
    return x


def shift_mask(side, window, by):
    """-100 where two places of a window of the shifted image were no neighbours, [1, windows, 1, tokens, tokens]."""
    band = numpy.zeros(side, int)
    band[side - window:side - by], band[side - by:] = 1, 2
    place = 3 * band[:, None] + band[None, :]
    place = place.reshape(side // window, window, side // window, window).transpose(0, 2, 1, 3).reshape(-1, window * window)
    return numpy.where(place[:, :, None] == place[:, None, :], 0, -100).astype("<f4")[None, :, None]


def swin(n, batch):
    width, side, window, heads = 48, 16, 4, 3
    across, tokens = side // window, window * window
    x = n.transpose(n.conv(n.input("image", [batch, 3, 64, 64]), (3, width), 4, 4, pad=0), 0, 2, 3, 1)
    for shift in (0, 2):
        y = n.layer_norm(x, width)
        y = rolled(n, y, shift, side) if shift else y
        y = n.transpose(n.reshape(y, [-1, across, window, across, window, width]), 0, 1, 3, 2, 4, 5)
        bias = n.uniform([1, heads, tokens, tokens], -1, 1)

        def changed(scores, shift=shift, bias=bias):
            scores = n.node("Add", [scores, bias])
            if not shift:
                return scores
            scores = n.reshape(scores, [-1, across * across, heads, tokens, tokens])
            scores = n.node("Add", [scores, n.initializer(shift_mask(side, window, shift))])
            return n.reshape(scores, [-1, heads, tokens, tokens])

        y = attention(n, n.reshape(y, [-1, tokens, width]), tokens, width, heads, changed)
        y = n.transpose(n.reshape(y, [-1, across, across, window, window, width]), 0, 1, 3, 2, 4, 5)
        y = n.reshape(y, [-1, side, side, width])
        y = rolled(n, y, -shift, side) if shift else y
        x = n.node("Add", [x, y])
        x = n.node("Add", [x, n.feed_forward(n.layer_norm(x, width), width)])
    n.head(n.transpose(n.layer_norm(x, width), 0, 3, 1, 2), width, 100, batch)


def rotary(n, x, cos, sin, depth):
    turned = n.node("Concat", [n.node("Neg", [n.part(x, 3, depth // 2, depth)]), n.part(x, 3, 0, depth // 2)], axis=3)
    return n.node("Add", [n.node("Mul", [x, cos]), n.node("Mul", [turned, sin])])


def decoder_step(n, batch):
    """A token behind 31 whose keys and values are inputs; RMS norm, rotary positions, a gated feed-forward layer."""
    width, heads, depth, past = 128, 4, 32, 31

    def rms_norm(x):
        mean = n.node("ReduceMean", [n.node("Pow", [x, n.number(2)])], axes=[-1])
        root = n.node("Sqrt", [n.node("Add", [mean, n.number(1e-6)])])
        return n.node("Mul", [n.uniform([width], 0.8, 1.2), n.node("Mul", [x, n.node("Reciprocal", [root])])])

    def product(x, width_in, width_out):
        return n.node("MatMul", [x, n.normal([width_in, width_out], width_in)])

    x = n.input("token", [batch, 1, width])
    cached = [n.input(name, [batch, heads, past, depth]) for name in ("past_keys", "past_values")]
    angles = past / 10000 ** (numpy.arange(depth) % (depth // 2) * 2 / depth)
    cos, sin = (n.initializer(f(angles).astype("<f4")) for f in (numpy.cos, numpy.sin))
    y = rms_norm(x)
    q, k, v = (n.transpose(n.reshape(product(y, width, width), [-1, 1, heads, depth]), 0, 2, 1, 3) for _ in range(3))
    q, k = rotary(n, q, cos, sin, depth), rotary(n, k, cos, sin, depth)
    keys, values = (n.node("Concat", [c, new], axis=2) for c, new in zip(cached, (k, v)))
    scores = n.node("MatMul", [q, n.transpose(keys, 0, 1, 3, 2)])
    weights = n.node("Softmax", [n.node("Mul", [scores, n.number(depth ** -0.5)])], axis=-1)
    mixed = n.reshape(n.transpose(n.node("MatMul", [weights, values]), 0, 2, 1, 3), [-1, 1, width])
    x = n.node("Add", [x, product(mixed, width, width)])
    y = rms_norm(x)
    gate = product(y, width, 3 * width)
    gate = n.node("Mul", [gate, n.node("Sigmoid", [gate])])
    x = n.node("Add", [x, product(n.node("Mul", [gate, product(y, width, 3 * width)]), 3 * width, width)])
    n.output(product(rms_norm(x), width, 500), "logits", [batch, 1, 500])
    n.output(keys, "keys", [batch, heads, past + 1, depth])
    n.output(values, "values", [batch, heads, past + 1, depth])


def recurrent(n, op, gates, x, features, hidden, direction, **attributes):
    directions = 2 if direction == "bidirectional" else 1
    inputs = [x, n.normal([directions, gates * hidden, features], features), n.normal([directions, gates * hidden, hidden], hidden),
              n.uniform([directions, 2 * gates * hidden])]
    all_steps, _ = n.node(op, inputs, outputs=[f"{x}_all", f"{x}_last"], hidden_size=hidden, direction=direction, **attributes)
    return n.transpose(all_steps, 0, 2, 1, 3)   # [steps, batch, directions, hidden]


def lstm(n, batch):
    """Two bidirectional layers over a sequence of 12 steps, and logits of the last one."""
    steps, hidden = 12, 64
    x = n.transpose(n.input("sequence", [batch, steps, 40]), 1, 0, 2)
    for features in (40, 2 * hidden):
        x = n.reshape(recurrent(n, "LSTM", 4, x, features, hidden, "bidirectional"), [steps, -1, 2 * hidden])
    x = n.node("Gather", [n.transpose(x, 1, 0, 2), n.constant(steps - 1)], axis=1)
    n.output(n.linear(x, 2 * hidden, 50), "logits", [batch, 50])


def gru(n, batch):
    """One GRU as PyTorch has it over 12 steps, logits of every step."""
    steps, hidden = 12, 70
    x = n.transpose(n.input("sequence", [batch, steps, 33]), 1, 0, 2)
    x = n.reshape(recurrent(n, "GRU", 3, x, 33, hidden, "forward", linear_before_reset=1), [steps, -1, hidden])
    n.output(n.linear(n.transpose(x, 1, 0, 2), hidden, 20), "logits", [batch, steps, 20])


# What fp16 and bf16 may err here, in parts of what they may in networks that end in a mean over many places: the roundings
# of a dozen layers come through to thousands of outputs (unet), or through a chain of element-wise steps (hard swish, Gelu).
ROUNDED = {"mobilenet_v3": 1.5, "unet": 2, "vit": 1.5}

NETWORKS = {f.__name__: f for f in (convnext, decoder_step, gru, lstm, mobilenet_v3, shufflenet_v2, swin, unet, vit)}


def write(name, seed, batch):
    """The bytes of the model, its inputs and its outputs as (name, shape)."""
    n = Network(name, seed)
    NETWORKS[name](n, batch)
    return n.to_onnx(), n.inputs, n.outputs


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in NETWORKS:
        sys.exit(__doc__)
    pathlib.Path(sys.argv[2]).write_bytes(write(sys.argv[1], 1, int(sys.argv[3]) if len(sys.argv) == 4 else 1)[0])


if __name__ == "__main__":
    main()
