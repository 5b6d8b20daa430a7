#!/usr/bin/python3
"""Lists the tests of a CTest run that were skipped, in whole or in part, and why.

A test that is skipped prints a line "SKIPPED: reason" and returns its skip code. A test that skips a part of itself prints
"skipped: reason" and passes.
"""
import re
import xml.etree.ElementTree as xml

from infsim_tools.inputs import InputError, parser_of, read_text, run

REASON = re.compile(r"^\s*skipped: *(.+)$", re.IGNORECASE | re.MULTILINE)


def skipped(root):
    """Name, reason and whether the whole test was skipped, of every test that was."""
    for case in root.iter("testcase"):
        reasons = dict.fromkeys(REASON.findall(case.findtext("system-out") or ""))
        element = case.find("skipped")
        whole = element is not None or case.get("status") in ("notrun", "disabled")
        if whole and not reasons:
            reasons = [(element.get("message") if element is not None else None) or "no reason given"]
        for reason in reasons:
            yield case.get("name"), reason.strip(), whole


def main():
    parser = parser_of(__doc__)
    parser.add_argument("results", metavar="JUNIT.xml", help="what ctest --output-junit writes")
    path = parser.parse_args().results
    try:
        found = [*skipped(xml.fromstring(read_text(path, "ctest --output-junit")))]
    except xml.ParseError as problem:
        raise InputError(f"{path} is not XML: {problem}") from None
    print("Skipped:" if found else "Skipped: nothing")
    for name, reason, whole in found:
        print(f"  {name}{'' if whole else ', in part'}: {reason}")


if __name__ == "__main__":
    run(main)
