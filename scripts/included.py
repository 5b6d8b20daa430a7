#!/usr/bin/env python3
"""Prints a source and the files of the project that it includes, however deep, one per line.

usage: included.py SOURCE.cpp      from the project's folder; needs build/ with the source's object
"""
import pathlib
import subprocess
import sys


def dependences(log, source, build):
    """The paths that the first object made of `source` was made of; an empty list where there is no such object."""
    for entry in log.split("\n\n"):
        lines = entry.splitlines()[1:]
        if lines and (build / lines[0].strip()).resolve() == source:
            return [(build / line.strip()).resolve() for line in lines]
    return []


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build, project = pathlib.Path("build"), pathlib.Path.cwd().resolve()
    log = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=True).stdout
    paths = dependences(log, pathlib.Path(sys.argv[1]).resolve(), build)
    if not paths:
        sys.exit(f"included.py: build/ has no object of {sys.argv[1]} (scripts/build.sh)")
    print("\n".join(str(p.relative_to(project)) for p in paths if p.is_relative_to(project)))


if __name__ == "__main__":
    main()
