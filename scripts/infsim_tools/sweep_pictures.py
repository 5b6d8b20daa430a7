"""The entry point of the scripts that draw a finished sweep."""
import pathlib

from .charts import add_out_option, save, style
from .inputs import InputError, parser_of
from .sweeps import Sweep

ABOUT = """
Reads the table of RESULTS_FOLDER and its description, as `infsim sweep --out` writes them, and writes a PNG and an SVG.
The same table makes the same bytes.
"""


def draw_sweep(text, draw, suffix="", options=(), of_limits=False):
    """Reads the command line and the sweep, draws and saves.

    text: the script's docstring. draw(sweep, arguments): the figure. suffix: of the picture's name behind that of the folder.
    options: (name, metavar, help) of the script's own, and a default where the value is a number. of_limits: whether it draws sweeps of
    limits, whose rows are no points.
    """
    parser = parser_of(text + ABOUT)
    parser.add_argument("folder", type=pathlib.Path, metavar="RESULTS_FOLDER", help="the folder of a finished sweep")
    for name, metavar, about, *default in options:
        number = {"type": float, "default": default[0]} if default else {}
        parser.add_argument(f"--{name}", metavar=metavar, help=about, **number)
    parser.add_argument("--only", action="append", metavar="AXIS=VALUE", help="draw only the rows with this value of an axis, spelled as in the picture; repeatable")
    add_out_option(parser, f"RESULTS_FOLDER/<the folder's name>{suffix}")
    arguments = parser.parse_args()
    sweep = Sweep(arguments.folder)
    if sweep.row == "cell" and not of_limits:
        raise InputError(f"{sweep.folder} is a sweep of limits; plot_limits.py draws those")
    sweep.keep(arguments.only)
    style()
    save(draw(sweep, arguments), arguments.out or arguments.folder / (arguments.folder.resolve().name + suffix))
