#!/usr/bin/python3
"""Networks that end in operators which only the host runs, as a user meets them: split, time, numbers, refusals.

usage: host_operators_test.py INFSIM SOURCE_FOLDER [TEST...]
"""
import csv
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy

INFSIM, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(SOURCE / "tests/onnxruntime"))
import onnx_wire as wire  # noqa: E402

CLASSES, BEST, BOXES = 32, 5, 12


def suppress(boxes, scores, iou, least):
    """Rows (batch, class, box) of boxes [B, n, 4] and scores [B, c, n]."""
    def share(a, b):
        sides = numpy.minimum(a[2:], b[2:]) - numpy.maximum(a[:2], b[:2])
        common = sides.prod() if (sides > 0).all() else 0
        return common / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - common)
    rows = []
    for b, of_item in enumerate(scores):
        for c, of_class in enumerate(of_item):
            kept = []
            for i in numpy.argsort(-of_class, kind="stable"):
                if of_class[i] > least and all(share(boxes[b, i], boxes[b, k]) <= iou for k in kept):
                    kept.append(i)
            rows += [(b, c, i) for i in kept]
    return numpy.array(rows).reshape(-1, 3)


class HostOperators(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="infsim-host-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.random = numpy.random.default_rng(1)

    def run_it(self, *words, expect=0):
        result = subprocess.run([INFSIM, *map(str, words)], cwd=self.folder, capture_output=True, text=True, timeout=280)
        self.assertEqual(result.returncode, expect, f"infsim {words}\n{result.stdout}\n{result.stderr}")
        return result

    def model(self, nodes, inputs, outputs, constants):
        graph = [(wire.GRAPH_NODE, wire.node(*n)) for n in nodes] + [(wire.GRAPH_NAME, "g")]
        graph += [(wire.GRAPH_INITIALIZER, wire.tensor(n, c)) for n, c in constants.items()]
        graph += [(wire.GRAPH_INPUT, wire.value_info(n, s)) for n, s in inputs.items()]
        graph += [(wire.GRAPH_OUTPUT, wire.value_info(n, [])) for n in outputs]
        path = self.folder / "m.onnx"
        path.write_bytes(wire.build([(wire.MODEL_IR_VERSION, 8), (wire.MODEL_GRAPH, wire.build(graph)),
                                     (wire.MODEL_OPSETS, wire.build([(1, ""), (2, 13)]))]))
        return path

    def classifier(self, batch="N", behind=()):
        self.weights = self.random.normal(0, 1, (16, CLASSES)).astype("f4")
        nodes = [("MatMul", ["x", "w"], ["logits"], {}), ("TopK", ["logits", "k"], ["values", "places"], {}), *behind]
        return self.model(nodes, {"x": [batch, 16]}, [behind[-1][2][0]] if behind else ["values", "places"],
                          {"w": self.weights, "k": numpy.array([BEST], "i8")})

    def detector(self, batch):
        """Corners and sizes become boxes on the chip; NonMaxSuppression and what picks by it are the host's."""
        nodes = [("Relu", ["corner"], ["low"], {}), ("Add", ["low", "size"], ["high"], {}),
                 ("Concat", ["low", "high"], ["boxes"], {"axis": 2}), ("Sigmoid", ["raw"], ["scores"], {}),
                 ("NonMaxSuppression", ["boxes", "scores", "most", "iou", "least"], ["rows"], {}),
                 ("Gather", ["rows", "last"], ["picked"], {"axis": 1}), ("Shape", ["rows"], ["count"], {})]
        inputs = {"corner": [batch, BOXES, 2], "size": [batch, BOXES, 2], "raw": [batch, 3, BOXES]}
        return self.model(nodes, inputs, ["rows", "picked", "count", "scores"],
                          {"most": numpy.array(BOXES, "i8"), "iou": numpy.array(0.3, "f4"), "least": numpy.array(0.4, "f4"),
                           "last": numpy.array(2, "i8")})

    def compute(self, path, batch, data):
        numpy.savez(self.folder / "in.npz", **data)
        self.run_it("run", path, "--batch", batch, "--dtype", "fp32", "--cores", 1, "--data", "in.npz", "--out", "out.npz",
                    "--verify")
        return dict(numpy.load(self.folder / "out.npz"))

    def record(self, path, *words):
        return json.loads(self.run_it("run", path, "--json", "--cores", 1, *words).stdout)["record"]

    def test_the_best_classes(self):
        path = self.classifier()
        for batch in (1, 3):
            x = self.random.normal(0, 1, (batch, 16)).astype("f4")
            got = self.compute(path, batch, {"x": x})
            logits = x @ self.weights
            places = numpy.argsort(-logits, 1, kind="stable")[:, :BEST]
            numpy.testing.assert_array_equal(got["places"], places)
            numpy.testing.assert_allclose(got["values"], numpy.take_along_axis(logits, places, 1), rtol=1e-4, atol=1e-5)

    def test_boxes_that_do_not_overlap(self):
        def data(batch):
            corner = self.random.uniform(0, 2, (batch, BOXES, 2)).astype("f4")
            size = self.random.uniform(0.5, 1.5, (batch, BOXES, 2)).astype("f4")
            raw = self.random.normal(0, 1, (batch, 3, BOXES)).astype("f4")
            boxes = numpy.concatenate((corner, corner + size), 2)
            return {"corner": corner, "size": size, "raw": raw}, suppress(boxes, 1 / (1 + numpy.exp(-raw)), 0.3, 0.4)
        path = self.detector("N")
        for batch in (1, 2):
            inputs, rows = data(batch)
            got = self.compute(path, batch, inputs)
            numpy.testing.assert_array_equal(got["rows"], rows)
            numpy.testing.assert_array_equal(got["picked"], rows[:, 2])
            numpy.testing.assert_array_equal(got["count"], rows.shape)
            self.assertEqual(got["scores"].shape, (batch, 3, BOXES))
        # Exported for a batch of 1: a batch is several of the model, each with results of its own length.
        inputs, rows = data(2)
        got = self.compute(self.detector(1), 2, inputs)
        for item in (0, 1):
            numpy.testing.assert_array_equal(got[f"picked[{item}]"], rows[rows[:, 0] == item, 2])

    def test_the_time_is_what_the_elements_take(self):
        path = self.classifier()
        result = self.run_it("run", path, "--batch", 4)
        self.assertIn("1 node runs on the host, which read 32 elements per item: 'values' (TopK)", result.stderr)
        self.assertIn("operators on the host", result.stdout)
        quick = self.record(path, "--batch", 4, "--workers", 1)
        slow = self.record(path, "--batch", 4, "--workers", 1, "--set", "chip.host.element_time=1us")
        self.assertEqual(quick["host_ms"], CLASSES * 4 * 5e-6)
        self.assertEqual(slow["host_ms"], CLASSES * 4 * 1e-3)
        longer = slow["host_ms"] - quick["host_ms"]
        self.assertAlmostEqual(slow["latency_ms_p50"] - quick["latency_ms_p50"], longer, places=9)
        # One core and one worker: an inference takes its latency, and the next one follows.
        self.assertAlmostEqual(slow["throughput_avg"], 4 / slow["latency_ms_p50"] * 1e3, places=3)
        self.assertEqual(slow["service_ms"], quick["service_ms"])
        self.assertNotEqual(slow["point_id"], quick["point_id"])
        # A second worker calls while the first one's host works.
        self.assertGreater(self.record(path, "--batch", 4, "--workers", 2, "--set", "chip.host.element_time=1us")["throughput_avg"],
                           1.5 * slow["throughput_avg"])

    def test_without_leave_it_is_refused(self):
        path = self.classifier()
        for words in (["--set", 'compiler.host.operators=["NonZero"]'], ["--set", "compiler.host.operators=[]"],
                      ["--host-operators", "none"], ["--host-operators", "NonZero,NonMaxSuppression"],
                      ["--compiler", SOURCE / "configs/compilers/neuron-2021.json"]):
            result = self.run_it("run", path, *words, expect=2)
            self.assertIn("node 'values' (TopK): of computed data is not supported; with compiler option "
                          "host.operators the host runs TopK", result.stderr)
        result = self.run_it("run", path, "--set", 'compiler.host.operators=["Conv"]', expect=2)
        self.assertIn("'Conv' is none of NonMaxSuppression, NonZero, TopK", result.stderr)
        result = self.run_it("run", path, "--host-operators", "TopK,Conv", expect=2)
        self.assertIn("--host-operators: compiler.host.operators: 'Conv' is none of NonMaxSuppression, NonZero, TopK", result.stderr)
        self.run_it("run", path, "--compiler", SOURCE / "configs/compilers/neuron-2021.json", "--host-operators", "TopK")
        self.assertIn("--host-operators", self.run_it("compile", "--help").stdout)

    def test_what_cannot_be_split_is_refused(self):
        back = self.classifier(behind=[("Softmax", ["values"], ["parts"], {}), ("LpNormalization", ["parts"], ["y"], {})])
        for command in ("run", "compile", "check"):
            result = self.run_it(command, back, expect=2)
            self.assertIn("node 'y' (LpNormalization): needs the result of node 'values' (TopK), which the host computes; the host "
                          "does not run LpNormalization, and its results do not go back to the chip", result.stderr)
        only = self.model([("NonZero", ["x"], ["y"], {})], {"x": ["N", 4]}, ["y"], {})
        self.assertIn("runs on the host as a whole", self.run_it("run", only, expect=2).stderr)

    def test_other_commands(self):
        path = self.classifier()
        self.assertIn("ok", self.run_it("check", path).stdout)
        self.run_it("compile", path, "--batch", 2, "--verify", "--check-races")
        limits = json.loads(self.run_it("limits", path, "--max-batch", 2, "--no-levers", "--json", "--set",
                                        "chip.host.element_time=1us", "--latency-ms", "0.2").stdout)
        self.assertIn("limits", limits)
        sweep = {"question": "?", "base": {"cores": 1}, "axes": [
            {"key": "model", "values": ["three_layers", str(path)]}, {"key": "batch", "values": [1, 2]}]}
        (self.folder / "s.json").write_text(json.dumps(sweep))
        self.run_it("sweep", "s.json", "--out", "both")
        with open(self.folder / "both/table.csv", newline="") as file:
            self.assertEqual([r["host_ms"] for r in csv.DictReader(file)], ["", "", "0.00016", "0.00032"])
        self.run_it("sweep", "s.json", "--out", "one", "--set", 'model=["three_layers"]')
        self.assertNotIn("host_ms", (self.folder / "one/table.csv").read_text())

    def test_serving(self):
        path = self.classifier()
        scenario = {"server": {"model": str(path), "batches": [2]}, "policy": {"kind": "none"}, "requests": {"items": 2},
                    "load": {"kind": "closed", "models": 1, "workers": 1}, "stop": {"requests": 40}, "warm_up": 4}
        (self.folder / "s.json").write_text(json.dumps(scenario))
        for live in ("false", "true"):
            quick, slow = (json.loads(self.run_it("serve", "s.json", "--out", "out", "--json", "--set", f"live={live}", "--set",
                                                  f"chip.host.element_time={time}").stdout)["record"]["latency_ms_p50"]
                           for time in ("5ns", "1us"))
            self.assertAlmostEqual(slow - quick, CLASSES * 2 * (1e-3 - 5e-6), places=6)
            run = self.record(path, "--batch", 2, "--workers", 1)
            self.assertAlmostEqual(quick / run["latency_ms_p50"], 1, delta=0.03)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
