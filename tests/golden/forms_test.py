#!/usr/bin/python3
"""Holds the texts of the compiler's forms for a few tiny networks against the committed ones.

usage: forms_test.py INFSIM [--update]

A change of these texts is a change of what the compiler does: read the difference before updating.
"""
import difflib
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).with_name("forms")
# A small chip keeps the texts short: one DMA engine, one DRAM region, two PSUM banks.
CHIP = ["chip.dma.engines_per_core=1", "chip.dram.channels=1", "chip.psum.banks=2"]
NETWORKS = {
    "conv_chain": ["--batch", "2"],
    "attention": [],
    "spilled": ["--batch", "2", "--no-recompute", "--state-buffer-budget", "512B"],
}
FORMS = {"network": "stem", "code": "emit", "evicted": "evict", "program": "lay_out_dram"}


def text_of(infsim, network, options, after):
    settings = [word for value in CHIP for word in ("--set", value)]
    command = [infsim, "compile", "--compiler", "layer_by_layer", str(FOLDER / f"{network}.json"), *options, *settings, "--verify", "--dump-after", after]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {result.returncode}\n{result.stderr}")
    return result.stdout


def main():
    infsim, update = sys.argv[1], "--update" in sys.argv[2:]
    wrong = []
    for network, options in NETWORKS.items():
        before = []
        for form, after in FORMS.items():
            text = text_of(infsim, network, options, after)
            path = FOLDER / f"{network}.{form}.txt"
            form_itself = [line for line in text.splitlines() if not line.startswith("#")]
            if form_itself == before:  # nothing was evicted
                continue
            before = form_itself
            if update:
                path.write_text(text)
            golden = path.read_text() if path.is_file() else ""
            if text != golden:
                wrong += difflib.unified_diff(golden.splitlines(), text.splitlines(), str(path), "now", lineterm="", n=1)
    if wrong:
        sys.exit("\n".join([*wrong, "if that is meant, run scripts/update_goldens.sh BUILD_DIR"]))


main()
