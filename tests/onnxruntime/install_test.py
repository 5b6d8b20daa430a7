#!/usr/bin/python3
"""When the comparison with onnxruntime is skipped, and when it fails: compare_test.install with a npm that is played."""
import contextlib
import io
import os
import pathlib
import tempfile
import unittest
from unittest import mock

import compare_test

SOURCE = pathlib.Path(__file__).resolve().parents[2]


class Install(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        (self.folder / "bin").mkdir()
        (self.folder / "work").mkdir()

    def tool(self, name, script):
        path = self.folder / "bin" / name
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)

    def install(self, npm, **environment):
        """What install returns, or its exit status or message."""
        if npm is not None:
            self.tool("node", "exit 0\n")
            self.tool("npm", npm)
        environment = {"PATH": str(self.folder / "bin"), **environment}
        with mock.patch.dict(os.environ, environment, clear=True), contextlib.redirect_stdout(io.StringIO()) as out:
            try:
                return compare_test.install(SOURCE, self.folder / "work")
            except SystemExit as stop:
                if stop.code == compare_test.SKIPPED:
                    self.assertIn("SKIPPED", out.getvalue())
                return stop.code

    def test_no_npm_is_a_skip(self):
        self.assertEqual(self.install(None), compare_test.SKIPPED)

    def test_nobody_answers_is_a_skip(self):
        for code in ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN", "E503"):
            for prefix in ("npm ERR!", "npm error"):
                self.assertEqual(self.install(f"echo '{prefix} code {code}' >&2; exit 1\n"), compare_test.SKIPPED, code)

    def test_whatever_else_fails_is_a_failure(self):
        for text in ("npm ERR! code E404", "npm error code EINTEGRITY", "npm error code ETARGET", "Segmentation fault"):
            stop = self.install(f"echo '{text}' >&2; exit 1\n")
            self.assertIsInstance(stop, str)   # a message: exit status 1
            self.assertIn(text, stop)

    def test_an_installation_without_the_module_is_a_failure(self):
        self.assertIn("not there", self.install("exit 0\n"))

    def test_what_is_installed_is_used(self):
        made = "/bin/mkdir -p node_modules/onnxruntime-node; echo {} > node_modules/onnxruntime-node/package.json\n"
        self.assertEqual(self.install(made), self.folder / "work")
        self.assertEqual(self.install("exit 1\n", ONNXRUNTIME_NODE="/somewhere"), pathlib.Path("/somewhere"))


if __name__ == "__main__":
    unittest.main()
