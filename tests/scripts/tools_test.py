#!/usr/bin/python3
"""The package that the scripts share (scripts/infsim_tools), and the command line of every script.

usage: tools_test.py SOURCE_FOLDER [TEST...]
"""
import contextlib
import io
import json
import os
import pathlib
import runpy
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

SOURCE = pathlib.Path(sys.argv[1]).resolve()
SCRIPTS = SOURCE / "scripts"
sys.path.insert(0, str(SCRIPTS))
from infsim_tools import batches, blocks, charts, inputs, perfetto, simulator, sweeps, tables  # noqa: E402

COLUMNS = [{"name": "compiler", "type": "text", "pandas": "string", "unit": "", "axis": {"key": "compiler", "kind": "name"}},
           {"name": "batch_size", "type": "integer", "pandas": "Int64", "unit": "", "axis": {"key": "batch", "kind": "quantity"}},
           {"name": "status", "type": "text", "pandas": "string", "unit": ""},
           {"name": "throughput_avg", "type": "number", "pandas": "Float64", "unit": "1/s"}]
ROWS = "compiler,batch_size,status,throughput_avg\n'=a,2,ok,10.5\n'=a,1,ok,8\nb,2,infeasible,\n"


class InScratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def write(self, name, text, mode=0o644):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def wrong(self, part, call, *words):
        """The call raises an InputError with this part, in one line."""
        with self.assertRaises(inputs.InputError) as caught:
            call(*words)
        self.assertIn(part, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))


class Blocks(InScratch):
    PAGE = "before\n<!-- one -->\nold\n<!-- end of one -->\nbetween\n<!-- two -->\n<!-- end of two -->\n"

    def test_one_block_is_replaced_and_nothing_else(self):
        page = self.write("page.md", self.PAGE)
        blocks.write_block(page, "one", "new\n\nlines")
        self.assertEqual(page.read_text(), self.PAGE.replace("old\n", "new\n\nlines\n"))
        blocks.write_block(page, "two", "x")
        self.assertEqual(blocks.block_of(page, "two"), "x\n")

    def test_a_check_writes_nothing_and_sees_any_difference(self):
        page = self.write("page.md", self.PAGE)
        self.assertTrue(blocks.check_block(page, "one", "old"))
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertFalse(blocks.check_block(page, "one", "old "))
        self.assertIn("the block 'one' is not what", said.getvalue())
        self.assertEqual(page.read_text(), self.PAGE)

    def test_marks_that_are_missing_or_there_twice(self):
        self.wrong("'three' stands between them", blocks.block_of, self.write("page.md", self.PAGE), "three")
        self.wrong("<!-- one -->", blocks.block_of, self.write("page.md", self.PAGE + self.PAGE), "one")
        self.wrong("<!-- end of one -->", blocks.block_of, self.write("page.md", "<!-- one -->\n"), "one")
        self.wrong("there is no", blocks.block_of, self.folder / "nothing.md", "one")

    def test_a_table_in_markdown_and_back(self):
        table = blocks.markdown(["a", "b"], [[1, "x"], ["", 2.5]])
        self.assertEqual(table, "| a | b |\n|---|---|\n| 1 | x |\n|  | 2.5 |")
        self.assertEqual(blocks.cells_of(table + "\n\nA sentence."), [["1", "x"], ["", "2.5"]])


class Tables(InScratch):
    def sweep(self, rows=ROWS, columns=COLUMNS):
        self.write("table.csv", rows)
        self.write("table.columns.json", json.dumps({"schema_version": 1, "sweep": "s", "question": "?", "row": "point", "columns": columns}))
        return self.folder

    def test_cells_have_the_types_of_the_description(self):
        records = tables.Table(self.sweep()).records()
        self.assertEqual(records[0], {"compiler": "=a", "batch_size": 2, "status": "ok", "throughput_avg": 10.5})
        self.assertIsNone(records[2]["throughput_avg"])

    def test_axes_are_in_order_and_named(self):
        sweep = sweeps.Sweep(self.sweep())
        self.assertEqual([a.column for a in sweep.axes], ["compiler", "batch_size"])
        self.assertEqual(sweep.axis("batch", "--x").order, ["1", "2"])
        self.assertEqual(sweep.axis("batch_size", "--x").prefixed("2"), "B=2")
        self.assertEqual([text for text, _ in sweep.groups(sweep.axes, 3)], ["=a, B=1", "=a, B=2", "b, B=2"])
        self.wrong("3 combinations of compiler, batch_size are too many", sweep.groups, sweep.axes, 2)
        sweep.keep(["compiler==a"])
        self.assertEqual(([a.column for a in sweep.axes], len(sweep.table)), (["batch_size"], 2))
        self.assertEqual(sweep.same_everywhere(), "compiler =a")

    def test_what_is_wrong_is_said(self):
        self.wrong("there is no folder", tables.Table, self.folder / "nothing")
        self.wrong("is no folder of its results", tables.Table, self.folder)
        sweep = sweeps.Sweep(self.sweep())
        self.wrong("has no column speed, colour", sweep.require, "status", "speed", "colour")
        self.wrong("--y status is no column of numbers", sweep.number, "status", "--y")
        self.wrong("--x speed is no axis", sweep.axis, "speed", "--x")
        self.wrong("there are: 1, 2", sweep.keep, ["batch=3"])
        self.wrong("has other columns", tables.Table, self.sweep(ROWS.replace("status", "state")))
        self.wrong("does not fit its description", tables.Table, self.sweep(ROWS.replace(",2,", ",two,")))
        self.wrong("has no rows", tables.Table, self.sweep(ROWS.splitlines()[0] + "\n"))
        self.wrong("is no description", tables.Table, self.sweep(columns=[{"name": "x"}]))
        self.write("table.columns.json", "{")
        self.wrong("is not JSON", tables.Table, self.folder)
        self.sweep()
        (self.folder / "table.csv").unlink()
        self.wrong("there is neither", tables.Table, self.folder)

    def test_a_picture_of_faults_is_refused(self):
        self.wrong("1 of 3 rows", tables.Table(self.sweep(ROWS.replace("infeasible", "timeout"))).only_ok)
        self.wrong("no point", tables.Table(self.sweep(ROWS.replace("ok", "infeasible"))).only_ok)
        self.assertEqual(len(tables.Table(self.sweep()).only_ok()), 2)

    def test_a_csv_file_must_have_its_columns(self):
        path = self.write("x.csv", 'a,b\n1,"x\ny"\n')
        self.assertEqual(inputs.read_csv(path, ["b"], "it"), [{"a": "1", "b": "x\ny"}])
        self.wrong("has no column c, d", inputs.read_csv, path, ["a", "c", "d"], "it")
        self.wrong("is not JSON", inputs.read_json, path, "it")
        self.wrong("it writes it", inputs.read_csv, self.folder / "y.csv", [], "it")


class Simulator(InScratch):
    """A shell script stands for infsim: it prints its words as JSON and ends with the status that the first one is."""

    def infsim(self):
        return simulator.Infsim(self.write("infsim", '#!/bin/sh\necho "[\\"$*\\"]"\necho "why not" >&2\nexit $1\n', 0o755))

    def test_the_report_of_a_command(self):
        self.assertEqual(self.infsim().json(0, "--batch", 4), ["0 --batch 4 --json"])
        self.assertEqual(self.infsim().json_if_it_fits(0), ["0 --json"])
        self.assertIsNone(self.infsim().json_if_it_fits(3))

    def test_a_command_that_fails_is_named_with_its_message(self):
        self.wrong("2 x --json: exit status 2: why not", self.infsim().json, 2, "x")
        self.wrong("exit status 3", self.infsim().json, 3)
        self.wrong("exit status 4", self.infsim().json_if_it_fits, 4)

    def test_no_executable(self):
        self.wrong("there is no executable", simulator.Infsim, self.folder / "infsim")
        self.wrong("there is no executable", simulator.Infsim, self.write("infsim", "text"))

    def test_networks(self):
        self.assertIn("resnet50-v1", simulator.networks_of_models())
        network = self.write("mine.onnx", "")
        self.assertEqual(simulator.onnx_files([self.folder]), [network.resolve()])
        self.wrong("there is no folder", simulator.onnx_files, [self.folder / "nothing"])


class Batches(unittest.TestCase):
    def test_the_best_cut(self):
        self.assertEqual(batches.best_cut(5, {1: 3.0, 2: 4.0, 5: 1.0}), 11.0)   # 2 + 2 + 1; not itself
        self.assertEqual(batches.best_cut(3, {2: 4.0}), float("inf"))


class Charts(InScratch):
    def test_names_beside_curves_are_moved_apart_in_their_order(self):
        places = charts.spread([0.5, 0.49, 0.1], 0.1)
        self.assertLess(places[1], places[0])
        self.assertAlmostEqual(places[0] - places[1], 0.1, 6)
        self.assertEqual(places[2], 0.1)
        self.assertGreaterEqual(min(charts.spread([0.0, 0.0, 0.0], 0.2)), 0)

    def test_a_picture_has_no_date_and_goes_into_a_new_folder(self):
        for name in ("one", "two"):
            charts.style()
            figure, panels = charts.panels_of(1, 1, (2, 2))
            charts.draw_cells(panels[0, 0], charts.np.array([[1.0, float("nan")]]), {(0, 0): "1", (0, 1): "none"}, (["a", "b"], ["c"]), 1)
            charts.heading(figure, "What to see", "and of what")
            charts.save(figure, self.folder / "new" / name)
        self.assertEqual((self.folder / "new/one.svg").read_bytes(), (self.folder / "new/two.svg").read_bytes())
        self.assertTrue((self.folder / "new/one.png").read_bytes().startswith(b"\x89PNG"))

    def test_values_have_their_units(self):
        column = {"type": "integer", "unit": "B"}
        self.assertEqual([sweeps.value_text(v, column) for v in (98304, 100, 24 * 2**20)], ["96 KiB", "100 B", "24 MiB"])
        self.assertEqual(sweeps.value_text(True, {"type": "boolean", "unit": ""}), "on")
        self.assertEqual(sweeps.name_of("chip.pe.columns"), "pe.columns")


class Traces(InScratch):
    def test_a_message_that_is_cut_off(self):
        path = self.folder / "x"
        path.write_bytes(b"\x0a\x05\x01")
        self.assertRaisesRegex(ValueError, "beyond its message", perfetto.Trace, path)


class CommandLines(InScratch):
    SCRIPTS = sorted(p.name for p in SCRIPTS.glob("*.py"))

    def call(self, script, *words):
        """(exit status, stdout, stderr) of a Python script, run in this process: importing matplotlib takes a second."""
        out, err, words = io.StringIO(), io.StringIO(), [str(SCRIPTS / script), *map(str, words)]
        with unittest.mock.patch.object(sys, "argv", words), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            with self.assertRaises(SystemExit) as end:
                runpy.run_path(words[0], run_name="__main__")
        return end.exception.code, out.getvalue(), err.getvalue()

    def test_every_script_has_a_help_text_that_explains_every_option(self):
        for script in self.SCRIPTS:
            with self.subTest(script=script):
                status, out, err = self.call(script, "--help")
                self.assertEqual((status, err), (0, ""))
                self.assertTrue(out.startswith(f"usage: {script} "))
                texts = out.split("options:")[1]
                for line in texts.splitlines():   # an option's text stands behind it, or on the next line
                    if line.startswith("  -"):
                        after = texts[texts.index(line) + len(line):].lstrip("\n")
                        self.assertTrue("  " in line.strip() or after.startswith("     "), f"{line} is not explained")

    def test_every_script_can_be_called(self):
        for script in self.SCRIPTS:
            self.assertTrue(os.access(SCRIPTS / script, os.X_OK), script)
            self.assertEqual((SCRIPTS / script).read_text().splitlines()[0], "#!/usr/bin/python3", script)
        done = subprocess.run([SCRIPTS / "list_skipped.py", "nothing"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (2, "list_skipped.py: there is no nothing; ctest --output-junit writes it\n"))

    def test_shell_scripts_explain_themselves(self):
        for path in sorted(SCRIPTS.glob("*.sh")):
            if os.access(path, os.X_OK):
                with self.subTest(script=path.name):
                    done = subprocess.run([path, "--help"], capture_output=True, text=True, check=False)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertTrue(done.stdout.startswith(f"usage: {path.name}"), done.stdout)
                    self.assertGreater(done.stdout.count("\n"), 2)

    def test_wrong_input_ends_with_a_sentence_and_status_2(self):
        table, nothing = self.write("table.csv", "a,b\n1,2\n"), self.folder / "nothing"
        cases = {("plot_sweep.py", nothing): "there is no folder", ("compare_search.py", nothing): "there is no folder",
                 ("plot_sb_size_rule.py", self.folder): "is no folder of its results", ("plot_tornado.py", table): "has no column model_name",
                 ("plot_tornado.py", nothing): "infsim sensitivity MODEL --csv writes it", ("plot_validation.py", table): "has no column id",
                 ("plot_timeline.py", nothing): "cannot be read as a trace", ("list_skipped.py", table): "is not XML",
                 ("check_structure.py", nothing): "there is no folder", ("check_cuts.py", "--infsim", nothing): "there is no executable",
                 ("picture_page.py", nothing): "infsim report writes it",
                 ("included.py", "nothing.cpp"): "has no object of nothing.cpp"}
        for words, part in cases.items():
            with self.subTest(words=words):
                status, _, err = self.call(*words)
                self.assertEqual(status, 2, err)
                self.assertEqual(err.count("\n"), 1, err)
                self.assertTrue(err.startswith(words[0] + ": "), err)
                self.assertIn(part, err)

    @unittest.skipIf(shutil.which("chromium") is None, "chromium is not installed")
    def test_a_picture_of_a_page_is_as_large_as_asked_for(self):
        page = self.write("page.html", "<body style='background: red'>")
        status, said, err = self.call("picture_page.py", page, "--size", "320x200")
        self.assertIn((status, err), [(0, ""), (None, "")])
        self.assertEqual(said.strip(), str(self.folder / "page.png"))
        header = (self.folder / "page.png").read_bytes()[:24]
        self.assertEqual(header[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", header[16:]), (320, 200))

    def test_a_block_that_nobody_writes(self):
        status, _, err = self.call("readme_tables.py", "speeds")
        self.assertEqual(status, 2)
        self.assertIn("there is no block speeds; there are: batches, flags, lengths", err)

    def test_a_measurement_is_slower_only_beyond_both_intervals(self):
        is_slower = runpy.run_path(str(SCRIPTS / "compare_search.py"))["is_slower"]
        row = lambda mean, half: {"status": "ok", "throughput_avg": mean, "throughput_low": mean - half, "throughput_high": mean + half}  # noqa: E731
        self.assertFalse(is_slower(row(98, 0), row(100, 3), 1))
        self.assertTrue(is_slower(row(98, 0.3), row(100, 0.4), 1))
        self.assertTrue(is_slower({"status": "infeasible"}, row(100, 3), 1))
        self.assertFalse(is_slower({"status": "infeasible"}, {"status": "infeasible"}, 1))

    def test_every_script_is_in_the_page_of_the_folder(self):
        page = (SCRIPTS / "README.md").read_text()
        for path in [*SCRIPTS.glob("*.py"), *SCRIPTS.glob("*.sh")]:
            self.assertIn(f"`{path.name}", page)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
