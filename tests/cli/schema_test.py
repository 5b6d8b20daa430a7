#!/usr/bin/python3
"""infsim schema: every shipped file is what its schema says, what a schema refuses `infsim check` refuses in the same place, and
what commands print is what the schemas of outputs say. usage: schema_test.py INFSIM SOURCE_FOLDER"""
import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema

INFSIM, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
SHIPPED = {  # kind: files, as paths below SOURCE
    "compiler": "configs/compilers/*.json", "sweep": "sweeps/*.json", "scenario": "configs/serving/*_*.json",
    "prices": "configs/prices.json", "calibration": "configs/calibration/*.json", "network": "models/*/*.json"}
NOT_A_SCENARIO = {"aws_request_sizes.json"}
BROKEN = {  # kind: the file whose edits are held against `infsim check`
    "compiler": "configs/compilers/neuron-2021.json", "sweep": "sweeps/sb_size_rule.json", "prices": "configs/prices.json",
    "calibration": "configs/calibration/inferentia1.json", "network": "models/three_layers/three_layers.json"}


def infsim(*words, expect=0):
    result = subprocess.run([INFSIM, *map(str, words)], capture_output=True, text=True, timeout=250)
    if expect is not None and result.returncode != expect:
        raise AssertionError(f"infsim {words}: {result.returncode}\n{result.stdout}\n{result.stderr}")
    return result


def validator(kind):
    schema = json.loads(infsim("schema", kind).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def files_of(kind):
    return [path for path in sorted(SOURCE.glob(SHIPPED[kind])) if path.name not in NOT_A_SCENARIO]


def pointer(steps):
    return "".join(f"/{step}" for step in steps)


def places(value, steps=()):
    """Where something can be broken: every member of every object, and the first element of every array."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield (*steps, key)
            yield from places(member, (*steps, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*steps, 0))


def broken(document, steps, how):
    other = copy.deepcopy(document)
    at = other
    for step in steps[:-1]:
        at = at[step]
    if how == "missing":
        del at[steps[-1]]
    elif how == "unknown":
        at[f"{steps[-1]}_x"] = 1
    else:
        at[steps[-1]] = {"of_another": ["kind"]} if not isinstance(at[steps[-1]], dict) else 7
    return other


class Schemas(unittest.TestCase):
    def test_every_kind_is_listed_and_a_wrong_one_is_suggested(self):
        kinds = re.findall(r"^(\w+) +(?:input|output) ", infsim("schema").stdout, re.M)
        self.assertTrue(set(SHIPPED) < set(kinds))
        for kind in kinds:
            validator(kind)
        self.assertIn("did you mean 'sweep'?", infsim("schema", "swep", expect=2).stderr)

    def test_every_shipped_file_is_what_its_schema_says(self):
        for kind in SHIPPED:
            files = files_of(kind)
            self.assertTrue(files, kind)
            valid = validator(kind)
            for path in files:
                errors = [f"{e.json_path}: {e.message}" for e in valid.iter_errors(json.loads(path.read_text()))]
                self.assertEqual([], errors, path)

    def test_what_a_schema_refuses_check_refuses_in_the_same_place(self):
        for kind, name in BROKEN.items():
            path, valid = SOURCE / name, validator(kind)
            document = json.loads(path.read_text())
            wanted = {}  # file: pointer of what the schema says
            with tempfile.TemporaryDirectory() as name:
                for part in ("configs", "models"):  # what the file names
                    (pathlib.Path(name) / part).symlink_to(SOURCE / part)
                folder = pathlib.Path(name) / "broken"
                folder.mkdir()
                for steps in places(document):
                    for how in ("missing", "unknown", "kind"):
                        other = broken(document, steps, how)
                        error = jsonschema.exceptions.best_match(valid.iter_errors(other))
                        if error is None:
                            continue
                        file = folder / f"{len(wanted)}.json"
                        file.write_text(json.dumps(other))
                        wanted[str(file)] = (steps, how, pointer(error.absolute_path))
                said = infsim("check", "--fast", *wanted, expect=2).stderr
            self.assertGreater(len(wanted), 12, kind)
            for file, (steps, how, place) in wanted.items():
                where = [line.split(": ")[1] for line in said.splitlines() if line.startswith(file + ": ")]
                self.assertTrue(any(w.startswith(place) or place.startswith(w) and w != "" for w in where),
                                f"{kind}, {how} {pointer(steps)}: the schema says {place}, check {where}")

    def test_outputs_are_what_their_schemas_say(self):
        net = str(SOURCE / "models/three_layers/three_layers.json")
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)

            def run(sweep):
                (folder / "s.json").write_text(json.dumps({"question": "?", **sweep}))
                return json.loads(infsim("sweep", folder / "s.json", "--out", folder / "out", "--json").stdout)

            base = {"model": net, "cores": 1, "compiler": "layer_by_layer", "compiler.spill.spill": False}
            axis = {"key": "chip.state_buffer.partition_bytes", "values": ["1KiB", "1MiB"]}
            for measure in ("simulation", "estimate"):
                points = run({"base": base, "axes": [axis], "measure": measure})["points"]
                self.assertEqual(2, len(points))
                for point in points:
                    validator("record").validate(point["record"])
            for cell in run({"base": base, "axes": [axis], "measure": "limits", "max_batch": 2})["cells"]:
                validator("limits_row").validate(cell["record"])
            description = json.loads((folder / "out/table.columns.json").read_text())
            validator("table").validate(description)
            validator("record").validate(json.loads(next(folder.glob("out/points/*/record.json")).read_text()))
            for file in folder.glob("out/limits/*.json"):
                validator("limits").validate(json.loads(file.read_text())["limits"])
            scenario = {"server": {"model": net, "batches": [1], "outstanding": 2}, "policy": {"kind": "queue"},
                        "load": {"kind": "poisson", "rate": 3000}, "stop": {"requests": 200}}
            (folder / "c.json").write_text(json.dumps(scenario))
            served = json.loads(infsim("serve", folder / "c.json", "--out", folder / "served", "--json").stdout)
            validator("serving").validate(served["record"])
        self.assertFalse(validator("record").is_valid({"record_version": 1}))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
