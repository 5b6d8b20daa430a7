#!/usr/bin/python3
"""Checks the includes under sim/ against the tables of this script: which folder, and which room of a folder, may include which.

No files may include each other in a circle, and no library may link one that its folder may not include. Prints a line for
each violation; exit status 1 if there are any. A file of more than 400 lines is only a warning.
"""
import pathlib
import re

from infsim_tools.inputs import SOURCE, parser_of, run

EVERYTHING = "*"

# Folder -> folders (or single headers) it may include besides itself.
LAYERS = {
    "base": [],
    "graph": ["base"],
    "hw": ["base"],
    "program": ["base"],
    "cost": ["base", "hw/spec.hpp", "program"],
    "exec": ["base", "program"],
    "tensorio": ["base"],
    "compiler": ["base", "graph", "hw/spec.hpp", "hw/derived.hpp", "program", "cost"],
    "observe": ["base", "program"],
    "chip": ["base", "hw/spec.hpp", "hw/derived.hpp", "program", "cost", "exec", "observe"],
    "calibration": ["base"],
    "record": ["base"],
    "stats": ["base", "program", "hw/spec.hpp", "hw/derived.hpp", "observe", "record"],
    "analysis": ["base", "hw/spec.hpp", "hw/derived.hpp", "hw/energy.hpp", "record"],
    "flow": ["base", "graph", "hw", "program", "cost", "exec", "tensorio", "compiler", "observe", "chip", "stats",
             "record", "analysis", "report", "serving"],
    "serving": ["base", "record"],
    "explore": ["base", "record", "analysis", "flow"],
    "report": ["base", "record", "analysis"],
    "cli": [EVERYTHING],
}

# Folder -> its rooms -> the rooms that each may include besides itself. A file that is in no room is in the folder's root,
# which may include every room and which no room may include, but for the headers that are free for all.
ROOMS = {
    "compiler": {
        "ir": [],
        "lower": ["ir"],
        "emit": ["ir"],
        "memory": ["ir"],
        "schedule": ["ir"],
        "search": ["ir", "lower", "emit", "memory", "schedule"],
    },
    "flow": {
        "point": [],
        "run": ["point"],
        "limits": ["point", "run"],
        "validate": ["point", "run"],
        "service": ["point", "run"],
    },
}
# Headers of a root that its rooms may include. They themselves include nothing of a room, or there would be a circle.
FREE_FOR_ROOMS = {"compiler": ["options.hpp", "outcome.hpp"]}

# Library -> how its headers are spelled, and the files (prefixes below sim/) that may see them, directly or through
# other headers. fmt and the standard library are free.
LIBRARIES = {
    "SystemC": (r"(systemc|tlm|sysc/.*|tlm_utils/.*|tlm_core/.*|systemc\.h|tlm\.h)$", ["chip/"]),
    "nlohmann/json": (r"nlohmann/", ["base/json.cpp"]),
    "Boost": (r"boost/(?!container/)", ["cli/"]),
    "Boost.Container": (r"boost/container/", ["compiler/", "cli/"]),
    "ONNX": (r"(onnx|google/protobuf)/", ["graph/", "tensorio/"]),
    "Perfetto's messages": (r"perfetto_trace\.pb\.h$", ["stats/trace/writer.cpp"]),
    "Eigen": (r"(Eigen|unsupported)/", ["exec/", "calibration/"]),
    "xxHash": (r"xxh", ["base/hash.cpp"]),
    "libzip": (r"zip\.h$", ["tensorio/"]),
    "SQLite": (r"sqlite3\.h$", ["record/table_sqlite.cpp"]),
}
FREE = re.compile(r"([a-z_0-9]+|fmt/.*|(unistd|fcntl|spawn|signal|poll|limits)\.h|sys/[a-z]+\.h)$")
MAX_LINES = 400
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def library_of(header):
    return next((name for name, (spelling, _) in LIBRARIES.items() if re.match(spelling, header)), None)


def allowed(folder, header):
    rules = [folder, *LAYERS.get(folder, [])]
    return any(rule in (EVERYTHING, header, header.split("/")[0]) for rule in rules)


class Tree:
    """The sources below sim/ and what they include."""

    def __init__(self, sim):
        self.files = {str(path.relative_to(sim)): path for path in sorted(sim.rglob("*"))
                      if path.suffix in (".hpp", ".cpp", ".h", ".cc", ".inc")}
        self.own, self.foreign = {}, {}
        for name, path in self.files.items():
            includes = INCLUDE.findall(path.read_text(encoding="utf-8"))
            self.own[name] = [header for quote, header in includes if quote == '"']
            self.foreign[name] = [header for quote, header in includes if quote == "<"]

    def route_to(self, name, library):
        """The chain of includes by which `name` sees the library, or None."""
        seen, routes = {name}, [[name]]
        while routes:
            route = routes.pop(0)
            for header in self.foreign.get(route[-1], []):
                if library_of(header) == library:
                    return [*route, f"<{header}>"]
            for header in self.own.get(route[-1], []):
                if header not in seen:
                    seen.add(header)
                    routes.append([*route, header])
        return None


def include_problems(tree):
    for name in tree.files:
        folder = name.split("/")[0]
        if folder not in LAYERS:
            yield f"sim/{name}: folder '{folder}' is not in the table"
            continue
        for header in tree.own[name]:
            if header not in tree.files:
                yield f"sim/{name}: \"{header}\" is no file below sim/; includes are written from there"
            elif not allowed(folder, header):
                yield f"sim/{name}: '{folder}' may not include {header}"
        for header in tree.foreign[name]:
            if library_of(header) is None and not FREE.match(header):
                yield f"sim/{name}: <{header}> belongs to no library of the table"
        for library, (_, places) in LIBRARIES.items():
            route = tree.route_to(name, library)
            if route and not name.startswith(tuple(places)):
                yield f"sim/{name}: may not see {library}: {' -> '.join(route)}"


def room_of(name):
    """The room of a file, "" for the folder's root, or None where the folder has no rooms or for a free header."""
    folder, *rest = name.split("/")
    if folder not in ROOMS or "/".join(rest) in FREE_FOR_ROOMS.get(folder, []):
        return None
    return rest[0] if len(rest) > 1 else ""


def room_problems(tree):
    for name in tree.files:
        folder, room = name.split("/")[0], room_of(name)
        if folder not in ROOMS:
            continue
        if room and room not in ROOMS[folder]:
            yield f"sim/{name}: room '{room}' is not in the table of {folder}"
            continue
        for header in tree.own[name]:
            other = room_of(header)
            if header.split("/")[0] != folder or other is None or room == "":
                continue
            if room is None:
                yield f"sim/{name}: a header that is free for all rooms may not include {header}"
            elif other != room and other not in ROOMS[folder][room]:
                yield f"sim/{name}: room '{room}' may not include {header}"


def circles(edges):
    """The circles of a graph {node: nodes}, each as a path that ends where it starts; one for each edge that closes one."""
    done, path = set(), []

    def visit(node):
        if node in path:
            yield [*path[path.index(node):], node]
        elif node not in done:
            path.append(node)
            for after in edges.get(node, ()):
                yield from visit(after)
            done.add(path.pop())

    for node in edges:
        yield from visit(node)


def circle_problems(tree):
    for circle in circles(tree.own):
        yield f"include circle: {' -> '.join(circle)}"
    for folder in ROOMS:
        rooms = {}
        for name in tree.files:
            if name.split("/")[0] == folder and room_of(name) is not None:
                others = {room_of(h) for h in tree.own[name] if h.split("/")[0] == folder and h in tree.files}
                rooms.setdefault(room_of(name), set()).update(others - {None, room_of(name)})
        for circle in circles({room: sorted(rooms[room]) for room in sorted(rooms)}):
            yield f"circle of rooms in {folder}: {' -> '.join(room or 'root' for room in circle)}"


def link_problems(sim):
    """The link lists of sim/CMakeLists.txt must not exceed the table either."""
    text = (sim / "CMakeLists.txt").read_text(encoding="utf-8") if (sim / "CMakeLists.txt").exists() else ""
    for name, arguments in re.findall(r"^infsim_library\((\w+)([^)]*)\)", text, re.MULTILINE):
        uses = re.search(r"USES((?: +[a-z]+)*)", arguments)
        for used in (uses[1].split() if uses else []):
            if not any(rule == EVERYTHING or rule.split("/")[0] == used for rule in LAYERS.get(name, [])):
                yield f"sim/CMakeLists.txt: infsim_{name} may not link infsim_{used}"


def folder_problems(tree, sim):
    for folder in sorted({name.split("/")[0] for name in tree.files}):
        if not (sim / folder / "README.md").exists():
            yield f"sim/{folder}: README.md is missing"


def main():
    parser = parser_of(__doc__)
    parser.add_argument("source", nargs="?", type=pathlib.Path, default=SOURCE, metavar="SOURCE_FOLDER", help="the folder that holds sim/")
    sim = parser.parse_args().source / "sim"
    tree = Tree(sim)
    problems = [*include_problems(tree), *room_problems(tree), *circle_problems(tree), *link_problems(sim),
                *folder_problems(tree, sim)]
    if not tree.files:
        problems.append(f"{sim}: no sources found")
    for name, path in tree.files.items():
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > MAX_LINES:
            print(f"warning: sim/{name}: {lines} lines")
    print("\n".join(problems) if problems else f"{len(tree.files)} files keep to the tables")
    return 1 if problems else 0


if __name__ == "__main__":
    run(main)
