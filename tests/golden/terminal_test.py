#!/usr/bin/python3
"""Holds what commands print on terminals of 80 and 100 columns against the committed texts.

usage: terminal_test.py INFSIM [--update]

Each command runs on a pseudo-terminal of that width, so its lines are those that a reader sees; none is longer than the
terminal is wide. Where its output is no terminal, it prints as on 100 columns.
"""
import difflib
import fcntl
import os
import pathlib
import pty
import struct
import subprocess
import sys
import termios

FOLDER = pathlib.Path(__file__).with_name("terminal")
COMMANDS = {
    "run": ["run", "three_heavy_layers", "--batch", "4", "--cores", "1"],
    "run_spilled": ["run", "three_heavy_layers", "--batch", "4", "--cores", "1", "--compiler", "layer_by_layer", "--set",
                    "chip.state_buffer.partition_bytes=4KiB"],
    "run_layers": ["run", "three_heavy_layers", "--batch", "2", "--cores", "1", "--layers"],
    "run_all": ["run", "three_layers", "--cores", "1", "--all"],
    "run_columns": ["run", "three_layers", "--cores", "1", "--columns", "throughput_avg,latency_ms_p99,sb_peak_bytes"],
    "run_help": ["run", "--help"],
}


def on_terminal(command, width):
    """What it prints on a terminal of `width` columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    process = subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, env=environment)
    os.close(theirs)
    text = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:   # the other end is closed
            break
        if not piece:
            break
        text += piece
    os.close(ours)
    errors = process.stderr.read().decode()
    if process.wait() != 0:
        sys.exit(f"{' '.join(command)}: exit status {process.returncode}\n{errors}")
    return text.decode().replace("\r\n", "\n")


def main():
    infsim, update = sys.argv[1], "--update" in sys.argv[2:]
    FOLDER.mkdir(exist_ok=True)
    wrong = []
    for name, words in COMMANDS.items():
        for width in (80, 100):
            text = on_terminal([infsim, *words], width)
            wrong += [f"{name} at {width}: longer than the terminal: {line}" for line in text.splitlines() if len(line) > width]
            path = FOLDER / f"{name}.{width}.txt"
            if update:
                path.write_text(text)
            golden = path.read_text() if path.is_file() else ""
            wrong += difflib.unified_diff(golden.splitlines(), text.splitlines(), str(path), "now", lineterm="", n=1)
        piped = subprocess.run([infsim, *words], capture_output=True, text=True, check=True).stdout
        if piped != text:
            wrong.append(f"{name}: prints other lines into a pipe than on 100 columns")
    if wrong:
        print(*wrong, sep="\n")
        sys.exit("scripts/update_goldens.sh BUILD_DIR writes these texts anew")


if __name__ == "__main__":
    main()
