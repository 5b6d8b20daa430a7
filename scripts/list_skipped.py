#!/usr/bin/env python3
"""Lists the tests of a CTest run that were skipped, in whole or in part, and why.

usage: list_skipped.py JUNIT.xml      as `ctest --output-junit` writes it

A test that skips prints a line "SKIPPED: reason" and returns its skip code; a part of a test that does prints
"skipped: reason" and passes.
"""
import re
import sys
import xml.etree.ElementTree as xml

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
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = [*skipped(xml.parse(sys.argv[1]).getroot())]
    if not found:
        print("Skipped: nothing")
        return
    print("Skipped:")
    for name, reason, whole in found:
        print(f"  {name}{'' if whole else ', in part'}: {reason}")


if __name__ == "__main__":
    main()
