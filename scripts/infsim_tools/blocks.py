"""Blocks of Markdown files that scripts write, between <!-- NAME --> and <!-- end of NAME -->; and tables in Markdown."""
import sys

from .inputs import InputError, read_text, script_name


def markdown(head, rows):
    """A table: `head` and each of `rows` are lists of cells."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" if line[0] != "---" else "|" + "---|" * len(line) for line in lines)


def cells_of(table):
    """The rows of a Markdown table below its head, as lists of texts."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:] if line.startswith("|")]


def parts(text, name):
    """The text before the content of a block, the content, and the text behind it."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    if text.count(begin) != 1 or end not in text.split(begin)[1]:
        raise InputError(f"the page needs one line {begin.strip()} and, below it, one {end}: the block '{name}' stands between them")
    before, rest = text.split(begin)
    content, after = rest.split(end, 1)
    return before + begin, content, end + after


def block_of(path, name):
    """The content of a block of a file."""
    return parts(read_text(path, "git"), name)[1]


def write_block(path, name, content):
    """Replaces the content of a block of a file."""
    before, _, after = parts(read_text(path, "git"), name)
    path.write_text(before + content + "\n" + after, encoding="utf-8")


def check_block(path, name, content):
    """Whether the block has this content already; says so on stderr where not."""
    same = block_of(path, name) == content + "\n"
    if not same:
        print(f"{path}: the block '{name}' is not what {script_name()} would write", file=sys.stderr)
    return same
