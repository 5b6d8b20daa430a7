"""A JSON schema held against variants of a document."""
import copy
import json

import jsonschema


def validator_of(path):
    schema = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def edit(document, pointer, value):
    """Sets a member, or removes it where `value` is None."""
    *steps, last = pointer.split("/")[1:]
    for step in steps:
        document = document[step]
    if value is None:
        del document[last]
    else:
        document[last] = value


def edited(document, edits):
    """A copy with all of `edits` (pointer to value)."""
    document = copy.deepcopy(document)
    for pointer, value in edits.items():
        edit(document, pointer, value)
    return document


def errors_of(validator, name, document):
    return [f"{name}: {e.json_path}: {e.message}" for e in validator.iter_errors(document)]


def wrong_variant(validator, base, variant, expected):
    """What is to be said of a variant ("name", "set") that the schema takes for something else than `expected`."""
    valid = validator.is_valid(edited(base, variant["set"]))
    return [] if valid == expected else [f"{variant['name']}: the schema says {valid}"]
