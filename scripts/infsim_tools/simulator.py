"""Calling infsim and reading its JSON."""
import json
import os
import pathlib
import resource
import shutil
import subprocess

from .inputs import SOURCE, InputError, numbers_of

DOES_NOT_FIT = 3   # infsim's exit status


def default_path():
    """The executable that scripts/build.sh makes; without one the installed infsim."""
    built = SOURCE / "build/infsim"
    return built if built.exists() else pathlib.Path(shutil.which("infsim") or built)


def networks_of_models():
    """Names of the networks of models/."""
    return sorted(p.stem for p in SOURCE.glob("models/*/*.json"))


class Infsim:
    """The executable, run in the project's folder: paths among its words must be absolute or relative to that."""

    def __init__(self, path):
        self.path = pathlib.Path(path).resolve()
        if not (self.path.is_file() and os.access(self.path, os.X_OK)):
            raise InputError(f"there is no executable {path}: scripts/build.sh builds infsim, --infsim names another one")

    def call(self, *words, cpu_seconds=None):
        """The finished process with its output as text, whatever its exit status; killed after `cpu_seconds` of processor time."""
        limit = (lambda: resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))) if cpu_seconds else None
        return subprocess.run([str(self.path), *map(str, words)], capture_output=True, text=True, check=False, cwd=SOURCE, preexec_fn=limit)

    def text(self, *words):
        """What a command prints that must succeed."""
        done = self.call(*words)
        if done.returncode != 0:
            raise InputError(f"{' '.join(map(str, done.args))}: exit status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def json(self, *words):
        """The report of a command that must succeed."""
        return json.loads(self.text(*words, "--json"))

    def json_if_it_fits(self, *words):
        """The report; None where the batch does not fit."""
        done = self.call(*words, "--json")
        if done.returncode == DOES_NOT_FIT:
            return None
        return json.loads(done.stdout) if done.returncode == 0 else self.json(*words)


def add_infsim_option(parser):
    """--infsim FILE; Infsim(arguments.infsim) is the executable."""
    parser.add_argument("--infsim", default=default_path(), type=pathlib.Path, metavar="FILE",
                        help="the executable to call (default: build/infsim, or the installed one)")


def add_jobs_option(parser, default=1):
    """--jobs N, for a pool of threads that each wait for one infsim."""
    parser.add_argument("--jobs", default=default, type=int, metavar="N", help=f"processes at a time (default {default})")


def add_network_options(parser, batches):
    """MODEL..., --also FOLDER, --batches LIST."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help="networks, by name or file (default: all of models/)")
    parser.add_argument("--also", action="append", default=[], type=pathlib.Path, metavar="FOLDER", help="and the .onnx files of this folder")
    parser.add_argument("--batches", default=numbers_of(batches), type=numbers_of, metavar="LIST", help=f"batch sizes (default {batches})")


def add_dim_option(parser):
    """--dim NETWORK:NAME=VALUE, for dims_of()."""
    parser.add_argument("--dim", action="append", default=[], metavar="NETWORK:NAME=VALUE", help="an extent that a model leaves open; repeatable")


def dims_of(arguments, network):
    """What infsim is told of the open extents of a network, by name or file."""
    given = [d.split(":", 1) for d in arguments.dim]
    return [word for name, dim in given if name == pathlib.Path(network).stem for word in ("--dim", dim)]


def onnx_files(folders):
    """The .onnx files of some folders."""
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"there is no folder {folder}")
    return [path.resolve() for folder in folders for path in sorted(folder.glob("*.onnx"))]


def networks_of(arguments):
    """The networks that add_network_options asked for, each as a word for infsim."""
    named = [str(pathlib.Path(m).resolve()) if pathlib.Path(m).is_file() else m for m in arguments.models]
    return (named or networks_of_models()) + list(map(str, onnx_files(arguments.also)))
