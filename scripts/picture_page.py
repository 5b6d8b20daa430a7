#!/usr/bin/python3
"""Takes a picture of the page that `infsim report` wrote, with chromium: for a slide or a manual."""
import argparse
import pathlib
import shutil
import subprocess
import tempfile

from infsim_tools.inputs import InputError, parser_of, read_text, run


def size_of(text):
    """Width and height of "1280x1080", in pixels; a type for argparse."""
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and 100 <= int(width) <= 10000 and 100 <= int(height) <= 10000):
        raise argparse.ArgumentTypeError(f"'{text}' is not a size in pixels from 100 to 10000, such as 1280x1080")
    return int(width), int(height)


def photograph(page, size, out):
    chromium = shutil.which("chromium")
    if chromium is None:
        raise InputError("chromium is not installed")
    with tempfile.TemporaryDirectory(prefix="infsim-page-") as folder:
        picture = pathlib.Path(folder) / "page.png"
        said = subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile",
                               "--window-size={},{}".format(*size), f"--screenshot={picture}", page.resolve().as_uri()],
                              capture_output=True, text=True, check=False)
        if not picture.is_file():
            raise InputError(f"chromium took no picture of {page}: {said.stderr.strip()}")
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, out)


def main():
    parser = parser_of(__doc__)
    parser.add_argument("page", type=pathlib.Path, help="the page, such as report.html")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE", help="the picture, a PNG (default: beside the page, with .png)")
    parser.add_argument("--size", type=size_of, default=(1280, 1080), metavar="WxH", help="of the window, in pixels (default: 1280x1080)")
    args = parser.parse_args()
    read_text(args.page, "infsim report")
    out = args.out or args.page.with_suffix(".png")
    photograph(args.page, args.size, out)
    print(out)


if __name__ == "__main__":
    run(main)
