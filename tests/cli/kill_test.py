#!/usr/bin/python3
"""What a sweep has stored survives whatever ends it: SIGKILL at random instants, a closed terminal, limits of the system, a second
run into the same folder. usage: kill_test.py INFSIM SOURCE_FOLDER [unittest's own arguments]
"""
import csv
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

INFSIM, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
POINTS, KILLS = 200, 10
HEAVY = str(SOURCE / "models/vgg16/vgg16.json")


def children_of(pid):
    """The process's children, theirs, and so on."""
    try:
        own = [int(c) for c in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return own + [grandchild for child in own for grandchild in children_of(child)]


def runs(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class InScratch(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="infsim-kill-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def sweep_file(self, key="seed", values=range(POINTS), **base):
        path = self.folder / "s.json"
        base = {"cores": 1, **({} if key == "model" else {"model": "three_layers"}), **base}
        path.write_text(json.dumps({"question": "?", "base": base,
                                    "axes": [{"key": key, "values": list(values)}]}))
        return path

    def start(self, *words):
        process = subprocess.Popen([INFSIM, "sweep", *map(str, words)], cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def run_it(self, *words, expect=0):
        result = subprocess.run([INFSIM, "sweep", *map(str, words)], cwd=self.folder, capture_output=True, text=True, timeout=250,
                                check=False)
        self.assertEqual(result.returncode, expect, result.stderr[-2000:])
        return result

    def records(self, out):
        """Of every point that is stored, which file holds it: a point that is run again gets another."""
        return {path.parent.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (self.folder / out).glob("points/*/record.json")}

    def wait_for(self, what, seconds=120):
        end = time.monotonic() + seconds
        while not what():
            self.assertLess(time.monotonic(), end, "waited too long")
            time.sleep(0.002)

    def bytes_of(self, out):
        return (self.folder / out / "table.csv").read_bytes()

    def rows(self, out):
        with open(self.folder / out / "table.csv", newline="") as file:
            return list(csv.DictReader(file))


class Killed(InScratch):
    def test_ten_kills_lose_no_point_that_was_stored_and_change_no_byte(self):
        path, dice = self.sweep_file(), random.Random(17)
        self.run_it(path, "--out", "undisturbed", "--jobs", 1)
        self.run_it(path, "--out", "two", "--jobs", 2)
        self.assertEqual(self.bytes_of("undisturbed"), self.bytes_of("two"))
        stored, killed = {}, 0
        for enough in sorted(dice.sample(range(1, POINTS - 40), KILLS)):
            process = self.start(path, "--out", "out", "--jobs", dice.choice((1, 2)))
            self.wait_for(lambda: len(list((self.folder / "out/points").glob("*"))) >= enough or process.poll() is not None)
            time.sleep(dice.random() * 0.03)
            workers = children_of(process.pid)
            process.kill()
            killed += process.wait() == -signal.SIGKILL
            self.wait_for(lambda: not any(map(runs, workers)), 10)   # nobody works on for nobody
            now = self.records("out")
            self.assertEqual({i: now.get(i) for i in stored}, stored)
            stored = now
        self.assertEqual(killed, KILLS)
        self.assertLess(len(stored), POINTS)
        result = self.run_it(path, "--out", "out", "--jobs", 2)
        self.assertIn(f"{len(stored)} of {POINTS} points are stored already", result.stderr)
        now = self.records("out")
        self.assertEqual(len(now), POINTS)
        self.assertEqual({i: now.get(i) for i in stored}, stored)
        self.assertEqual(self.bytes_of("out"), self.bytes_of("undisturbed"))
        self.assertEqual([p for p in (self.folder / "out").rglob("*") if ".tmp" in p.name], [])
        self.assertEqual(sorted(p.name for p in (self.folder / "out").iterdir()), sorted(p.name for p in (self.folder / "two").iterdir()))

    def test_a_second_run_into_the_folder_ends_at_once(self):
        path = self.sweep_file(values=range(2000))
        first = self.start(path, "--out", "out")
        self.wait_for(lambda: self.records("out"))
        second = self.run_it(path, "--out", "out", expect=2)
        self.assertIsNone(first.poll())
        self.assertIn(f"out: another run is writing here, process {first.pid}", second.stderr)
        self.assertEqual(len(second.stderr.splitlines()), 1)
        first.send_signal(signal.SIGHUP)   # the terminal is closed
        self.assertEqual(first.wait(60), 130)
        self.assertIn("interrupted; the points that finished are in out", first.stderr.read())
        self.assertFalse((self.folder / "out/.lock").exists())
        self.run_it(path, "--out", "out", "--set", "seed=[0,1]")


class GivenUp(InScratch):
    def test_a_point_that_takes_too_long_is_a_row_and_is_run_again_with_more_time(self):
        path = self.sweep_file("batch", [1], model=HEAVY)
        said = self.run_it(path, "--out", "out", "--point-timeout", "1ms").stderr
        self.assertIn("timeout: 1 point was given up", said)
        row = self.rows("out")[0]
        self.assertEqual((row["status"], row["reason"]), ("timeout", "took longer than 1ms (--point-timeout)"))
        self.assertIn("1 of 1 points are stored already", self.run_it(path, "--out", "out", "--point-timeout", "1ms").stderr)
        self.assertNotIn("already", self.run_it(path, "--out", "out", "--point-timeout", "2ms").stderr)
        self.assertNotIn("already", self.run_it(path, "--out", "out").stderr)
        self.assertEqual(self.rows("out")[0]["status"], "ok")

    def test_a_point_that_wants_too_much_memory_does_not_stop_the_others(self):
        if os.environ.get("INFSIM_SANITIZE") == "ON":
            print("skipped: what a sanitizer maps for itself counts as memory of the point")
            return
        path = self.sweep_file("model", ["bert_large", "three_layers"])
        said = self.run_it(path, "--out", "out", "--point-memory", "20MiB").stderr
        self.assertIn("out_of_memory: 1 point was given up", said)
        rows = self.rows("out")
        self.assertEqual([row["status"] for row in rows], ["out_of_memory", "ok"])
        self.assertEqual(rows[0]["reason"], "wanted more memory than 20MiB (--point-memory)")
        self.assertIn("1 of 2 points", self.run_it(path, "--out", "out").stderr)

    def test_limits_have_units(self):
        for words, part in ((("--point-timeout", "30"), "--point-timeout: "), (("--point-memory", "0B"), "--point-memory: must be above 0")):
            self.assertIn(part, self.run_it(self.sweep_file(), *words, expect=2).stderr)
        self.assertEqual([p.name for p in self.folder.iterdir()], ["s.json"])


class Folder(InScratch):
    def test_points_of_an_earlier_sweep_are_set_aside_and_found_again(self):
        path = self.sweep_file(values=[1, 2, 3])
        self.run_it(path, "--out", "out")
        said = self.run_it(path, "--out", "out", "--set", "seed=[3,4]").stderr
        self.assertIn("2 points of an earlier sweep in out that this one does not need are set aside in out/set_aside", said)
        self.assertEqual(len(self.records("out")), 2)
        self.assertEqual([row["seed"] for row in self.rows("out")], ["3", "4"])
        self.assertIn("3 of 3 points are stored already", self.run_it(path, "--out", "out").stderr)

    def test_a_dry_run_counts_and_leaves_nothing(self):
        path = self.sweep_file(values=[1, 2, 3])
        self.assertEqual(self.run_it(path, "--out", "out", "--dry-run").stdout, "3 points, all good; 0 are in out already, 3 would run\n")
        self.assertFalse((self.folder / "out").exists())
        self.run_it(path, "--out", "out", "--set", "seed=[1,2]")
        said = json.loads(self.run_it(path, "--out", "out", "--dry-run", "--json").stdout)
        self.assertEqual(said, {"points": 3, "different": 3, "stored": 2})

    def test_fewer_workers_run_where_the_system_allows_fewer_files(self):
        path = self.sweep_file(values=range(4))
        script = f'ulimit -n 20; exec "{INFSIM}" sweep "{path}" --out out --jobs 30'
        result = subprocess.run(["/bin/sh", "-c", script], cwd=self.folder, capture_output=True, text=True, timeout=250, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stderr, r"note: \d workers? runs? at a time instead of 30: the system allows 20 open files \(ulimit -n\)")
        self.assertEqual(len(self.rows("out")), 4)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
