#!/usr/bin/python3
"""Traces of whole runs: no overlap on a track, no gap without a reason, sums equal to the record's.

usage: trace_test.py INFSIM SOURCE_FOLDER [unittest's own arguments]
"""
import collections
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

INFSIM, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(SOURCE / "scripts"))
from infsim_tools.perfetto import Trace  # noqa: E402

NET = SOURCE / "models/three_layers/three_heavy_layers.json"
SHARES = ("busy", "wait_pe", "wait_act", "wait_pool", "wait_weights", "wait_input", "wait_dma_other", "wait_output", "drained")
ENGINES = {"PE": "pe", "ACT": "act", "POOL": "pool"}


def engine_of(track):
    return ENGINES.get(track.name, "dma" if track.name.startswith("DMA ") else None)


def share_of(piece):
    return piece.categories[0] if piece.categories and piece.categories[0] in (*SHARES, "between") else "busy"


class Traces(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="infsim-trace-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def command(self, *words, expect=0):
        result = subprocess.run([INFSIM, "run", *map(str, words)], cwd=self.folder, capture_output=True, text=True, timeout=280)
        self.assertEqual(result.returncode, expect, f"infsim run {words}\n{result.stdout}\n{result.stderr}")
        return result

    def trace(self, *words):
        result = self.command(*words, "--trace", "out.pftrace", "--json")
        return json.loads(result.stdout)["record"], Trace(self.folder / "out.pftrace")

    def check_tracks(self, trace):
        """No overlap anywhere; on a queue's track no gap from the first inference to the last, and flows with two ends."""
        out, came = {}, []
        spans = collections.defaultdict(list)
        for (process, name), track in trace.tracks.items():
            if name == "inferences":
                spans[process] = [(s.start, s.end) for s in track.slices]
        for (process, name), track in trace.tracks.items():
            for before, after in zip(track.slices, track.slices[1:]):
                self.assertLessEqual(before.end, after.start, f"{process} {name}")
                if engine_of(track):
                    self.assertEqual(before.end, after.start, f"a gap on {process} {name}")
            if engine_of(track):
                self.assertEqual((track.slices[0].start, track.slices[-1].end), (spans[process][0][0], spans[process][-1][1]))
            for piece in track.slices:
                self.assertLessEqual(piece.start, piece.end)
                out.update({flow: (engine_of(track), piece) for flow in piece.flows_out})
                came += [(flow, engine_of(track), piece) for flow in piece.flows_in]
        self.assertEqual(sorted(flow for flow, _, _ in came), sorted(out))
        for flow, engine, piece in came:
            self.assertEqual(out[flow][0], "dma")
            self.assertIn(engine, ("pe", "act", "pool"))
            self.assertLessEqual(out[flow][1].start, piece.start)
        return spans, len(out)

    def check_shares(self, record, trace):
        """Time per engine and share against the record's; each boundary is rounded to a nanosecond."""
        sums, queues, slices = collections.Counter(), collections.Counter(), collections.Counter()
        for (_, _), track in trace.tracks.items():
            engine = engine_of(track)
            if engine is None:
                continue
            queues[engine] += 1
            for piece in track.slices:
                if share_of(piece) != "between":
                    sums[engine, share_of(piece)] += piece.end - piece.start
                    slices[engine] += 1
        for engine in queues:
            total = sum(sums[engine, share] for share in SHARES)
            for share in SHARES:
                self.assertAlmostEqual(sums[engine, share] / total, record[f"{engine}_{share}_fraction"],
                                       delta=slices[engine] / total + 1e-9, msg=f"{engine} {share}")

    def check_bytes(self, record, trace, inferences):
        """Bytes of slices by purpose, and of the bandwidth counter, against the record's."""
        moved, counted = collections.Counter(), 0.0
        for track in trace.tracks.values():
            for piece in track.slices:
                if "bytes" in piece.arguments:
                    key = piece.categories if piece.categories == ("host",) else piece.categories[:2]
                    moved[key] += piece.arguments["bytes"]
            if track.unit == "B/s":
                counted += sum(value * (after - at) * 1e-9 for (at, value), (after, _) in zip(track.values, track.values[1:]))
                self.assertEqual(track.values[-1][1], 0)
        of = lambda *keys: sum(moved[k] for k in keys) / inferences   # noqa: E731
        self.assertEqual(of(("dma_load", "weights")), record["dram_weight_bytes"])
        self.assertEqual(of(("dma_load", "constants")), record["dram_constant_bytes"])
        self.assertEqual(of(("dma_load", "input"), ("dma_gather", "input")), record["dram_input_bytes"])
        self.assertEqual(of(("dma_store", "output")), record["dram_output_bytes"])
        self.assertEqual(of(("dma_store", "spill")), record["spill_save_bytes"])
        self.assertEqual(of(("dma_load", "spill")), record["spill_reload_bytes"])
        self.assertEqual(of(("host",)), record["dram_host_bytes"])
        by_dma = sum(value for key, value in moved.items() if key != ("host",))
        self.assertAlmostEqual(counted / by_dma, 1, delta=1e-3)

    def check_state_buffer(self, record, trace):
        for (process, name), track in trace.tracks.items():
            if track.unit == "B/partition":
                self.assertEqual(track.values[-1][1], 0, name)
                self.assertLessEqual(max(v for _, v in track.values), record["sb_capacity_bytes"])
                self.assertGreater(max(v for _, v in track.values), 0)

    def test_all_that_was_measured_on_one_core_is_the_record(self):
        """One core is measured over whole repetitions, and the window may be just those."""
        for words in ((NET, "--batch", 3), (NET, "--batch", 4, "--workers", 1), ("attention_block", "--batch", 2)):
            count = json.loads(self.command(*words, "--cores", 1, "--json").stdout)["record"]["inferences_measured"]
            record, trace = self.trace(*words, "--cores", 1, "--trace-window", count)
            spans, flows = self.check_tracks(trace)
            self.assertEqual([len(s) for s in spans.values()], [count])
            self.assertGreater(flows, 0)
            self.check_shares(record, trace)
            self.check_bytes(record, trace, count)
            self.check_state_buffer(record, trace)

    def test_all_that_was_measured_on_four_cores_is_the_record(self):
        record, trace = self.trace(NET, "--batch", 2, "--inferences", 8, "--trace-window", 8)
        spans, _ = self.check_tracks(trace)
        self.assertEqual([(p, len(s)) for p, s in spans.items()], [(f"core {c}", 8) for c in range(4)])
        self.check_shares(record, trace)
        self.check_bytes(record, trace, 4 * 8)
        self.check_state_buffer(record, trace)

    def test_spilled_bytes_are_in_it(self):
        words = (NET, "--batch", 4, "--cores", 1, "--compiler", "layer_by_layer", "--set", "chip.state_buffer.partition_bytes=4KiB")
        count = json.loads(self.command(*words, "--json").stdout)["record"]["inferences_measured"]
        record, trace = self.trace(*words, "--trace-window", count)
        self.assertGreater(record["spill_save_bytes"], 0)
        self.check_tracks(trace)
        self.check_shares(record, trace)
        self.check_bytes(record, trace, count)
        self.check_state_buffer(record, trace)

    def test_by_default_the_last_inference_of_each_core_which_is_the_end_of_a_larger_window(self):
        plain = self.command(NET, "--json").stdout
        record, last = self.trace(NET)
        self.assertEqual(json.loads(plain)["record"], record)
        spans, _ = self.check_tracks(last)
        self.assertEqual([len(s) for s in spans.values()], [1] * 4)
        first = (self.folder / "out.pftrace").read_bytes()
        self.trace(NET)
        self.assertEqual((self.folder / "out.pftrace").read_bytes(), first)
        _, more = self.trace(NET, "--trace-window", 6)
        wider, _ = self.check_tracks(more)
        for core, (span,) in spans.items():
            self.assertEqual(wider[core][-1], span)
            self.assertEqual(len(wider[core]), 6)
        numbers = [s.arguments["inference"] for s in more.tracks["core 1", "inferences"].slices]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 6)))

    def test_a_span_of_time_is_the_inferences_that_are_under_way_in_it(self):
        _, all_of_it = self.trace(NET, "--trace-window", "0ms..1s")
        everything, _ = self.check_tracks(all_of_it)
        begin, end = everything["core 2"][3][1] - 1, everything["core 2"][6][0] + 1
        record, part = self.trace(NET, "--trace-window", f"{begin}ns..{end}ns")
        spans, _ = self.check_tracks(part)
        for core, whole in everything.items():
            self.assertEqual(spans[core], [s for s in whole if s[0] < end and s[1] > begin])
        self.assertEqual(len(spans["core 2"]), 4)

    def test_further_starts_are_not_in_it(self):
        self.trace(NET, "--batch", 2)
        one = (self.folder / "out.pftrace").read_bytes()
        self.trace(NET, "--batch", 2, "--offset-sets", 2)
        self.assertEqual((self.folder / "out.pftrace").read_bytes(), one)

    def test_a_picture_of_a_window_of_it(self):
        self.trace(NET, "--batch", 2)
        script = [sys.executable, SOURCE / "scripts/plot_timeline.py", "out.pftrace"]
        subprocess.run([*script, "out.pftrace", "--title", "A", "B", "--window", "0us..50us", "--core", "1", "--out", "p"],
                       cwd=self.folder, check=True)
        self.assertTrue((self.folder / "p.png").read_bytes().startswith(b"\x89PNG"))
        self.assertIn("</svg>", (self.folder / "p.svg").read_text())
        (self.folder / "half").write_bytes((self.folder / "out.pftrace").read_bytes()[:-1])
        for words, part in ((["--core", "7"], "has no inference of core 7"), (["half"], "half cannot be read as a trace"),
                            (["--window", "5us..1us"], "must end after it begins")):
            result = subprocess.run([*script, *words], cwd=self.folder, capture_output=True, text=True)
            self.assertEqual(result.returncode, 2)
            self.assertIn(part, result.stderr)
            self.assertNotIn("Traceback", result.stderr)

    def test_what_cannot_be_leaves_nothing(self):
        (self.folder / "taken").mkdir()
        for words, part in ((("--trace", "no/such/folder/x"), "no/such/folder/x: cannot be written"),
                            (("--trace", "taken"), "taken: cannot be written: is a folder"),
                            (("--trace-window", "2"), "--trace-window: needs --trace FILE"),
                            (("--trace", "x", "--trace-window", "0"), "must be a number of inferences (3) or a span"),
                            (("--trace", "x", "--trace-window", "20ms..10ms"), "does not end after it begins"),
                            (("--trace", "x", "--trace-window", "1..2"), "the unit is missing"),
                            (("--trace", "x", "--trace-window", "1000000"), "MB of times in memory"),
                            (("--trace", "x", "--trace-window", "100s..101s"), "the run ended at")):
            error = self.command(NET, *words, expect=2).stderr
            self.assertIn(part, error)
            self.assertEqual(len(error.splitlines()), 1, error)
        self.command(NET, "--batch", 64, "--set", "chip.state_buffer.partition_bytes=2KiB", "--set", "compiler.spill.spill=false",
                     "--compiler", "layer_by_layer", "--trace", "x", expect=3)
        self.assertEqual([p.name for p in self.folder.iterdir()], ["taken"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
