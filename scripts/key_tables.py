#!/usr/bin/python3
"""Writes the tables of keys in configs/README.md and sweeps/README.md, blocks 'chip keys', 'compiler keys', 'scenario keys', 'sweep keys'.

`infsim keys KIND --markdown` makes them.
"""
from infsim_tools.blocks import check_block, write_block
from infsim_tools.inputs import SOURCE, parser_of, run
from infsim_tools.simulator import Infsim, add_infsim_option

PAGES = {"chip": "configs/README.md", "compiler": "configs/README.md", "scenario": "configs/README.md", "sweep": "sweeps/README.md"}


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and exit with 1 where a table is not current")
    add_infsim_option(parser)
    arguments = parser.parse_args()
    infsim = Infsim(arguments.infsim)
    tables = {kind: infsim.text("keys", kind, "--markdown").rstrip("\n") for kind in PAGES}
    if arguments.check:
        return 0 if all([check_block(SOURCE / page, f"{kind} keys", tables[kind]) for kind, page in PAGES.items()]) else 1
    for kind, page in PAGES.items():
        write_block(SOURCE / page, f"{kind} keys", tables[kind])
    return 0


if __name__ == "__main__":
    run(main)
