"""Compiles misuse.cpp once per case and expects an error inside that case; without a case it must compile.

usage: check_misuse.py COMPILER INCLUDE_FOLDER
"""
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).with_name("misuse.cpp")


def case_lines():
    """Case number -> the line numbers of its code."""
    cases, current = {}, None
    for number, line in enumerate(SOURCE.read_text().splitlines(), 1):
        if match := re.match(r"#(?:el)?if CASE == (\d+)", line):
            current = cases.setdefault(int(match[1]), [])
        elif line.startswith("#endif"):
            current = None
        elif current is not None:
            current.append(number)
    return cases


def compile_case(compiler, include, case):
    command = [compiler, "-std=gnu++17", "-fsyntax-only", f"-I{include}", *([f"-DCASE={case}"] if case else []), SOURCE]
    return subprocess.run(command, capture_output=True, text=True)


def main(compiler, include):
    failures = []
    control = compile_case(compiler, include, None)
    if control.returncode != 0:
        failures.append(f"the control does not compile:\n{control.stderr}")
    cases = case_lines()
    if len(cases) < 16:
        failures.append(f"only {len(cases)} cases were found")
    for case, lines in cases.items():
        result = compile_case(compiler, include, case)
        places = {int(line) for line in re.findall(r"misuse\.cpp:(\d+):\d+: error", result.stderr)}
        if result.returncode == 0:
            failures.append(f"case {case} compiles and must not")
        elif not places or not places <= set(lines):
            failures.append(f"case {case} fails elsewhere than in its own lines {lines}:\n{result.stderr}")
    print("\n".join(failures) if failures else f"{len(cases)} misuses refused, the control compiles")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
