#!/usr/bin/env python3
"""The Debian package: made by cpack, unpacked into a folder of its own, used from another one.

usage: install_test.py BUILD_FOLDER SOURCE_FOLDER [TEST...]
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD, SOURCE = (pathlib.Path(p).resolve() for p in sys.argv[1:3])


def said(*command, **options):
    """What the command prints; its failure is the test's, with what it said."""
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if run.returncode != 0:
        raise AssertionError(f"{command}: exit status {run.returncode}\n{run.stdout}{run.stderr}")
    return run.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        said("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder, cwd=cls.folder)
        (cls.package,) = cls.folder.glob("*.deb")
        cls.root, cls.elsewhere = cls.folder / "root", cls.folder / "elsewhere"
        said("dpkg-deb", "-x", cls.package, cls.root)
        cls.elsewhere.mkdir()
        cls.infsim = cls.root / "usr/bin/infsim"

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def infsim_says(self, *words):
        return said(self.infsim, *words, cwd=self.elsewhere)

    def subcommands(self):
        lines = self.infsim_says("--help").splitlines()
        return [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")]

    def test_a_network_runs_by_its_name_from_another_folder(self):
        self.assertIn("items/s", self.infsim_says("run", "three_layers", "--batch", "2"))
        self.assertIn("fits at all", self.infsim_says("limits", "three_layers", "--max-batch", "2", "--no-levers"))

    def test_a_sweep_over_installed_files_ends_in_a_table_and_a_picture(self):
        sweep = self.elsewhere / "mine.json"
        sweep.write_text('{"question": "?", "base": {"model": "three_layers", "chip": "inferentia1"},'
                         ' "axes": [{"key": "batch", "values": [1, 2]}]}')
        self.infsim_says("sweep", sweep, "--out", "out")
        self.assertEqual(3, len((self.elsewhere / "out/table.csv").read_text().splitlines()))
        said("/usr/bin/python3", self.root / "usr/share/infsim/scripts/plot_sweep.py", "out", cwd=self.elsewhere)
        self.assertTrue(list((self.elsewhere / "out").glob("*.png")))

    def test_every_installed_script_finds_what_it_needs(self):
        scripts = sorted((self.root / "usr/share/infsim/scripts").glob("*.py"))
        self.assertGreater(len(scripts), 9)
        for script in scripts:
            self.assertIn("usage: " + script.name, said("/usr/bin/python3", script, "--help", cwd=self.elsewhere))

    def test_the_page_of_a_report_is_installed_where_it_was_built(self):
        built = (BUILD / "report_page/page.html").exists()
        self.assertEqual(built, (self.root / "usr/share/infsim/report_page/page.html").exists())
        if built:
            self.infsim_says("report", SOURCE / "results/resnet50_batch", "-o", "page.html")
            self.assertTrue((self.elsewhere / "page.html").exists())

    def test_every_installed_input_is_one_that_check_takes(self):
        share = self.root / "usr/share/infsim"
        files = [*share.glob("configs/chips/*.json"), *share.glob("configs/compilers/*.json"), *share.glob("sweeps/*.json")]
        self.assertGreater(len(files), 20)
        self.infsim_says("check", "--fast", *files)

    def test_its_files_are_taken_not_those_of_the_source_tree(self):
        chip = self.root / "usr/share/infsim/configs/chips/tpu_v1_like.json"
        self.infsim_says("compile", "three_layers", "--chip", "tpu_v1_like")
        moved = chip.rename(chip.with_suffix(".away"))
        run = subprocess.run([self.infsim, "compile", "three_layers", "--chip", "tpu_v1_like"], cwd=self.elsewhere,
                             capture_output=True, text=True, check=False)
        moved.rename(chip)
        self.assertEqual(2, run.returncode)
        self.assertIn("tpu_v1_like", run.stderr)

    def test_no_path_of_the_machine_that_made_it_is_in_it(self):
        self.assertFalse(str(SOURCE).encode() in self.infsim.read_bytes(), f"it names {SOURCE}")

    def test_every_subcommand_has_a_manual_page(self):
        if shutil.which("help2man") is None:
            self.skipTest("help2man is not installed")
        pages = {page.name for page in (self.root / "usr/share/man/man1").iterdir()}
        self.assertEqual({"infsim.1.gz", *(f"infsim-{name}.1.gz" for name in self.subcommands())}, pages)

    def test_completion_knows_subcommands_options_and_names(self):
        common = pathlib.Path("/usr/share/bash-completion/bash_completion")
        if not common.exists():
            self.skipTest("bash-completion is not installed")
        own = self.root / "usr/share/bash-completion/completions/infsim"

        def offered(*words):
            quoted = " ".join(f'"{word}"' for word in words)
            script = (f'source {common}; source {own}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; '
                      f'COMP_LINE="{" ".join(map(str, words))}"; COMP_POINT=${{#COMP_LINE}}; _infsim; printf "%s\\n" "${{COMPREPLY[@]}}"')
            return said("bash", "-c", script, cwd=self.elsewhere).split()

        self.assertEqual(["sweep"], offered(self.infsim, "sw"))
        self.assertIn("--max-batch", offered(self.infsim, "limits", "--m"))
        self.assertEqual(["three_layers"], offered(self.infsim, "run", "three_l"))
        self.assertIn("tpu_v1_like", offered(self.infsim, "run", "three_layers", "--chip", "tpu"))

    def test_lintian_has_nothing_to_say(self):
        if shutil.which("lintian") is None:
            self.skipTest("lintian is not installed")
        self.assertEqual("", said("lintian", "--allow-root", "--fail-on", "error,warning", self.package).strip())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
