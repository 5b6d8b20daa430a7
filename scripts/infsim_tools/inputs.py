"""The command line of every script: --help from its docstring, and one sentence where the input is wrong."""
import argparse
import csv
import json
import os
import pathlib
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]   # of the project, or where it is installed


class InputError(Exception):
    """What is wrong with the input, in one sentence, without the script's name."""


def parser_of(text):
    """A parser whose --help begins with `text`, the script's docstring."""
    return argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)


def numbers_of(text):
    """The numbers of a list such as "1,2,4"; a type for argparse."""
    try:
        return sorted(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of whole numbers, such as 1,2,4") from None


def script_name():
    """The running script, for messages."""
    return pathlib.Path(sys.argv[0]).name


def run(main):
    """Ends the script with the exit status that `main` returns (None is 0).

    An InputError is printed; its status is 2, as that of a lost stdout. An interrupt is 130.
    """
    try:
        status = main()
    except InputError as problem:
        print(f"{script_name()}: {problem}", file=sys.stderr)
        status = 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)   # or Python complains while it ends
        status = 2
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


def read_text(path, made_by):
    """The text of a file. `made_by` says which command writes it: for the message where there is no such file."""
    try:
        return pathlib.Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"there is no {path}; {made_by} writes it") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path} cannot be read: {problem}") from None


def read_json(path, made_by):
    """What a JSON file holds."""
    try:
        return json.loads(read_text(path, made_by))
    except ValueError as problem:
        raise InputError(f"{path} is not JSON: {problem}") from None


def read_csv(path, columns, made_by):
    """The rows of a CSV file, which must have these columns, as dictionaries of texts."""
    reader = csv.DictReader(read_text(path, made_by).splitlines(keepends=True))
    missing = [c for c in columns if c not in (reader.fieldnames or [])]
    if missing:
        raise InputError(f"{path} has no column {', '.join(missing)}; {made_by} writes such a file")
    return list(reader)
