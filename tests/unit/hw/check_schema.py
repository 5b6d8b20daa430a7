"""Holds configs/schemas/chip.schema.json against the strict reader.

The variants and the systematic edits are those of chip_file_test.cpp, which feeds them to the reader. The schema may
be more lenient (it cannot compare quantities), never stricter.

usage: check_schema.py SOURCE_FOLDER
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from schema import edited, errors_of, validator_of, wrong_variant  # noqa: E402

# Keys that a file may leave out.
CAN_BE_LEFT_OUT = {"/host/element_time", "/energy", *(f"/energy/{key}" for key in (
    "mac_fp16", "mac_bf16", "mac_fp32", "state_buffer", "psum", "dram", "host_link", "static_power")),
    *(f"/{engine}/{key}" for engine in ("act", "pool") for key in ("lanes", "elements_32bit", "elements_16bit")),
    "/psum/shared_port", "/host/item_overhead", "/host/copy_bandwidth", "/host/threads"}


def pointers(value, prefix=""):
    """Every object and every member of the document."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield f"{prefix}/{key}"
            yield from pointers(member, f"{prefix}/{key}")


def complete(path):
    """The chip of a file; a variant's members laid over those of its base, as the reader does."""
    chip = json.loads(path.read_text())
    if "base" not in chip:
        return chip
    base = json.loads((path.parent / chip.pop("base")).read_text())
    for key, member in chip.items():
        section = isinstance(member, dict) and "value" not in member
        base[key] = {**base[key], **member} if section else member
    return base


def main(source):
    root = pathlib.Path(source)
    validator = validator_of(root / "configs/schemas/chip.schema.json")
    chips = sorted((root / "configs/chips").glob("*.json"))
    failures = [e for chip in chips for e in errors_of(validator, chip, complete(chip))]
    base = json.loads((root / "configs/chips/inferentia1.json").read_text())
    variants = json.loads((root / "tests/unit/hw/chip_variants.json").read_text())
    for variant in variants:
        if variant["reader"] and not variant["schema"]:
            failures.append(f"{variant['name']}: the schema must not be stricter than the reader")
        failures += wrong_variant(validator, base, variant, variant["schema"])
    edits = 0
    for chip in chips:
        whole = complete(chip)
        for pointer in list(pointers(whole)):
            edits += 2
            if validator.is_valid(edited(whole, {pointer: None})) != (pointer in CAN_BE_LEFT_OUT):
                failures.append(f"{chip.name}: {pointer} {'must not' if pointer in CAN_BE_LEFT_OUT else 'may'} be missing")
            if validator.is_valid(edited(whole, {pointer + "_": 1})):
                failures.append(f"{chip.name}: {pointer}_ may be present")
    if len(chips) < 1 or len(variants) < 30 or edits < 600:
        failures.append("nothing was checked")
    print("\n".join(failures) if failures else f"{len(chips)} chips, {len(variants)} variants, {edits} edits agree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
