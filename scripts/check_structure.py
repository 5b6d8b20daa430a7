#!/usr/bin/python3
"""Checks the C++ sources of some folders against the project's limits: methods of a class, lines of a function and of a file.

Prints a table, and a line for everything over a limit; exit status 1 if there is any. What was over a limit when the limits
came is listed in the script and must not grow. --rooms prints the measures of each folder of sim/ as Markdown. It reads the text itself: clang-format
has formatted the sources, and neither macros nor preprocessor branches hide braces in them.
"""
import bisect
import math
import pathlib
import re
from dataclasses import dataclass

from infsim_tools.blocks import markdown, write_block
from infsim_tools.inputs import SOURCE, InputError, parser_of, run

MAX_METHODS = 30          # of a class, operators and constructors included, those that are = default or = delete not
MAX_FUNCTION_LINES = 60   # from the first line of its head to the closing brace, lambdas inside included
MAX_P99_LINES = 35        # of all functions, 99 % are not longer
MAX_FILE_LINES = 300

# What was beyond a limit already: it may stay, and not grow.
KNOWN = {"Arbiter": 34, "Core": 34, "OnnxNode": 49,   # methods
         "options_table": 73,   # lines of a function: a table, a row for each option
         "sim/chip/arbiter.cpp": 361, "sim/graph/builder.cpp": 301}   # lines of a file

# Comments, literals and preprocessor lines: they may hold braces that are none.
HIDDEN = re.compile(r"//[^\n]*"
                    r"|/\*.*?\*/"
                    r'|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"'
                    r'|"(?:\\.|[^"\\\n])*"'
                    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'"
                    r"|^[ \t]*#(?:\\\n|[^\n])*", re.DOTALL | re.MULTILINE)
TYPE = re.compile(r"(?:^|[>\s])(class|struct|union)\s+(?:alignas\([^)]*\)\s*|\[\[[^\]]*\]\]\s*)*(\w+(?:::\w+)*)[^()=]*$")
QUALIFIERS = r"(?:const|noexcept(?:\([^()]*\))?|override|final|mutable|volatile|&&?|try|\s)*"
FUNCTION_END = re.compile(r"\)\s*" + QUALIFIERS + r"(?:->[^=;()]*(?:\([^()]*\)[^=;()]*)?)?$")
INITIALISERS = re.compile(r"\)\s*" + QUALIFIERS + r":(?!:)")
NAME = re.compile(r"(operator\s*(?:\(\s*\)|\[\s*\]|[^\s\w(]+|[\w:&*\s]+)|~?\w+(?:<[^()]*>)?)\s*$")


def blanked(text):
    """The text with everything hidden replaced by blanks (a literal by 0), line breaks kept."""
    def blank(match):
        kept = re.sub(r"[^\n]", " ", match[0])
        return "0" + kept[1:] if match[0][0] in "R\"'" else kept
    return HIDDEN.sub(blank, text)


def without_templates(head):
    """The head without template heads and template arguments, so that the parentheses of std::function<void()> are gone."""
    head = re.sub(r"operator\s*(<<|>>|<=|>=|<|>|->|\(\s*\))", lambda m: "operator" + "@" * len(m[1]), head)
    head = head.replace("->", "  ")
    while True:
        shorter = re.sub(r"(?<![<\s])<[^<>;{}]*>|\btemplate\s*<[^<>;{}]*>", " ", head)
        if shorter == head:
            return head
        head = shorter


def function_name(head):
    """The name of the function that the head declares, or None."""
    head = re.sub(r"\[\[[^\]]*\]\]", " ", without_templates(head))
    head = re.sub(r"^\s*(?:(?:public|private|protected)\s*:(?!:)\s*)+", "", head)
    head = re.sub(r"\b(?:alignas|noexcept|decltype|explicit)\s*\([^()]*\)", " ", head)
    before, parenthesis, behind = head.partition("(")
    if not parenthesis or re.match(r"\s*[*&]", behind) or re.match(r"\s*(?:using|friend|typedef|static_assert|return)\b", before):
        return None
    if "=" in before.replace("==", "").replace("!=", "") and "operator" not in before:
        return None
    name = NAME.search(before)
    return name[1].strip() if name and not re.fullmatch(r"if|for|while|switch|catch|sizeof", name[1]) else None


@dataclass
class Function:
    file: str
    line: int
    name: str
    lines: int


@dataclass
class Class:
    file: str
    line: int
    name: str
    methods: int = 0


@dataclass
class Scope:
    kind: str           # namespace, class, function, block (within a function) or value (braces of an initialiser)
    head: int           # where the head begins
    item: object = None
    parentheses: int = 0


class Parser:
    def __init__(self, file, text):
        self.file, self.text = file, blanked(text)
        self.starts = [0, *(m.end() for m in re.finditer("\n", self.text))]
        self.functions, self.classes = [], []
        self.scopes = [Scope("namespace", 0)]

    def line(self, at):
        return bisect.bisect_right(self.starts, at)

    def first_of_head(self, at):
        """Where the head's text begins behind blanks and access specifiers."""
        return at + re.match(r"\s*(?:(?:public|private|protected)\s*:(?!:)\s*)*", self.text[at:]).end()

    def parse(self):
        start, parentheses = 0, 0   # of the current head
        for match in re.finditer(r"[{}();]", self.text):
            at, sign = match.start(), match[0]
            if sign == "(":
                parentheses += 1
            elif sign == ")":
                parentheses -= 1
            elif sign == "{":
                scope = self.opened(start, at, parentheses)
                scope.parentheses = parentheses
                self.scopes.append(scope)
                if scope.kind != "value":
                    start, parentheses = at + 1, 0
            elif sign == "}":
                if len(self.scopes) == 1:
                    raise ValueError(f"{self.file}:{self.line(at)}: a closing brace too many")
                scope = self.scopes.pop()
                if scope.kind == "function":
                    scope.item.lines = self.line(at) - scope.item.line + 1
                parentheses = scope.parentheses
                if scope.kind != "value":
                    start = at + 1
            elif parentheses == 0 and self.scopes[-1].kind != "value":
                self.declared(start, at)
                start = at + 1
        if len(self.scopes) != 1:
            raise ValueError(f"{self.file}: {len(self.scopes) - 1} braces are not closed")
        return self

    def opened(self, start, at, parentheses):
        outer, head = self.scopes[-1].kind, self.text[start:at]
        if outer == "value" or parentheses:
            return Scope("value", start)
        if outer in ("function", "block"):
            return Scope("block", start)
        if re.match(r"\s*(?:inline\s+)?namespace\b|\s*extern\s+0\s*$", head):
            return Scope("namespace", start)
        if re.search(r"\benum\b[^()=]*$", head):
            return Scope("value", start)
        plain = without_templates(head)
        if (found := TYPE.search(plain)) and not re.search(r"[()=]", plain[found.start():]):
            item = Class(self.file, self.line(self.first_of_head(start)), found[2])
            self.classes.append(item)
            return Scope("class", start, item)
        name = function_name(head)
        initialisers = INITIALISERS.search(head)
        member = initialisers and re.search(r"[\w>]\s*$", head) and not FUNCTION_END.search(head)
        if name and not member and (initialisers or FUNCTION_END.search(head)):
            item = Function(self.file, self.line(self.first_of_head(start)), name, 0)
            self.functions.append(item)
            if outer == "class":
                self.scopes[-1].item.methods += 1
            return Scope("function", start, item)
        return Scope("value", start)

    def declared(self, start, at):
        head = self.text[start:at]
        if self.scopes[-1].kind == "class" and not re.search(r"=\s*(?:default|delete)\s*$", head) and function_name(head):
            self.scopes[-1].item.methods += 1


def percentile_99(lengths):
    """The length that 99 % of the functions do not exceed."""
    return sorted(lengths)[math.ceil(0.99 * len(lengths)) - 1] if lengths else 0


def measure(folders):
    functions, classes, files = [], [], {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"there is no folder {folder}")
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".hpp", ".cpp"):
                text = path.read_text(encoding="utf-8")
                parser = Parser(str(path), text).parse()
                functions += parser.functions
                classes += parser.classes
                files[str(path)] = text.count("\n")
    return functions, classes, files


def problems_of(functions, classes, files):
    for f in sorted(functions, key=lambda f: -f.lines):
        if f.lines > max(MAX_FUNCTION_LINES, KNOWN.get(f.name, 0)):
            yield f"{f.file}:{f.line}: {f.name} has {f.lines} lines (limit {MAX_FUNCTION_LINES})"
    p99 = percentile_99([f.lines for f in functions])
    if p99 > MAX_P99_LINES:
        over = sum(f.lines > MAX_P99_LINES for f in functions)
        yield (f"of {len(functions)} functions {over} have more than {MAX_P99_LINES} lines; 1 % may, and the 99th percentile "
               f"is {p99}")
    for c in sorted(classes, key=lambda c: -c.methods):
        if c.methods > max(MAX_METHODS, KNOWN.get(c.name, 0)):
            yield f"{c.file}:{c.line}: {c.name} has {c.methods} methods (limit {MAX_METHODS})"
    for name, lines in sorted(files.items(), key=lambda item: -item[1]):
        if lines > max([MAX_FILE_LINES, *(most for known, most in KNOWN.items() if name.endswith(known))]):
            yield f"{name}: {lines} lines (limit {MAX_FILE_LINES})"


def print_table(functions, classes, files):
    lengths = [f.lines for f in functions]
    rows = [("files", len(files), max(files.values(), default=0), MAX_FILE_LINES, "lines of the longest"),
            ("functions", len(functions), max(lengths, default=0), MAX_FUNCTION_LINES, "lines of the longest"),
            ("", "", percentile_99(lengths), MAX_P99_LINES, "lines that 99 % do not exceed"),
            ("classes", len(classes), max((c.methods for c in classes), default=0), MAX_METHODS, "methods of the largest")]
    print(f"{'':10}{'number':>8}{'largest':>9}{'limit':>7}")
    for name, number, largest, limit, what in rows:
        print(f"{name:10}{number:>8}{largest:>9}{limit:>7}  {what}")


def comment_share(folder):
    """Lines that hold nothing but a comment, as a share of all lines with text."""
    lines = [line.strip() for path in sorted(folder.rglob("*")) if path.suffix in (".hpp", ".cpp")
             for line in path.read_text(encoding="utf-8").splitlines()]
    return sum(line.startswith("//") for line in lines) / max(sum(map(bool, lines)), 1)


def room_row(folder):
    functions, classes, files = measure([folder])
    lengths = [f.lines for f in functions]
    return [f"`{folder.name}/`", len(files), f"{sum(files.values()):,}", f"{100 * comment_share(folder):.0f} %", max(lengths, default=0),
            percentile_99(lengths), max((c.methods for c in classes), default=0)]


def rooms_table():
    """Markdown: a row for each folder of sim/, and one for all of it."""
    rows = [room_row(folder) for folder in sorted((SOURCE / "sim").iterdir()) if folder.is_dir()]
    return markdown(["folder", "files", "lines", "comments", "longest function", "99 % of functions", "methods of the largest class"],
                   [*rows, ["all", *room_row(SOURCE / "sim")[1:]]])


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--rooms", action="store_true", help="print the measures of each folder of sim/ as a Markdown table, and nothing else")
    parser.add_argument("--write", action="store_true", help="the same, and put it into CONTRIBUTING.md")
    parser.add_argument("--list", action="store_true", help="also print the longest functions, the largest classes and the longest files")
    parser.add_argument("folders", nargs="*", type=pathlib.Path, metavar="FOLDER", help="folders of C++ sources (default sim)")
    options = parser.parse_args()
    if options.rooms or options.write:
        table = rooms_table()
        print(table)
        if options.write:
            write_block(SOURCE / "CONTRIBUTING.md", "rooms", table)
        return 0
    folders = options.folders or [SOURCE / "sim"]
    functions, classes, files = measure(folders)
    if not functions:
        raise InputError(f"no function found below {', '.join(map(str, folders))}")
    print_table(functions, classes, files)
    if options.list:
        for f in sorted(functions, key=lambda f: -f.lines)[:40]:
            print(f"{f.lines:5} lines    {f.file}:{f.line} {f.name}")
        for c in sorted(classes, key=lambda c: -c.methods)[:10]:
            print(f"{c.methods:5} methods  {c.file}:{c.line} {c.name}")
        for name, lines in sorted(files.items(), key=lambda item: -item[1])[:20]:
            print(f"{lines:5} lines    {name}")
    problems = [*problems_of(functions, classes, files)]
    print("\n".join(problems) if problems else "nothing is beyond its limit")
    return 1 if problems else 0


if __name__ == "__main__":
    run(main)
