#!/usr/bin/python3
"""verify_all.sh lists and counts what its infsim complains of; what does not fit is no failure.

usage: verify_all_test.py VERIFY_ALL
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

STAND_IN = """#!/bin/sh
case "$*" in
    *three_layers.json*default.json*"--batch 4"*) echo "pass emit left an invalid form" >&2; exit 4 ;;
    *"--batch 4"*) exit %d ;;
esac
"""


def run(text):
    with tempfile.TemporaryDirectory() as folder:
        infsim = pathlib.Path(folder) / "infsim"
        infsim.write_text(text)
        infsim.chmod(0o755)
        return subprocess.run([VERIFY_ALL, infsim], capture_output=True, text=True)


class VerifyAll(unittest.TestCase):
    def test_a_complaint_is_a_line_and_a_refusal_is_none(self):
        result = run(STAND_IN % 3)
        self.assertEqual(result.returncode, 1)
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertEqual(lines[0], "models/three_layers/three_layers.json, configs/compilers/default.json, batch 4: exit 4: "
                                   "pass emit left an invalid form")
        self.assertRegex(lines[1], r"^1 of [0-9]+ points fail$")

    def test_an_input_error_is_a_failure(self):
        self.assertNotIn("\n1 of", run(STAND_IN % 2).stdout)

    def test_no_complaints(self):
        result = run("#!/bin/sh\n")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"^0 of [1-9][0-9]* points fail\n$")

    def test_without_a_build_nothing_can_be_said(self):
        self.assertEqual(subprocess.run([VERIFY_ALL, "/nowhere/infsim"], capture_output=True).returncode, 2)


VERIFY_ALL = sys.argv.pop(1)
unittest.main()
