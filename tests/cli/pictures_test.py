#!/usr/bin/python3
"""Pictures of any sweep: networks beside a batch and a chip's axis, axes that move together, flags alone, no batch; and folders
that cannot be drawn, which are told in one sentence.

usage: pictures_test.py INFSIM SOURCE_FOLDER [TEST...]
"""
import csv
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

INFSIM, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
CHIP = str(SOURCE / "configs/chips/inferentia1.json")
SCRIPTS = ("plot_sweep.py", "plot_map.py", "plot_pareto.py", "plot_bytes.py")
BUFFERS = {"key": "chip.state_buffer.partition_bytes", "values": ["1KiB", "96KiB"]}


def sweep_into(folder, axes, words=(), **base):
    asks = {key: base.pop(key) for key in ("measure", "max_batch") if key in base}
    content = {"question": "?", **asks, "base": {"model": "three_layers", "chip": CHIP, "compiler": "layer_by_layer", "cores": 1, "workers": 1, **base}, "axes": axes}
    path = folder.parent / f"{folder.name}.json"
    content["base"] = {k: v for k, v in content["base"].items() if v is not None}
    path.write_text(json.dumps(content))
    subprocess.run([INFSIM, "sweep", path, "--out", folder, *words], check=True, capture_output=True)


class Pictures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="infsim-pictures-"))
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        no_spill = {"compiler.spill.spill": False}
        sweep_into(cls.root / "networks", [{"key": "model", "values": ["three_layers", "three_heavy_layers"]}, BUFFERS,
                                           {"key": "chip.dram.channel_bandwidth", "values": ["5GB/s", "25GB/s"]},
                                           {"key": "batch", "values": [1, 2, 16]}], model=None, **no_spill)
        sweep_into(cls.root / "zip", [{"zip": [{"key": "chip.pe.columns", "values": [32, 64]}, {"key": "chip.psum.partitions", "values": [32, 64]}]},
                                      {"key": "batch", "values": [1, 2]}])
        sweep_into(cls.root / "flags", [{"key": "batching_en", "values": [True, False]}, {"key": "enable-replication", "values": [True, False]}])
        sweep_into(cls.root / "priced", [BUFFERS, {"key": "batch", "values": [1, 2, 4]}], measure="estimate")
        sweep_into(cls.root / "limits", [{"key": "model", "values": ["three_layers", "three_heavy_layers"]}, BUFFERS], model=None, measure="limits",
                   max_batch=8, **no_spill)
        sweep_into(cls.root / "infeasible", [{"key": "batch", "values": [32, 64]}], **{"chip.state_buffer.partition_bytes": "1KiB"}, **no_spill)

    def draw(self, script, folder, *words, expect=0):
        result = subprocess.run(["/usr/bin/python3", SOURCE / "scripts" / script, folder, *words], cwd=self.root, capture_output=True, text=True)
        self.assertEqual(result.returncode, expect, f"{script} {folder} {words}: {result.stderr}")
        if expect:   # one sentence, no traceback
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertTrue(result.stderr.startswith(script + ": "), result.stderr)
        return result.stderr

    def texts(self, picture):
        """The texts of an SVG, which stand in comments beside their outlines."""
        svg = (self.root / picture).read_text()
        self.assertTrue((self.root / picture).with_suffix(".png").read_bytes().startswith(b"\x89PNG"))
        return re.findall(r"<!-- (.*?) -->", svg, re.S)

    def rows(self, folder):
        with open(self.root / folder / "table.csv", newline="") as file:
            return [r for r in csv.DictReader(file) if r["status"] == "ok"]

    def test_a_map_of_two_networks_shows_both_under_their_names(self):
        self.draw("plot_map.py", "networks")
        texts = self.texts("networks/networks_map.svg")
        for network in ("three_layers", "three_heavy_layers"):
            self.assertTrue(any(t.startswith(network) for t in texts), texts)
            best = {}
            for r in self.rows("networks"):
                if r["model_name"] == network:
                    cell = r["chip.state_buffer.partition_bytes"], r["chip.dram.channel_bandwidth"]
                    best[cell] = max(best.get(cell, 0), float(r["throughput_avg"]))
            for value in best.values():
                self.assertIn(f"{value:,.0f}", texts)

    def test_curves_of_two_networks_are_in_pictures_of_their_own(self):
        self.draw("plot_sweep.py", "networks")
        texts = self.texts("networks/networks.svg")
        for text in ("three_layers, channel 5 GB/s", "three_heavy_layers, channel 25 GB/s", "partition 96 KiB", "batch size"):
            self.assertIn(text, texts)

    def test_every_script_draws_every_sweep(self):
        for folder in ("networks", "zip", "flags", "priced"):
            for script in SCRIPTS:
                self.draw(script, folder, "--out", "picture")
        self.draw("plot_sweep.py", "zip")
        self.assertIn("columns 64, partitions 64", self.texts("zip/zip.svg"))
        self.draw("plot_map.py", "flags")
        texts = self.texts("flags/flags_map.svg")
        self.assertIn("batching_en", texts)
        self.assertIn("off", texts)

    def test_estimates_are_drawn_and_called_so(self):
        self.draw("plot_sweep.py", "priced", "--out", "priced_picture")
        texts = self.texts("priced_picture.svg")
        self.assertTrue(any("estimated, not simulated" in t for t in texts), texts)
        self.assertFalse(any("no fit" in t for t in texts), texts)

    def test_limits_have_a_picture_of_their_own(self):
        self.draw("plot_limits.py", "limits")
        texts = self.texts("limits/limits_limits.svg")
        for text in ("three_layers", "three_heavy_layers", "fits without spilling", "most throughput", "none fits"):
            self.assertIn(text, texts)
        with open(self.root / "limits/table.csv", newline="") as file:
            for row in csv.DictReader(file):
                if row["status"] == "ok":
                    self.assertIn(f"{float(row['best_throughput_avg']):,.0f}/s", texts)
        self.assertIn('is no sweep with "measure": "limits"', self.draw("plot_limits.py", "networks", expect=2))
        for script in SCRIPTS:
            self.assertIn("plot_limits.py draws those", self.draw(script, "limits", expect=2))

    def test_axes_and_columns_are_chosen(self):
        self.draw("plot_sweep.py", "networks", "--x", "chip.dram.channel_bandwidth", "--y", "service_ms", "--colour", "batch", "--out", "chosen")
        texts = self.texts("chosen.svg")
        self.assertIn("B=16", texts)
        self.assertIn("bandwidth of one DRAM channel, GB/s", texts)
        self.draw("plot_sweep.py", "networks", "--only", "model=three_layers", "--out", "less")
        self.assertFalse(any("three_heavy_layers" in t for t in self.texts("less.svg")))
        self.draw("plot_map.py", "networks", "--x", "batch", "--y", "chip.dram.channel_bandwidth", "--value", "sb_peak_bytes", "--out", "peak")
        self.assertIn("is no axis", self.draw("plot_sweep.py", "networks", "--x", "speed", expect=2))
        self.assertIn("is no column of numbers", self.draw("plot_sweep.py", "networks", "--y", "reason", expect=2))
        self.assertIn("has no such value", self.draw("plot_sweep.py", "networks", "--only", "batch=3", expect=2))

    def test_the_same_table_makes_the_same_bytes(self):
        for script in SCRIPTS:
            for out in ("first", "second"):
                self.draw(script, "networks", "--out", out)
            self.assertEqual((self.root / "first.svg").read_bytes(), (self.root / "second.svg").read_bytes())

    def test_a_database_is_drawn_as_the_csv_is(self):
        self.draw("plot_sweep.py", "zip", "--out", "of_csv")
        subprocess.run([INFSIM, "sweep", self.root / "zip.json", "--out", self.root / "zip", "--format", "sqlite"], check=True, capture_output=True)
        self.draw("plot_sweep.py", "zip", "--out", "of_database")
        self.assertEqual((self.root / "of_csv.svg").read_bytes(), (self.root / "of_database.svg").read_bytes())
        subprocess.run([INFSIM, "sweep", self.root / "zip.json", "--out", self.root / "zip"], check=True, capture_output=True)

    def test_what_cannot_be_drawn_is_said_in_a_sentence(self):
        (self.root / "nothing").mkdir(exist_ok=True)
        shutil.copytree(self.root / "flags", self.root / "empty")
        table = self.root / "empty/table.csv"
        table.write_text(table.read_text().splitlines(keepends=True)[0])
        shutil.copytree(self.root / "flags", self.root / "broken")
        (self.root / "broken/table.columns.json").write_text("[1]")
        for script in (*SCRIPTS, "plot_limits.py", "plot_serving.py", "plot_next_chip.py"):
            self.assertIn("there is no folder", self.draw(script, "missing", expect=2))
            self.assertIn("no folder of its results", self.draw(script, "nothing", expect=2))
            self.assertIn("has no rows", self.draw(script, "empty", expect=2))
            self.assertIn("is no description", self.draw(script, "broken", expect=2))
        for script in SCRIPTS:
            self.assertIn("is ok (the others: infeasible)", self.draw(script, "infeasible", expect=2))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
