#!/usr/bin/env python3
"""Commands in the project's Markdown are such as infsim takes.

usage: readme_test.py INFSIM SOURCE_FOLDER [--run]

Of every `infsim SUBCOMMAND ...` in code: the subcommand is there and its --help knows every option. Of every script with words
behind it that a piece of code begins with: it may be executed. With --run, the commands of README.md that need no file of the
reader's are also run, in the project's folder, each by a shell as it stands.
"""
import os
import pathlib
import re
import subprocess
import sys

INFSIM, SOURCE = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
COMMAND = re.compile(r"(?:build/)?infsim ([a-z]+)((?: [^|`#\n]*)?)")
OPTION = re.compile(r"(?<!\S)\[?(--[a-z][a-z0-9_-]*)")
THE_READERS_OWN = re.compile(r"mine\.|network\.onnx|SWEEP|SCENARIO|\bMODEL\b|NAME|FILE")


def code(page):
    """Inline code and indented or fenced lines of a page, one piece each."""
    text = (SOURCE / page).read_text()
    fenced = re.findall(r"(?ms)^```[a-z]*\n(.*?)^```", text)
    indented = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    return [*re.findall(r"`([^`\n]+)`", text), *indented, *"\n".join(fenced).splitlines()]


def options_of():
    """{subcommand: its options}, by the help texts."""
    says = lambda *words: subprocess.run([INFSIM, *words, "--help"], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"(?m)^  ([a-z]+) ", says())
    return {name: set(re.findall(r"--[a-z][a-z0-9_-]*", says(name))) for name in names}


def problems():
    known = options_of()
    pages = subprocess.run(["git", "ls-files", "*.md"], cwd=SOURCE, capture_output=True, text=True, check=True).stdout.split()
    seen = 0
    for page in pages:
        if page == "CHANGELOG.md":   # it also tells what is gone
            continue
        for piece in code(page):
            script = re.match(r"scripts/\w+\.(?:py|sh)(?= )", piece)
            if script and not os.access(SOURCE / script[0], os.X_OK):
                yield f"{page}: {script[0]} cannot be executed"
            for subcommand, rest in COMMAND.findall(piece):
                seen += 1
                if subcommand not in known:
                    yield f"{page}: there is no 'infsim {subcommand}'"
                    continue
                for option in OPTION.findall(rest):
                    if option not in known[subcommand]:
                        yield f"{page}: 'infsim {subcommand}' has no {option}"
    if seen < 50:
        yield f"only {seen} commands were found: the pages are read wrongly"


def run_all():
    lines = [line.strip() for line in (SOURCE / "README.md").read_text().splitlines() if line.startswith("    ")]
    for line in lines:
        line = line.removeprefix("$ ")
        if not line.startswith("build/infsim") or THE_READERS_OWN.search(line):
            continue
        run = subprocess.run(["bash", "-c", line], cwd=SOURCE, capture_output=True, text=True, check=False)
        expected = int(match[1]) if (match := re.search(r"# exit (\d)", line)) else 0
        print(f"{'ok' if run.returncode == expected else 'FAILED'}  {line}", flush=True)
        if run.returncode != expected:
            yield f"README.md: {line}: exit status {run.returncode}\n{run.stderr}"


def main():
    found = [*problems(), *(run_all() if "--run" in sys.argv[3:] else [])]
    print("\n".join(found) or "every command is one that infsim takes")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
