#!/usr/bin/python3
"""Tables of sweeps as others read them: with pandas by the description beside them, as a database, and fed back to validate.

usage: tables_test.py INFSIM SOURCE_FOLDER [TEST...]
"""
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

import pandas

INFSIM, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
NET, CHIP = SOURCE / "models/three_layers/three_layers.json", SOURCE / "configs/chips/inferentia1.json"


def read_with_pandas(folder):
    """The line that README.md documents."""
    about = json.loads((folder / "table.columns.json").read_text())
    return pandas.read_csv(folder / "table.csv", dtype={c["name"]: c["pandas"] for c in about["columns"]})


class Tables(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="infsim-tables-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_it(self, *words, expect=0):
        result = subprocess.run([INFSIM, *map(str, words)], cwd=self.folder, capture_output=True, text=True, timeout=280)
        self.assertEqual(result.returncode, expect, f"infsim {words}\n{result.stdout}\n{result.stderr}")
        return result

    def sweep(self, axes, *words, expect=0, **base):
        path = self.folder / "s.json"
        base = {"model": str(NET), "chip": str(CHIP), "compiler": "layer_by_layer", "cores": 1, "workers": 1,
                "compiler.spill.spill": False, **base}
        path.write_text(json.dumps({"question": "?", "base": {k: v for k, v in base.items() if v is not None}, "axes": axes}))
        return self.run_it("sweep", path, "--out", "out", *words, expect=expect)

    AXES = [{"key": "chip.state_buffer.partition_bytes", "values": ["1KiB", "0.125MiB"]},
            {"key": "chip.dram.channel_bandwidth", "values": ["25.6GB/s", "12800MB/s"]}, {"key": "batch", "values": [1, 4, 16]}]

    def test_pandas_reads_numbers_as_numbers_and_integers_as_integers(self):
        self.sweep(self.AXES)
        table = read_with_pandas(self.folder / "out")
        self.assertEqual(sorted(table["chip.state_buffer.partition_bytes"].unique()), [1024, 131072])
        self.assertEqual(sorted(table["chip.dram.channel_bandwidth"].unique()), [12.8, 25.6])
        self.assertEqual(set(table["status"]), {"ok", "infeasible"})
        self.assertTrue(table["dram_weight_bytes"].isna().any())
        self.assertEqual(str(table["dram_weight_bytes"].dtype), "Int64")
        self.assertEqual(str(table["throughput_avg"].dtype), "float64")
        self.assertEqual(str(table["model_name"].dtype), "string")

    def test_the_description_has_a_line_for_each_column_and_names_the_axes(self):
        self.sweep([{"key": "spill_dis", "values": [True, False]}, self.AXES[1], {"key": "batch", "values": [1, 4]}],
                   **{"compiler.spill.spill": None})
        about = json.loads((self.folder / "out/table.columns.json").read_text())
        header = (self.folder / "out/table.csv").read_text().splitlines()[0].split(",")
        self.assertEqual([c["name"] for c in about["columns"]], header)
        axes = {c["name"]: (c["axis"]["key"], c["axis"]["kind"], c["unit"]) for c in about["columns"] if "axis" in c}
        self.assertEqual(axes, {"spill_dis": ("spill_dis", "flag", ""), "batch_size": ("batch", "quantity", ""),
                                "chip.dram.channel_bandwidth": ("chip.dram.channel_bandwidth", "quantity", "GB/s")})
        self.assertTrue(all(c["meaning"] for c in about["columns"]))
        self.assertEqual(str(read_with_pandas(self.folder / "out")["spill_dis"].dtype), "boolean")

    def test_a_database_holds_the_same(self):
        self.sweep(self.AXES)
        table = read_with_pandas(self.folder / "out")
        self.assertIn("table.sqlite", self.sweep(self.AXES, "--format", "sqlite").stdout)
        self.assertFalse((self.folder / "out/table.csv").exists())   # it would be of another run
        with sqlite3.connect(self.folder / "out/table.sqlite") as base:
            rows = pandas.read_sql("SELECT * FROM points", base).astype(dict(table.dtypes))
            keys = [k for k, in base.execute("SELECT axis_key FROM columns WHERE axis_key IS NOT NULL ORDER BY rowid")]
            answer = base.execute('SELECT batch_size FROM points WHERE status = "ok" AND "chip.dram.channel_bandwidth" > 20 '
                                  "ORDER BY throughput_avg DESC LIMIT 1").fetchone()
        pandas.testing.assert_frame_equal(rows, table)
        self.assertEqual(keys, [a["key"] for a in self.AXES])
        self.assertEqual(answer, (16,))
        first = (self.folder / "out/table.sqlite").read_bytes()
        shutil.rmtree(self.folder / "out")
        self.sweep(self.AXES, "--format", "sqlite", "--jobs", "2")
        self.assertEqual((self.folder / "out/table.sqlite").read_bytes(), first)
        self.sweep(self.AXES)
        self.assertFalse((self.folder / "out/table.sqlite").exists())

    def test_a_format_that_is_none(self):
        self.assertIn("--format: must be csv or sqlite, and is 'xls'", self.sweep(self.AXES, "--format", "xls", expect=2).stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_two_networks_of_one_name_are_two_in_the_table(self):
        for name in ("a", "b"):
            (self.folder / name).mkdir()
            shutil.copy(NET, self.folder / name / "net.json")
        path = self.folder / "s.json"
        path.write_text(json.dumps({"question": "?", "base": {"cores": 1, "workers": 1},
                                    "axes": [{"key": "model", "values": ["a/net.json", "b/net.json"]}]}))
        self.run_it("sweep", path, "--out", "out")
        self.assertEqual(list(read_with_pandas(self.folder / "out")["model_file"]), ["a/net.json", "b/net.json"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
