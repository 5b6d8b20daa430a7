#!/usr/bin/python3
"""Every chip file that is committed loads, compiles a small network for one image and several, and computes with it what the default
chip computes. usage: chips_test.py INFSIM SOURCE_FOLDER [unittest's own arguments]
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy

INFSIM, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
CHIPS = sorted(SOURCE.glob("configs/chips/*.json"))
WHAT_IFS = sorted(SOURCE.glob("sweeps/*/*.json"))  # chips of sweeps that vary several numbers at once
NETWORKS = ("three_layers", "attention_block")
# fp16 keeps 11 bits. Arrays of other heights add up in another order, and a chip may round between parts of a sum.
TOLERANCE = 4 * 2.0**-11


def infsim(*words):
    return subprocess.run([INFSIM, *map(str, words)], capture_output=True, text=True, timeout=250, check=False)


class Chips(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="infsim-chips-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def outputs(self, network, batch, chip):
        out = self.folder / f"{chip.stem}.npz"
        result = infsim("run", network, "--batch", batch, "--chip", chip, "--random-weights", 1, "--random-inputs", 2, "--inferences", 8,
                        "--verify", "--out", out)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with numpy.load(out) as arrays:
            return {name: arrays[name].astype(numpy.float64) for name in arrays.files}

    def test_there_are_chips_of_several_kinds(self):
        arrays = {(c["pe"]["rows"]["value"], c["pe"]["columns"]["value"])
                  for c in (json.loads(path.read_text()) for path in CHIPS) if "base" not in c}
        self.assertTrue({(128, 64), (128, 128), (256, 256)} <= arrays, arrays)
        self.assertGreaterEqual(len(WHAT_IFS), 5)

    def test_every_file_loads(self):
        result = infsim("check", *CHIPS, *WHAT_IFS)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(result.stdout.splitlines()), len(CHIPS) + len(WHAT_IFS))

    def test_no_two_chips_have_a_name_in_common(self):
        names = [json.loads(path.read_text())["name"] for path in CHIPS + WHAT_IFS]
        self.assertEqual(len(names), len(set(names)))
        for path in CHIPS:
            self.assertEqual(json.loads(path.read_text())["name"], path.stem)

    def test_three_layers_compile_on_each(self):
        for chip in CHIPS + WHAT_IFS:
            for batch in (1, 3):
                with self.subTest(chip=chip.name, batch=batch):
                    result = infsim("compile", "three_layers", "--batch", batch, "--chip", chip, "--verify", "--check-races")
                    self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_each_computes_what_the_default_chip_computes(self):
        for network in NETWORKS:
            expected = self.outputs(network, 3, SOURCE / "configs/chips/inferentia1.json")
            for chip in CHIPS + WHAT_IFS:
                with self.subTest(network=network, chip=chip.name):
                    for name, values in self.outputs(network, 3, chip).items():
                        self.assertTrue(numpy.isfinite(values).all())
                        scale = numpy.abs(expected[name]).max()
                        self.assertGreater(scale, 0)
                        self.assertLessEqual(numpy.abs(values - expected[name]).max() / scale, TOLERANCE)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
