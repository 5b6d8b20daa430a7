"""Writes the graph JSON of sim/graph: one line per tensor and node, so that a diff shows layers.

Shapes are those of one item, with the batch axis in front. Weights have a shape and no values: running a
network with data needs random ones. The reader infers every intermediate shape and holds the outputs against it.
"""
import json
import pathlib
import sys


class Graph:
    def __init__(self, name):
        self.name = name
        self.dims = {}
        self.inputs, self.constants, self.nodes, self.outputs = [], [], [], []

    def dim(self, name, extent):
        """Names an axis, whose extent is this unless somebody asks for another; the name stands in shapes."""
        self.dims[name] = extent
        return name

    def input(self, name, shape, dtype="fp32"):
        self.inputs.append({"name": name, "shape": shape, "dtype": dtype})
        return name

    def weight(self, name, shape):
        """A weight of this name; asked for again, it is the same one, and both readers share it."""
        entry = {"name": name, "shape": shape, "dtype": "fp32"}
        known = [c for c in self.constants if c["name"] == name]
        if known and known[0] != entry:
            raise ValueError(f"{name} is {known[0]['shape']} already, and cannot be {shape}")
        if not known:
            self.constants.append(entry)
        return name

    def number(self, name, value):
        self.constants.append({"name": name, "shape": [], "dtype": "fp32", "value": {"splat": value}})
        return name

    def node(self, op, name, inputs, **attributes):
        """Adds a node with one output, named like the node, and returns that."""
        entry = {"name": name, "op": op, "inputs": inputs, "outputs": [name]}
        if attributes:
            entry["attributes"] = attributes
        self.nodes.append(entry)
        return name

    def output(self, name, shape):
        self.outputs.append({"name": name, "shape": shape})

    def text(self):
        def lines(entries):
            return "[\n" + ",\n".join("  " + json.dumps(e) for e in entries) + "\n ]"

        parts = [f' "name": {json.dumps(self.name)}']
        if self.dims:
            parts.append(f' "dims": {json.dumps(self.dims)}')
        for key in ("inputs", "constants", "nodes", "outputs"):
            parts.append(f' "{key}": {lines(getattr(self, key))}')
        return "{\n" + ",\n".join(parts) + "\n}\n"


def conv(g, name, x, channels_in, channels, kernel, stride=1, padding=None):
    """A square convolution with bias (batch normalisation is folded into it), padded to keep the size."""
    pad = kernel // 2 if padding is None else padding
    weight = g.weight(name + "_w", [channels, channels_in, kernel, kernel])
    bias = g.weight(name + "_b", [channels])
    return g.node("conv", name, [x, weight, bias], kernel_shape=[kernel, kernel], strides=[stride, stride],
                  pads=[pad] * 4, dilations=[1, 1], group=1)


def max_pool(g, name, x, kernel, stride, pad=0):
    return g.node("max_pool", name, [x], kernel_shape=[kernel, kernel], strides=[stride, stride], pads=[pad] * 4,
                  dilations=[1, 1], ceil_mode=0)


def gemm(g, name, x, features_in, features):
    return g.node("gemm", name, [x, g.weight(name + "_w", [features_in, features]), g.weight(name + "_b", [features])])


def dense(g, name, x, features_in, features, weights=None):
    """x [1, sequence, features_in] through a projection with bias; `weights`: their name where it is not the node's."""
    weights = weights or name
    product = g.node("matmul", name + "_matmul", [x, g.weight(weights + "_w", [features_in, features])])
    return g.node("add", name, [product, g.weight(weights + "_b", [features])])


def layer_norm(g, name, x, hidden, epsilon=1e-12, weights=None):
    weights = weights or name
    return g.node("layer_norm", name, [x, g.weight(weights + "_scale", [hidden]), g.weight(weights + "_bias", [hidden])],
                  axis=2, epsilon=epsilon)


def masked_scores(g, prefix, query, key, size, mask):
    """Scores of BERT: scaled, and the mask, 0 or a large negative number, added to them."""
    scores = g.node("matmul", f"{prefix}_scores", [query, key])
    scores = g.node("mul", f"{prefix}_scaled", [scores, g.number(f"{prefix}_scale", size ** -0.5)])
    return scores if mask is None else g.node("add", f"{prefix}_masked", [scores, mask])


def encoder_layer(g, prefix, x, sequence, hidden, heads, feed_forward, mask=None, scores_of=masked_scores, gelu="gelu",
                  epsilon=1e-12, weights=None):
    """One transformer encoder layer, normalisation behind each residual sum as in BERT. x [1, sequence, hidden].
    `scores_of` makes the softmax's input, in masked_scores' manner; layers of the same `weights`, a prefix, share them."""
    size, weights = hidden // heads, weights or prefix

    def split_heads(part, perm):
        projected = dense(g, f"{prefix}_{part}", x, hidden, hidden, f"{weights}_{part}")
        split = g.node("reshape", f"{prefix}_{part}_heads", [projected], shape=[1, sequence, heads, size])
        return g.node("transpose", f"{prefix}_{part}_turned", [split], perm=perm)

    query = split_heads("query", [0, 2, 1, 3])
    key = split_heads("key", [0, 2, 3, 1])
    value = split_heads("value", [0, 2, 1, 3])
    scores = scores_of(g, prefix, query, key, size, mask)
    spread = g.node("softmax", f"{prefix}_weights", [scores], axis=3)
    context = g.node("matmul", f"{prefix}_context", [spread, value])
    context = g.node("transpose", f"{prefix}_context_turned", [context], perm=[0, 2, 1, 3])
    context = g.node("reshape", f"{prefix}_context_joined", [context], shape=[1, sequence, hidden])
    attended = dense(g, f"{prefix}_attention_out", context, hidden, hidden, f"{weights}_attention_out")
    attended = g.node("add", f"{prefix}_attention_sum", [attended, x])
    attended = layer_norm(g, f"{prefix}_attention_norm", attended, hidden, epsilon, f"{weights}_attention_norm")
    inner = dense(g, f"{prefix}_ffn_in", attended, hidden, feed_forward, f"{weights}_ffn_in")
    inner = g.node(gelu, f"{prefix}_ffn_gelu", [inner])
    outer = dense(g, f"{prefix}_ffn_out", inner, feed_forward, hidden, f"{weights}_ffn_out")
    outer = g.node("add", f"{prefix}_ffn_sum", [outer, attended])
    return layer_norm(g, f"{prefix}_ffn_norm", outer, hidden, epsilon, f"{weights}_ffn_norm")


def write(folder, graphs):
    """Writes <name>.json for each graph; with --check, compares with what is there instead (status 1: differs)."""
    differs = False
    for g in graphs:
        path = pathlib.Path(folder) / (g.name + ".json")
        if "--check" not in sys.argv:
            path.write_text(g.text())
        elif not path.exists() or path.read_text() != g.text():
            print(f"{path} is not what its generator writes", file=sys.stderr)
            differs = True
    sys.exit(1 if differs else 0)
