#!/usr/bin/python3
"""Two narrow layers of every network of models/bert_base, with data on the chip, against numpy in double precision.

usage: bert_family_test.py INFSIM SOURCE_FOLDER [TEST...]

The numpy side is written after the models' code in Hugging Face's transformers, and shares nothing with the generator but
the names of weights. What the parameters come to is checked in tests/unit/graph/models_test.cpp.
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy

INFSIM, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
GENERATOR = SOURCE / "models/bert_base/generate.py"
BATCH, HEAD = 3, 64
LIMITS = {"fp32": 2e-6, "bf16": 0.03}   # of the largest output


def erf(x):
    return numpy.vectorize(math.erf)(x)


def gelu(x):
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


def gelu_new(x):
    return 0.5 * x * (1 + numpy.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def softmax(x):
    shifted = numpy.exp(x - x.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


class Encoder:
    """A network by its weights; inputs are [B, S]."""

    def __init__(self, weights, name):
        self.w = weights
        self.epsilon = 1e-5 if "roberta" in name else 1e-12
        self.gelu = gelu_new if name.startswith("albert") else gelu
        self.shared, self.filled = name.startswith("albert"), name.startswith("distilbert")

    def dense(self, x, name):
        return x @ self.w[name + "_w"] + self.w[name + "_b"]

    def norm(self, x, name):
        centred = x - x.mean(-1, keepdims=True)
        return centred / numpy.sqrt((centred ** 2).mean(-1, keepdims=True) + self.epsilon) * self.w[name + "_scale"] + self.w[name + "_bias"]

    def embedded(self, input_ids, token_type_ids, position_ids):
        x = self.w["word_table"][input_ids]
        if "type_table" in self.w:
            x = x + self.w["type_table"][token_type_ids]
        x = self.norm(x + self.w["position_table"][position_ids], "embedding_norm")
        return self.dense(x, "embedding_projection") if "embedding_projection_w" in self.w else x

    def attention(self, x, layer, mask):
        def heads(part):
            y = self.dense(x, f"{layer}_{part}")
            return y.reshape(*y.shape[:2], -1, HEAD).transpose(0, 2, 1, 3)
        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / math.sqrt(HEAD)
        hidden = mask[:, None, None, :] == 0
        scores = numpy.where(hidden, -numpy.inf, scores) if self.filled else scores - 10000.0 * hidden
        y = (softmax(scores) @ heads("value")).transpose(0, 2, 1, 3)
        return self.dense(y.reshape(x.shape), f"{layer}_attention_out")

    def __call__(self, layers, mask, **embeddings):
        x = self.embedded(**embeddings)
        for i in range(layers):
            layer = "shared" if self.shared else f"layer{i}"
            x = self.norm(x + self.attention(x, layer, mask), layer + "_attention_norm")
            x = self.norm(x + self.dense(self.gelu(self.dense(x, layer + "_ffn_in")), layer + "_ffn_out"), layer + "_ffn_norm")
        return x


class BertFamily(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="infsim-bert-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.random = numpy.random.default_rng(1)
        subprocess.run(["/usr/bin/python3", "-B", GENERATOR, "--tiny", self.folder], check=True)

    def with_weights(self, path):
        """Draws the weights of the network, puts them beside it and gives them by name."""
        network, weights, offset = json.loads(path.read_text()), {}, 0
        tokens = network["dims"]["seq"]
        with open(path.with_suffix(".bin"), "wb") as file:
            for c in network["constants"]:
                if "value" in c:
                    continue
                shape = [tokens if n == "seq" else n for n in c["shape"]]
                values = self.random.normal(0, 1 / math.sqrt(shape[0]) if c["name"].endswith("_w") else 0.5, shape)
                values = (values + (1 if c["name"].endswith("_scale") else 0)).astype("<f4")
                c["value"] = {"file": {"path": path.stem + ".bin", "offset": offset}}
                offset += file.write(values.tobytes())
                weights[c["name"]] = values.astype("f8")
        path.write_text(json.dumps(network))
        return network, weights

    def inputs(self, network, weights):
        """What the graph takes, and what the numpy side does. Items end in 0, 5 and 10 tokens of padding."""
        tokens = network["dims"]["seq"]
        mask = numpy.array([[1] * (tokens - 5 * i) + [0] * 5 * i for i in range(BATCH)])
        ids = self.random.integers(3, len(weights["word_table"]), mask.shape)
        names = {i["name"] for i in network["inputs"]}
        types = self.random.integers(0, 2, mask.shape) * ("token_type_ids" in names)
        # RoBERTa's: counted from behind the index of padding, which is 1; padding itself has that.
        positions = numpy.cumsum(mask, 1) * mask + 1 if "position_ids" in names else numpy.arange(tokens) + 0 * mask
        given = {"input_ids": ids, "token_type_ids": types, "position_ids": positions, "attention_mask": mask.astype("f4")}
        return {n: given[n] for n in names}, {"input_ids": ids, "token_type_ids": types, "position_ids": positions}, mask

    def check(self, path):
        network, weights = self.with_weights(path)
        data, embeddings, mask = self.inputs(network, weights)
        right = Encoder(weights, path.stem)(2, mask, **embeddings)
        numpy.savez(self.folder / "in.npz", **data)
        for dtype, limit in LIMITS.items():
            done = subprocess.run([INFSIM, "run", path, "--batch", str(BATCH), "--dtype", dtype, "--io-dtype", "fp32", "--cores", "1",
                                   "--data", self.folder / "in.npz", "--out", self.folder / "out.npz"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            (got,) = dict(numpy.load(self.folder / "out.npz")).values()
            self.assertEqual(got.shape, right.shape)
            self.assertLessEqual(numpy.abs(got - right).max() / numpy.abs(right).max(), limit, dtype)

    def test_every_network_computes_what_its_published_code_does(self):
        paths = sorted(self.folder.glob("*.json"))
        self.assertEqual([p.name for p in paths], sorted(p.name for p in GENERATOR.parent.glob("*.json")))
        for path in paths:
            with self.subTest(network=path.stem):
                self.check(path)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
