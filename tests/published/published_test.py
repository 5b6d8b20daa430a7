#!/usr/bin/python3
"""The simulated chip against published measurements, and the shape behind them.

usage: published_test.py INFSIM SOURCE_FOLDER [unittest's own arguments]
"""
import csv
import json
import pathlib
import subprocess
import sys
import unittest

INFSIM, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()


def json_of(*words):
    return json.loads(subprocess.run([INFSIM, *words, "--json"], check=True, capture_output=True, text=True, cwd=SOURCE).stdout)


def resnet(batch, cores):
    return json_of("run", "resnet50-v1", "--batch", str(batch), "--cores", str(cores), "--workers", "2", "--compiler",
                   "configs/compilers/neuron-2021.json")["record"]


class Published(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = json_of("validate")
        cls.fit = json.loads((SOURCE / "tests/published/fit.json").read_text())

    def test_errors_of_the_rows(self):
        summary = self.rows["summary"]
        self.assertEqual((summary["compared"], summary["skipped"]), (16, 0))
        self.assertLessEqual(summary["mean_absolute_error"], 0.05)
        self.assertLessEqual(abs(summary["worst_error"]), 0.12)
        self.assertLess(summary["mean_absolute_error"], summary["closed_form_mean_absolute_error"] / 2)

    def test_errors_of_points_that_were_left_out(self):
        self.assertLessEqual(self.fit["leave_one_row_out"]["mean_absolute_error"], 0.08)
        self.assertLessEqual(self.fit["leave_one_model_out"]["mean_absolute_error"], 0.10)

    def test_the_chip_has_the_fitted_constants_and_says_so(self):
        self.assertLessEqual(len(self.fit["constants"]), 5)
        chip = json.loads((SOURCE / "configs/chips/inferentia1.json").read_text())
        for constant in self.fit["constants"]:
            for key in constant["keys"]:
                entry = chip
                for part in key.split("."):
                    entry = entry[part]
                self.assertEqual(str(entry["value"]), constant["value"], key)
                self.assertIn("fitted", entry["grade"])
                for point in self.fit["points"]:
                    self.assertIn(point, entry["source"])

    def test_committed_figures_are_those_of_today(self):
        with open(SOURCE / "results/validation/validation.csv", newline="") as file:
            committed = {r["id"]: r for r in csv.DictReader(file)}
        for row in self.rows["rows"]:
            # The length of a measurement may have changed since the fit; its constants have not.
            now = row["simulated"]
            within = (now["throughput_high"] - now["throughput_low"]) / 2 / now["throughput_inf_s"]
            self.assertAlmostEqual(self.fit["fit"]["errors"][row["id"]], now["error"], msg=row["id"], delta=1e-9 + within)
            self.assertEqual(float(committed[row["id"]]["throughput_inf_s"]), row["simulated"]["throughput_inf_s"], row["id"])
        subprocess.run(["/usr/bin/python3", SOURCE / "scripts/readme_tables.py", "--check", "validation"], check=True)

    def test_resnet50_waits_for_dram_at_batch_1_and_computes_at_batch_5(self):
        one, five = resnet(1, 4), resnet(5, 4)
        self.assertEqual(one["bound"], "dram")
        self.assertIn("weights from DRAM", one["pe_main_stall"])
        self.assertGreater(one["dram_utilisation"] / five["dram_utilisation"], 1.2)
        # With five images the PE is busy or waits for who takes its results, not for weights.
        self.assertGreater(five["pe_busy_fraction"] + five["pe_wait_act_fraction"] + five["pe_wait_pool_fraction"],
                           five["pe_wait_weights_fraction"] * 2)
        self.assertNotIn("weights", five["main_stall"])

    def test_one_core_alone_is_1_6_to_1_9_times_as_fast_as_each_of_four(self):
        alone, four = resnet(1, 1), resnet(1, 4)
        ratio = alone["throughput_median"] / (four["throughput_median"] / 4)
        self.assertGreaterEqual(ratio, 1.6)
        self.assertLessEqual(ratio, 1.9)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
