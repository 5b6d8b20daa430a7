"""Holds configs/schemas/scenario.schema.json against the strict reader.

The variants are those of scenario_test.cpp, which feeds them to the reader. The schema may be more lenient where a
variant says so (it cannot compare values), never stricter. usage: check_schema.py SOURCE_FOLDER
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from schema import errors_of, validator_of, wrong_variant  # noqa: E402


def main(source):
    root = pathlib.Path(source)
    validator = validator_of(root / "configs/schemas/scenario.schema.json")
    files = sorted((root / "configs/serving").glob("*.json"))
    failures = [e for f in files for e in errors_of(validator, f, json.loads(f.read_text()))]
    here = root / "tests/unit/serving"
    base = json.loads((here / "scenario_base.json").read_text())
    variants = json.loads((here / "scenario_variants.json").read_text())
    for variant in variants:
        failures += wrong_variant(validator, base, variant, variant.get("schema", variant["ok"]))
    if len(files) < 5 or len(variants) < 40:
        failures.append("nothing was checked")
    print("\n".join(failures) if failures else f"{len(files)} scenarios and {len(variants)} variants agree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
