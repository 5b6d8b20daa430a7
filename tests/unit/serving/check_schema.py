"""Holds configs/schemas/scenario.schema.json against the strict reader.

The variants are those of scenario_test.cpp, which feeds them to the reader. The schema may be more lenient where a
variant says so (it cannot compare values), never stricter. usage: check_schema.py SOURCE_FOLDER
"""
import copy
import json
import pathlib
import sys

import jsonschema


def edit(document, pointer, value):
    *steps, last = pointer.split("/")[1:]
    for step in steps:
        document = document[step]
    if value is None:
        del document[last]
    else:
        document[last] = value


def main(source):
    root = pathlib.Path(source)
    schema = json.loads((root / "configs/schemas/scenario.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    files = sorted((root / "configs/serving").glob("*.json"))
    failures = [f"{f}: {e.json_path}: {e.message}" for f in files for e in validator.iter_errors(json.loads(f.read_text()))]
    here = root / "tests/unit/serving"
    base = json.loads((here / "scenario_base.json").read_text())
    variants = json.loads((here / "scenario_variants.json").read_text())
    for variant in variants:
        document = copy.deepcopy(base)
        for pointer, value in variant["set"].items():
            edit(document, pointer, value)
        expected = variant.get("schema", variant["ok"])
        if validator.is_valid(document) != expected:
            failures.append(f"{variant['name']}: the schema says {validator.is_valid(document)}")
    if len(files) < 5 or len(variants) < 40:
        failures.append("nothing was checked")
    print("\n".join(failures) if failures else f"{len(files)} scenarios and {len(variants)} variants agree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
