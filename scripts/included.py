#!/usr/bin/python3
"""Prints a C++ source and the files of the project that it includes, directly or through others, one per line.

Reads what Ninja recorded when it compiled the source, so build/ must hold the object.
"""
import pathlib
import subprocess

from infsim_tools.inputs import SOURCE, InputError, parser_of, run


def dependences(log, source, build):
    """The paths that the first object made of `source` was made of; an empty list where there is no such object."""
    for entry in log.split("\n\n"):
        lines = entry.splitlines()[1:]
        if lines and (build / lines[0].strip()).resolve() == source:
            return [(build / line.strip()).resolve() for line in lines]
    return []


def main():
    parser = parser_of(__doc__)
    parser.add_argument("source", type=pathlib.Path, metavar="SOURCE.cpp", help="a C++ source that build/ has compiled")
    source, build = parser.parse_args().source, SOURCE / "build"
    ninja = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=False)
    paths = dependences(ninja.stdout, source.resolve(), build)
    if not paths:
        raise InputError(f"build/ has no object of {source}: scripts/build.sh makes it")
    print("\n".join(str(p.relative_to(SOURCE)) for p in paths if p.is_relative_to(SOURCE)))


if __name__ == "__main__":
    run(main)
