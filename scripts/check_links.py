#!/usr/bin/python3
"""Checks that the links in the project's Markdown lead somewhere.

In every .md file in git it checks links to files, links to headings, and names of files in `code` that begin with a folder of
the project. Prints a line for each that leads nowhere; exit status 1 if there are any.
"""
import re
import subprocess

from infsim_tools.inputs import SOURCE, parser_of, run

FOLDERS = "bench configs models packaging results scripts sim sweeps tests".split()
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FILE = re.compile(r"`((?:%s)/[\w./*-]+)`" % "|".join(FOLDERS))
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def anchor(heading):
    """As GitHub makes it: lower case, no punctuation, a dash for every space."""
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower()).replace(" ", "-")


def problems(page):
    """What is wrong with the links of one file."""
    text = (SOURCE / page).read_text()
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = (SOURCE / page).parent / path if path else SOURCE / page
        if not target.exists():
            yield f"{page}: there is no {link}"
        elif heading and heading not in {anchor(h) for h in HEADING.findall(target.read_text())}:
            yield f"{page}: {path or page} has no heading #{heading}"
    for name in FILE.findall(text) if page != "CHANGELOG.md" else []:   # it also tells what is gone
        if not any(True for _ in SOURCE.glob(name.rstrip("."))):
            yield f"{page}: there is no {name}"


def main():
    parser_of(__doc__).parse_args()
    pages = subprocess.run(["git", "ls-files", "*.md"], cwd=SOURCE, capture_output=True, text=True, check=True).stdout.split()
    found = [p for page in pages for p in problems(page)]
    print("\n".join(found) if found else f"{len(pages)} pages: every link leads somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    run(main)
