#!/usr/bin/python3
"""No network of models/ falls behind the efficiency that tests/README.md says it has, and a slow one says why.

usage: efficiency_test.py INFSIM SOURCE_FOLDER [TEST...]
"""
import pathlib
import sys
import tempfile
import unittest

INFSIM, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(SOURCE / "scripts"))
sys.path.insert(0, str(SOURCE / "tests/onnxruntime"))
import efficiency_table as table  # noqa: E402
import onnx_wire as wire  # noqa: E402

FALL = 0.05


class Efficiency(unittest.TestCase):
    def test_no_network_is_slower_than_the_table_says(self):
        known = table.committed()
        self.assertEqual({name for name, _ in known}, set(table.models()), "renew with scripts/efficiency_table.py --write")
        for (name, batch), efficiency in known.items():
            with self.subTest(network=name, batch=batch):
                record = table.run(INFSIM, name, batch)
                self.assertIsInstance(record, dict, record)
                self.assertGreaterEqual(record["efficiency"], (1 - FALL) * efficiency)
                self.assertAlmostEqual(record["efficiency"], record["ideal_ms"] / record["service_ms"])
                # In the long run arithmetic and bytes bound the program as well.
                self.assertLessEqual(record["efficiency"], 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
