#!/usr/bin/python3
"""By the compiler's own estimate, ResNet-50: a chip with more of something never compiles to a clearly slower program, and no batch
is clearly slower than smaller ones one after the other. A smaller state buffer costs little by little.

usage: monotone_test.py INFSIM SOURCE_FOLDER [TEST...]
"""
import pathlib
import subprocess
import sys
import unittest

INFSIM, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(SOURCE / "scripts"))
from infsim_tools.simulator import Infsim  # noqa: E402

# Instructions that start sooner may meet others that they missed before: list schedules are not monotone by nature.
TOLERANCE = 0.02
MODEL = "resnet50-v1"
SETTINGS = {
    "chip.state_buffer.partition_bytes": ["64KiB", "68KiB", "72KiB", "76KiB", "80KiB", "96KiB", "128KiB", "192KiB", "256KiB"],
    "chip.dram.channel_bandwidth": ["12.8GB/s", "19.2GB/s", "25.6GB/s", "51.2GB/s"],
    "chip.pe.clock": ["500MHz", "976.5625MHz", "2GHz"],
    "chip.act.clock": ["200MHz", "567MHz", "1GHz"],
}


class Monotone(unittest.TestCase):
    def test_more_never_compiles_to_a_slower_estimate(self):
        for key, values in SETTINGS.items():
            best = float("inf")
            for value in values:
                with self.subTest(setting=key, value=value):
                    said = Infsim(INFSIM).json("compile", MODEL, "--batch", 4, "--set", f"{key}={value}")
                    self.assertLessEqual(said["estimate_shared_ms"], (1 + TOLERANCE) * best)
                    best = min(best, said["estimate_shared_ms"])

    def test_a_state_buffer_that_shrinks_costs_little_by_little(self):
        # A twelfth of the buffer less, down to less than half of it: no step costs more than its share.
        times = [Infsim(INFSIM).json("compile", MODEL, "--batch", 4, "--set", f"chip.state_buffer.partition_bytes={kib}KiB")["estimate_shared_ms"]
                 for kib in range(96, 39, -8)]
        for larger, smaller in zip(times, times[1:]):
            self.assertLess(smaller, 1.12 * larger, times)
        self.assertLess(times[-1], 1.35 * times[0], times)

    def test_no_batch_is_slower_than_cutting_it_up(self):
        cuts = subprocess.run([sys.executable, SOURCE / "scripts/check_cuts.py", "--infsim", INFSIM, "--batches", "1,2,4,6,8,12,16",
                               "--tolerance", "3", MODEL], capture_output=True, text=True, check=False)
        self.assertEqual(cuts.returncode, 0, cuts.stdout + cuts.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
