#!/usr/bin/python3
"""Operators that no node test of Debian's ONNX has, or that the import takes apart in several ways: one node in an ONNX
file, computed on the chip in fp32 at B=1 and B=3, against numpy.

usage: operators_test.py INFSIM SOURCE_FOLDER [TEST...]
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy

INFSIM, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(SOURCE / "tests/onnxruntime"))
import onnx_wire as wire  # noqa: E402

BATCH = "N"


def softmax(x):
    e = numpy.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def heads(x, count):
    """[B, S, h * d] to [B, h, S, d]."""
    return x.reshape(*x.shape[:2], count, -1).transpose(0, 2, 1, 3)


def joined(x):
    return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)


def attention(q, k, v, mask=None, causal=False, past=0, scale=None, softcap=0):
    k, v = (numpy.repeat(t, q.shape[1] // t.shape[1], axis=1) for t in (k, v))
    scores = q @ k.transpose(0, 1, 3, 2) * (scale or q.shape[-1] ** -0.5)
    if softcap:
        scores = numpy.tanh(scores / softcap) * softcap
    if mask is not None:
        bias = numpy.where(mask, 0, -numpy.inf) if mask.dtype == bool else mask
        missing = k.shape[2] - bias.shape[-1]
        scores = scores + numpy.pad(bias, [(0, 0)] * (bias.ndim - 1) + [(0, missing)], constant_values=-numpy.inf)
    if causal:
        rows, columns = scores.shape[-2:]
        scores = scores + numpy.triu(numpy.full((rows, columns), -numpy.inf), past + 1)
    return softmax(scores) @ v


def rotary(x, cosine, sine, interleaved=False):
    """x [B, h, S, d]; tables [B, S, r / 2]."""
    width = 2 * cosine.shape[-1]
    turned, rest = x[..., :width], x[..., width:]
    a, b = (turned[..., 0::2], turned[..., 1::2]) if interleaved else numpy.split(turned, 2, -1)
    c, s = cosine[:, None], sine[:, None]
    pair = (c * a - s * b, s * a + c * b)
    turned = numpy.stack(pair, -1).reshape(turned.shape) if interleaved else numpy.concatenate(pair, -1)
    return numpy.concatenate((turned, rest), -1)


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def lstm_step(x, r, b, h, c):
    """Gates i, o, f, c of what the inputs contribute, `x`."""
    i, o, f, g = numpy.split(x + h @ r.T + b, 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * numpy.tanh(g)
    return sigmoid(o) * numpy.tanh(c), c


def gru_step(x, r, b, h, c, before_reset):
    xz, xr, xh = numpy.split(x, 3, -1)
    rz, rr, rh = numpy.split(r, 3)
    bz, br, bh = numpy.split(b, 3)
    z, reset = sigmoid(xz + h @ rz.T + bz), sigmoid(xr + h @ rr.T + br)
    inner = reset * (h @ rh.T + bh) if before_reset else (reset * h) @ rh.T + bh
    return (1 - z) * numpy.tanh(xh + inner) + z * h, c


def recurrent(step, x, w, r, b, direction, h0=None):
    """x [B, S, I]; gives Y [B, S, D, H], and h and c [B, D, H] behind the last step."""
    rows, ends, cells = [], [], []
    for d in range(len(w)):
        order = range(x.shape[1])
        if direction == "reverse" or d == 1:
            order = reversed(order)
        c = numpy.zeros((len(x), r.shape[2]))
        h = c if h0 is None else h0[:, d]
        own, state_bias = numpy.split(b[d], 2)
        row = {}
        for s in order:
            h, c = step(x[:, s] @ w[d].T + own, r[d], state_bias, h, c)
            row[s] = h
        rows.append(numpy.stack([row[s] for s in range(x.shape[1])], 1))
        ends.append(h)
        cells.append(c)
    return numpy.stack(rows, 2), numpy.stack(ends, 1), numpy.stack(cells, 1)


class Operators(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="infsim-operators-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.random = numpy.random.default_rng(1)
        self.lead = [BATCH]   # extents of inputs in front of those that a test gives

    def draw(self, *shape):
        return self.random.normal(0, 1, shape).astype("f4")

    def run_node(self, op, opset, inputs, constants, outputs, attributes, batch):
        """Inputs are shapes whose first extent is the batch; constants stand behind them in the node's order. A name
        of None is an absent input. Gives the inputs and the outputs."""
        graph = [(wire.GRAPH_NODE, wire.node(op, [n or "" for n in self.order], outputs, attributes)), (wire.GRAPH_NAME, "g")]
        graph += [(wire.GRAPH_INITIALIZER, wire.tensor(n, c)) for n, c in constants.items()]
        graph += [(wire.GRAPH_INPUT, wire.value_info(n, [*self.lead, *s])) for n, s in inputs.items()]
        graph += [(wire.GRAPH_OUTPUT, wire.value_info(n, [])) for n in outputs]
        path = self.folder / "m.onnx"
        path.write_bytes(wire.build([(wire.MODEL_IR_VERSION, 10), (wire.MODEL_GRAPH, wire.build(graph)),
                                     (wire.MODEL_OPSETS, wire.build([(1, ""), (2, opset)]))]))
        data = {n: self.draw(batch, *s) for n, s in inputs.items()}
        numpy.savez(self.folder / "in.npz", **data)
        result = subprocess.run([INFSIM, "run", path, "--batch", str(batch), "--dtype", "fp32", "--cores", "1", "--data",
                                 self.folder / "in.npz", "--out", self.folder / "out.npz"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, f"{op} {attributes}\n{result.stderr}")
        return data, dict(numpy.load(self.folder / "out.npz"))

    def check(self, op, opset, inputs, right, constants=None, order=None, outputs=("y",), **attributes):
        """`right` gives the outputs of the inputs by name; the constants are those of the test."""
        constants = constants or {}
        self.order = order or [*inputs, *constants]
        for batch in (1, 3):
            data, got = self.run_node(op, opset, inputs, constants, list(outputs), attributes, batch)
            wanted = right(**data)
            for name, y in zip(outputs, wanted if isinstance(wanted, tuple) else (wanted,)):
                self.assertEqual(got[name].shape, y.shape, f"{op} {name} {attributes}")
                numpy.testing.assert_allclose(got[name], y, rtol=1e-4, atol=1e-5, err_msg=f"{op} {name} {attributes}")

    def test_attention(self):
        four = {n: (2, 5, 8) for n in "qkv"}
        self.check("Attention", 23, four, lambda q, k, v: attention(q, k, v))
        self.check("Attention", 24, four, lambda q, k, v: attention(q, k, v, causal=True), is_causal=1)
        self.check("Attention", 23, four, lambda q, k, v: attention(q, k, v, scale=0.25, softcap=2), scale=0.25, softcap=2.0)
        self.check("Attention", 23, {"q": (4, 5, 8), "k": (2, 3, 8), "v": (2, 3, 6)}, lambda q, k, v: attention(q, k, v))
        flat = {"q": (5, 24), "k": (7, 12), "v": (7, 12)}
        self.check("Attention", 23, flat, lambda q, k, v: joined(attention(heads(q, 4), heads(k, 2), heads(v, 2))),
                   q_num_heads=4, kv_num_heads=2)

    def test_attention_masks(self):
        four = {n: (2, 5, 8) for n in "qkv"}
        for mask in (self.draw(5, 5), numpy.tri(5) > 0, numpy.tri(5)[:, :3] > 0, self.draw(5, 4), self.draw(2, 5, 5)[None]):
            self.check("Attention", 24, four, lambda q, k, v: attention(q, k, v, mask), {"mask": mask})

    def test_attention_with_a_past(self):
        shapes = {**{n: (2, 3, 8) for n in "qkv"}, "pk": (2, 4, 8), "pv": (2, 4, 8)}

        def right(q, k, v, pk, pv):
            k, v = numpy.concatenate((pk, k), 2), numpy.concatenate((pv, v), 2)
            return attention(q, k, v, causal=True, past=4), k, v
        self.check("Attention", 23, shapes, right, order=["q", "k", "v", None, "pk", "pv"], outputs=("y", "k2", "v2"),
                   is_causal=1)

    def test_rotary_embedding(self):
        c, s = numpy.cos(self.draw(1, 6, 4)), numpy.sin(self.draw(1, 6, 4))
        for interleaved in (0, 1):
            self.check("RotaryEmbedding", 23, {"x": (3, 6, 8), "c": (6, 4), "s": (6, 4)},
                       lambda x, c, s: rotary(x, c, s, interleaved), interleaved=interleaved)
            self.check("RotaryEmbedding", 23, {"x": (3, 6, 12), "c": (6, 4), "s": (6, 4)},
                       lambda x, c, s: rotary(x, c, s, interleaved), interleaved=interleaved, rotary_embedding_dim=8)
            self.check("RotaryEmbedding", 23, {"x": (6, 24), "c": (6, 4), "s": (6, 4)},
                       lambda x, c, s: joined(rotary(heads(x, 3), c, s, interleaved)), interleaved=interleaved, num_heads=3)

    def test_norms(self):
        scale, bias = self.draw(6), self.draw(6)
        right = lambda x: x / numpy.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * scale  # noqa: E731
        self.check("RMSNormalization", 23, {"x": (4, 6)}, right, {"s": scale})

        def group(x, s, b, groups=3):
            g = x.reshape(x.shape[0], groups, -1)
            g = (g - g.mean(-1, keepdims=True)) / numpy.sqrt(g.var(-1, keepdims=True) + 1e-5)
            return g.reshape(x.shape) * s[:, None, None] + b[:, None, None]
        self.check("GroupNormalization", 21, {"x": (6, 4, 5)}, lambda x: group(x, scale, bias), {"s": scale, "b": bias},
                   num_groups=3)
        self.check("GroupNormalization", 18, {"x": (6, 4, 5)},
                   lambda x: group(x, numpy.repeat(scale[:3], 2), numpy.repeat(bias[:3], 2)),
                   {"s": scale[:3], "b": bias[:3]}, num_groups=3)

    def test_activations(self):
        self.check("Swish", 24, {"x": (4, 5)}, lambda x: x / (1 + numpy.exp(-1.5 * x)), alpha=1.5)
        self.check("Gelu", 20, {"x": (4, 5)},
                   lambda x: 0.5 * x * (1 + numpy.tanh(0.7978845608 * (x + 0.044715 * x ** 3))), approximate="tanh")

    def test_pad(self):
        ints = lambda *v: numpy.array(v, "i8")  # noqa: E731
        x = {"x": (2, 5, 6)}
        pad = lambda x, h, w, mode, **o: numpy.pad(x, [(0, 0), (0, 0), h, w], mode, **o)  # noqa: E731
        self.check("Pad", 18, x, lambda x: pad(x, (1, 2), (3, 0), "constant", constant_values=1.5),
                   {"pads": ints(3, 1, 0, 2), "value": numpy.array(1.5, "f4"), "axes": ints(-1, 2)})
        self.check("Pad", 19, x, lambda x: pad(x, (1, 2), (3, 6), "wrap"), {"pads": ints(1, 3, 2, 6), "axes": ints(2, 3)},
                   order=["x", "pads", None, "axes"], mode="wrap")
        self.check("Pad", 19, x, lambda x: pad(x[:, :, 1:], (0, 0), (0, 2), "wrap"), {"pads": ints(0, 0, -1, 0, 0, 0, 0, 2)},
                   mode="wrap")
        self.check("Pad", 21, x, lambda x: pad(x, (1, 2), (3, 0), "reflect"), {"pads": ints(0, 0, 1, 3, 0, 0, 2, 0)},
                   mode="reflect")

    def test_resize(self):
        x = {"x": (2, 4, 6)}
        floats = lambda *v: numpy.array(v, "f4")  # noqa: E731
        up = lambda x, h, w: x.repeat(h, 2).repeat(w, 3)  # noqa: E731
        order = ["x", None, "scales"]
        self.check("Resize", 18, x, lambda x: up(x, 2, 3), {"scales": floats(3, 2)}, order=order, axes=[-1, 2])
        self.check("Resize", 18, x, lambda x: up(x, 2, 2), {"scales": floats(2, 2)}, order=order, axes=[2, 3], antialias=1)
        sizes = lambda *v: {"sizes": numpy.array(v, "i8")}  # noqa: E731
        order = ["x", None, None, "sizes"]
        for policy, times in (("not_larger", 2), ("not_smaller", 3), ("stretch", None)):
            self.check("Resize", 19, x, lambda x: up(x, times or 2, times or 3), sizes(8, 18), order=order, axes=[2, 3],
                       keep_aspect_ratio_policy=policy)

    def test_resize_about_the_centre(self):
        """Of sizes that a scale does not hit: 5 x 1.5 are 7 elements, of 7.5."""
        def right(x, scale=1.5):
            at = 2.5 * (1 - 7 / 7.5) + (numpy.arange(7) + 0.5) / scale - 0.5
            left = numpy.floor(at).astype(int)
            pick = lambda i: x[:, :, numpy.clip(i, 0, 4)]  # noqa: E731
            return pick(left) * (1 - at + left) + pick(left + 1) * (at - left)
        self.check("Resize", 19, {"x": (3, 5)}, right, {"scales": numpy.array([1, 1, 1.5], "f4")}, order=["x", None, "scales"],
                   mode="linear", coordinate_transformation_mode="half_pixel_symmetric")

    def test_dilated_average_pool(self):
        def right(x, pads, every=False):
            x = numpy.pad(x, [(0, 0), (0, 0), (pads, pads), (pads, pads)], constant_values=numpy.nan)
            if every:
                x = numpy.nan_to_num(x)
            out = [[numpy.nanmean(x[:, :, i:i + 3:2, j:j + 3:2], (2, 3)) for j in range(x.shape[3] - 2)]
                   for i in range(x.shape[2] - 2)]
            return numpy.array(out).transpose(2, 3, 0, 1)
        options = {"kernel_shape": [2, 2], "dilations": [2, 2]}
        self.check("AveragePool", 19, {"x": (3, 5, 6)}, lambda x: right(x, 0), **options)
        self.check("AveragePool", 19, {"x": (3, 5, 6)}, lambda x: right(x, 1), pads=[1] * 4, **options)
        self.check("AveragePool", 19, {"x": (3, 5, 6)}, lambda x: right(x, 1, True), pads=[1] * 4, count_include_pad=1, **options)

    def cell(self, op, gates, step, direction="forward", start=False, outputs=2, **attributes):
        directions, hidden, width = 2 if direction == "bidirectional" else 1, 4, 3
        w, r = self.draw(directions, gates * hidden, width), self.draw(directions, gates * hidden, hidden)
        b = self.draw(directions, 2 * gates * hidden)
        inputs = {"x": (5, width), **({"h0": (directions, hidden)} if start else {})}
        self.check(op, 14, inputs, lambda x, h0=None: recurrent(step, x, w, r, b, direction, h0)[:outputs],
                   {"w": w, "r": r, "b": b}, order=["x", "w", "r", "b", None, *(["h0"] if start else [])],
                   outputs=("y", "h", "c")[:outputs], layout=1, direction=direction, hidden_size=hidden, **attributes)

    def test_recurrent_cells(self):
        for direction in ("forward", "reverse", "bidirectional"):
            self.cell("LSTM", 4, lstm_step, direction, outputs=3)
        self.cell("LSTM", 4, lstm_step, "bidirectional", start=True)
        for before in (0, 1):
            step = lambda *state: gru_step(*state, before)  # noqa: E731
            self.cell("GRU", 3, step, "bidirectional", linear_before_reset=before)
            self.cell("GRU", 3, step, "reverse", start=True, linear_before_reset=before)
        self.cell("RNN", 1, lambda x, r, b, h, c: (numpy.tanh(x + h @ r.T + b), c), "bidirectional", start=True)

    def test_a_batch_is_several_of_a_whole_model(self):
        softmax_of_rows = lambda x: softmax(x.swapaxes(1, 2)).swapaxes(1, 2)  # noqa: E731
        self.check("ReduceMax", 13, {"x": (4,)}, lambda x: x.max(1, keepdims=True), keepdims=1)
        self.lead = []
        self.check("Softmax", 13, {"x": (4, 6)}, softmax_of_rows, axis=0)
        self.check("MatMul", 13, {"x": (4, 6), "w": (6, 3)}, lambda x, w: x @ w)
        self.check("ScatterND", 16, {"x": (4, 6), "u": (2, 6)}, lambda x, u: numpy.stack((x[:, 0], u[:, 1], x[:, 2], u[:, 0]), 1),
                   {"i": numpy.array([[3], [1]], "i8")}, order=["x", "i", "u"])

    def test_lists_as_inputs(self):
        ints = lambda *v: numpy.array(v, "i8")  # noqa: E731
        self.check("Split", 18, {"x": (7, 4)}, lambda x: (x[:, :3], x[:, 3:6], x[:, 6:]), outputs=("a", "b", "c"), axis=1,
                   num_outputs=3)
        self.check("ReduceMax", 20, {"x": (3, 7)}, lambda x: x.max(2), {"axes": ints(-1)}, keepdims=0)
        self.check("ReduceL2", 18, {"x": (3, 7)}, lambda x: numpy.sqrt((x * x).sum(2, keepdims=True)), {"axes": ints(2)})


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
