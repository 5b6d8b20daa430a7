"""Tables that scripts keep inside of Markdown files, between <!-- NAME --> and <!-- end of NAME -->."""
import pathlib
import sys


def marks(name):
    return f"<!-- {name} -->\n", f"<!-- end of {name} -->"


def halves(text, name):
    """What stands before the content of the marks of that name, the content, and what stands behind it."""
    begin, end = marks(name)
    if text.count(begin) != 1 or end not in text.split(begin)[1]:
        sys.exit(f"no place for the table: the text lacks {begin.strip()} and {end} behind it")
    before, rest = text.split(begin)
    content, after = rest.split(end, 1)
    return before + begin, content, end + after


def between(text, name):
    return halves(text, name)[1]


def replaced(text, name, table):
    before, _, after = halves(text, name)
    return before + table + "\n" + after


def replace_in(path, name, table):
    path.write_text(replaced(path.read_text(), name, table))


def renew(path, name, table, check):
    """The same; where `check`, writes nothing and ends the script where it would."""
    if not check:
        replace_in(path, name, table)
    elif replaced(path.read_text(), name, table) != path.read_text():
        sys.exit(f"{path} holds another table than {pathlib.Path(sys.argv[0]).name} writes")
