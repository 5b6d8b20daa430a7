#!/usr/bin/python3
"""Every network of models/ at batch 64 compiles to a program or to the reason why not, in seconds and megabytes.

usage: compile_speed_test.py INFSIM SOURCE_FOLDER [--times]

Megabytes are always a limit; seconds only with --times, on a machine that nobody shares (scripts/nightly.sh): the loop below
cannot tell how slow memory is, and the same program took 1.9 s on one day and 4.6 s on another.

The limits are processor time (not wall-clock time, which other programs share) and the largest resident memory of the
whole command, reading the model included. Where a loop that always does the same takes longer than on the machine for which
the seconds were set, they grow with it; and because that loop says little about memory, by a fifth more.
"""
import os
import pathlib
import subprocess
import sys
import time

BATCH, SECONDS, MEGABYTES = 64, 2.0, 500
TOLERANCE = 1.2
REFERENCE_SECONDS = 0.3
ATTEMPTS = 3                    # a neighbour may take the caches for a while


def measured(words):
    """Exit status, seconds of processor time and megabytes of one command."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def reference():
    """Seconds of processor time that the loop takes here and now."""
    start, total = time.process_time(), 0
    for i in range(5_000_000):
        total += i * i % 7
    return time.process_time() - start


def main():
    infsim, source = sys.argv[1], pathlib.Path(sys.argv[2])
    times = "--times" in sys.argv[3:]
    failures = []
    networks = sorted(p for p in source.glob("models/*/*.json"))
    for network in networks:
        for attempt in range(ATTEMPTS):
            slower = TOLERANCE * max(1.0, reference() / REFERENCE_SECONDS)
            status, seconds, megabytes = measured([infsim, "compile", network, "--batch", str(BATCH)])
            line = f"{network.stem}: exit {status}, {seconds:.2f} s of {SECONDS} s ({SECONDS * slower:.2f} s here), {megabytes:.0f} MB"
            print(line)
            if not times or seconds <= SECONDS * slower:
                break
        if status not in (0, 3) or (times and seconds > SECONDS * slower) or megabytes > MEGABYTES:
            failures.append(line)
    if failures or not networks:
        sys.exit(f"allowed are exit 0 or 3, {SECONDS} s and {MEGABYTES} MB:\n" + "\n".join(failures))


if __name__ == "__main__":
    main()
