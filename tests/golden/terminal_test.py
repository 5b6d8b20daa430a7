#!/usr/bin/python3
"""Holds what every command prints on terminals of 80 and 100 columns against the committed texts.

usage: terminal_test.py INFSIM [--update]

Each command runs on a pseudo-terminal of that width, so its lines are those that a reader sees; none is longer than the
terminal is wide. Where its output is no terminal, it prints as on 100 columns (tried with a few). Files that the commands read: terminal/inputs.
"""
import difflib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from terminal import on_terminal

FOLDER = pathlib.Path(__file__).resolve().with_name("terminal")
SMALL = ["--set", "chip.state_buffer.partition_bytes=4KiB"]
ONE = ["three_layers", "--cores", "1"]
LIMITS = ["limits", *ONE, *SMALL, "--no-spill", "--max-batch", "12"]
COLUMNS = ["--columns", "throughput_avg,latency_ms_p99,sb_peak_bytes"]
# Name -> words, and the exit status where it is not 0.
COMMANDS = {
    "run": (["run", "three_heavy_layers", "--batch", "4", "--cores", "1"],),
    "run_spilled": (["run", "three_heavy_layers", "--batch", "4", "--cores", "1", "--compiler", "layer_by_layer", *SMALL],),
    "run_layers": (["run", "three_heavy_layers", "--batch", "2", "--cores", "1", "--layers"],),
    "run_all": (["run", *ONE, "--all"],),
    "run_columns": (["run", *ONE, *COLUMNS],),
    "run_colour": (["run", *ONE, "--color", "always"],),
    "run_help": (["run", "--help"],),
    "compile": (["compile", *ONE[:1], "--batch", "2"],),
    "limits": ([*LIMITS, "--latency-ms", "0.2"],),
    "limits_columns": ([*LIMITS, "--no-levers", *COLUMNS],),
    "limits_colour": ([*LIMITS, "--no-levers", "--color", "always"],),
    "sweep": (["sweep", "sweep.json", "--out", "out/sweep"],),
    "sweep_columns": (["sweep", "sweep.json", "--out", "out/sweep", *COLUMNS],),
    "sweep_colour": (["sweep", "sweep.json", "--out", "out/sweep", "--color", "always"],),
    "sweep_estimates": (["sweep", "estimates.json", "--out", "out/estimates"],),
    "sweep_limits": (["sweep", "limits.json", "--out", "out/limits"],),
    "sweep_limits_columns": (["sweep", "limits.json", "--out", "out/limits", "--columns", "any_batch,any_open,best_throughput_avg"],),
    "schema": (["schema"],),
    "sweep_dry_run": (["sweep", "sweep.json", "--out", "out/sweep", "--dry-run"],),
    "sweep_loads": (["sweep", "loads.json", "--out", "out/loads"],),
    "sweep_loads_columns": (["sweep", "loads.json", "--out", "out/loads", "--columns", "verdict,latency_ms_p99,goodput"],),
    "serve": (["serve", "scenario.json", "--out", "out/scenario", "--times", "out/service"],),
    "serve_columns": (["serve", "scenario.json", "--out", "out/scenario", "--times", "out/service", "--columns",
                       "throughput_avg,latency_ms_p99"],),
    "serve_search": (["serve", "search.json", "--out", "out/search", "--times", "out/service"],),
    "serve_search_columns": (["serve", "search.json", "--out", "out/search", "--times", "out/service", "--columns", "peak_rate,runs"],),
    "validate": (["validate", "published.csv"],),
    "validate_columns": (["validate", "published.csv", "--columns", "profile,error,reason"],),
    "validate_colour": (["validate", "published.csv", "--color", "always"],),
    "calibrate": (["calibrate", "measured.csv", "--free", "free.json"],),
    "uncertainty": (["uncertainty", *ONE, "--only", "clock", "--batches", "1,2"],),
    "sensitivity": (["sensitivity", *ONE, "--of", "chip.dram.bandwidth", "--of", "chip.pe.clock"],),
    "diff": (["diff", *ONE, "--against", "batch=4"],),
    "check": (["check", "sweep.json", "scenario.json", "free.json"],),
    "keys": (["keys", "sweep"],),
    "check_wrong": (["check", "wrong.json"], 2),
    "does_not_fit": (["compile", "three_layers", "--batch", "64", "--no-spill", "--compiler", "layer_by_layer", *SMALL], 3),
}
PIPED = {"run", "run_layers", "run_all", "run_columns", "limits", "sweep", "serve", "validate", "diff", "compile"}
COLOUR = re.compile("\x1b\\[[0-9]*m")


def printed(command, width, status, folder):
    """What it prints to stdout on a terminal of `width` columns, then what it says on stderr but for progress."""
    color = [] if "--color" in command else ["--color", "never"]
    exit_status, text, errors = on_terminal([*command, *color, "--quiet"], width, stderr_width=width, cwd=folder)
    if exit_status != status:
        sys.exit(f"{' '.join(command)}: exit status {exit_status}\n{errors}")
    return text, errors


def held(infsim, name, words, status, folder, update):
    """What is wrong with the texts of one command."""
    wrong = []
    for width in (80, 100):
        text, errors = printed([infsim, *words], width, status, folder)
        wrong += [f"{name} at {width}: longer than the terminal: {line}" for line in COLOUR.sub("", text + errors).splitlines()
                  if len(line) > width]
        if status == 0 and errors:
            wrong.append(f"{name}: says with --quiet: {errors}")
        whole = text + "".join("stderr: " + line + "\n" for line in errors.splitlines())
        path = FOLDER / f"{name}.{width}.txt"
        if update:
            path.write_text(whole)
        golden = path.read_text() if path.is_file() else ""
        wrong += difflib.unified_diff(golden.splitlines(), whole.splitlines(), str(path), "now", lineterm="", n=1)
    if name in PIPED and subprocess.run([infsim, *words], capture_output=True, text=True, check=False, cwd=folder).stdout != text:
        wrong.append(f"{name}: prints other lines into a pipe than on 100 columns")
    return wrong


def helps(infsim):
    """Every help text has its lines within 80 columns, and every command --quiet and --color; what is wrong with that."""
    listing = subprocess.run([infsim, "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"(?m)^  ([a-z]+) ", listing)
    wrong = [] if len(commands) > 10 else ["the help lists no commands"]
    covered = {words[0] for words, *_ in COMMANDS.values()} | {"report", "schema"}   # a size, and JSON
    wrong += [f"no text of {command}" for command in commands if command not in covered]
    for command in commands:
        text = subprocess.run([infsim, command, "--help"], capture_output=True, text=True, check=True).stdout
        wrong += [f"{command} --help has no {option}" for option in ("--quiet", "--color") if option not in text]
        wrong += [f"{command} --help: longer than 80: {line}" for line in text.splitlines() if len(line) > 80]
    return wrong


def main():
    infsim, update = str(pathlib.Path(sys.argv[1]).resolve()), "--update" in sys.argv[2:]
    wrong = helps(infsim)
    with tempfile.TemporaryDirectory(prefix="infsim-terminal-") as folder:
        shutil.copytree(FOLDER / "inputs", folder, dirs_exist_ok=True)
        for name, (words, *status) in COMMANDS.items():
            wrong += held(infsim, name, words, status[0] if status else 0, folder, update)
    known = {f"{name}.{width}.txt" for name in COMMANDS for width in (80, 100)}
    wrong += [f"{path}: of no command" for path in FOLDER.glob("*.txt") if path.name not in known]
    if wrong:
        print(*wrong, sep="\n")
        sys.exit("scripts/update_goldens.sh BUILD_DIR writes these texts anew")


if __name__ == "__main__":
    main()
