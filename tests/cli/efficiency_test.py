#!/usr/bin/python3
"""No network of models/ falls behind the efficiency that tests/README.md says it has, and a slow one says why.

usage: efficiency_test.py INFSIM SOURCE_FOLDER [TEST...]
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

INFSIM, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(SOURCE / "scripts"))
import efficiency_table as table  # noqa: E402
from infsim_tools.simulator import Infsim, networks_of_models  # noqa: E402

FALL = 0.05
TINY, LARGE = "three_layers", "resnet50-v1"   # far from its ideal, as every tiny network is; and not


def said(*words, folder=SOURCE):
    done = subprocess.run([INFSIM, *map(str, words)], capture_output=True, text=True, check=True, cwd=folder)
    return " ".join(done.stdout.split())   # lines are wrapped


class Efficiency(unittest.TestCase):
    def test_no_network_is_slower_than_the_table_says(self):
        known = table.committed()
        self.assertEqual({name for name, _ in known}, set(networks_of_models()), "renew with scripts/efficiency_table.py --write")
        for (name, batch), efficiency in known.items():
            with self.subTest(network=name, batch=batch):
                record = table.run(Infsim(INFSIM), name, batch)
                self.assertIsInstance(record, dict, record)
                self.assertGreaterEqual(record["efficiency"], (1 - FALL) * efficiency)
                self.assertAlmostEqual(record["efficiency"], record["ideal_ms"] / record["service_ms"])
                self.assertLessEqual(record["efficiency"], 1)

    def test_a_run_far_from_its_ideal_names_causes_and_layers(self):
        text = said("run", TINY, "--cores", 1)
        self.assertRegex(text, r"ideal 0\.005 ms efficiency 0\.0\d+")
        self.assertRegex(text, r"Far from ideal: [a-zA-Z ]+, \d+ % of the time: conv\d")
        self.assertNotIn("Far from ideal", said("run", LARGE, "--cores", 1))
        report = json.loads(said("run", TINY, "--cores", 1, "--layers", "--json"))
        self.assertTrue(report["record"]["why_slow"].startswith(report["causes"][0]["cause"]))
        # Every moment belongs to one cause, but for those in which nothing is under way.
        times = [cause["ms"] for cause in report["causes"]]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertLessEqual(sum(times), 1.0001 * report["record"]["service_ms"])
        self.assertGreater(sum(times), 0.8 * report["record"]["service_ms"])
        for cause in report["causes"]:
            self.assertAlmostEqual(sum(layer["ms"] for layer in cause["layers"]), cause["ms"])

    def test_causes_are_told_of_large_networks_as_well(self):
        report = json.loads(said("run", LARGE, "--cores", 1, "--layers", "--json"))
        self.assertNotIn("why_slow", report["record"])
        self.assertRegex(report["causes"][0]["cause"], "array|weights read")

    def test_limits_and_sweeps_tell_it(self):
        words = ("limits", TINY, "--cores", 1, "--max-batch", 2, "--no-levers")
        self.assertRegex(said(*words), r"p99 ms eff\..* B=\d is far from ideal: ")
        best = json.loads(said(*words, "--json"))["limits"]["best_throughput"]
        self.assertAlmostEqual(best["efficiency"], 0.08, delta=0.03)
        self.assertIn("of the time", best["why_slow"])
        with tempfile.TemporaryDirectory() as folder:
            sweep = pathlib.Path(folder) / "s.json"
            sweep.write_text(json.dumps({"question": "?", "base": {"model": TINY, "cores": 1}, "axes": [{"key": "batch", "values": [1, 2]}]}))
            self.assertRegex(said("sweep", sweep, "--out", folder + "/out", folder=folder), r"eff\..* batch 1: far from ideal: ")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
