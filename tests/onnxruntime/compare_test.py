#!/usr/bin/python3
"""Whole networks with random weights on the simulated chip and by onnxruntime, on the same ONNX file.

usage: compare_test.py INFSIM SOURCE_FOLDER NETWORK [BATCH]

NETWORK is a JSON network or the name of one of light_networks.py or modern_networks.py. The error is the largest difference of any output
element relative to the largest output element, and must stay within what README.md claims. Exit status 77, a skip,
where there is no npm or it cannot reach its registry; whatever else goes wrong is a failure. $ONNXRUNTIME_NODE names
a folder in which onnxruntime-node is installed already.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import numpy

import modern_networks
import random_model

# Of logits. bf16 has three bits less than fp16.
LIMITS = {"fp32": 2e-6, "fp16": 1e-3, "bf16": 8e-3}
# fp32 takes twice the room of fp16, for which the chip is made.
SETTINGS = {"fp32": ["--set", "chip.state_buffer.partition_bytes=192KiB"], "fp16": [], "bf16": []}
SKIPPED = 77
# What npm reports when nobody answers: errors of the network, and of a gateway that stands for the registry.
UNREACHABLE = re.compile(r"npm (?:ERR!|error) code (ENOTFOUND|EAI_AGAIN|ECONN\w+|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|"
                         r"ERR_SOCKET_TIMEOUT|ENOTCACHED|E50[234])\b")


def skip(reason):
    print(f"SKIPPED: no second opinion on whole networks: {reason}")
    sys.exit(SKIPPED)


def install(source, folder):
    """A folder with onnxruntime-node in its node_modules."""
    if os.environ.get("ONNXRUNTIME_NODE"):
        return pathlib.Path(os.environ["ONNXRUNTIME_NODE"])
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            skip(f"{tool} is not installed")
    shutil.copy(source / "scripts/onnxruntime/package.json", folder)
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock",
               "--fetch-retries", "1"]
    try:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240)
    except subprocess.TimeoutExpired:
        skip("npm install did not end within four minutes")
    if result.returncode != 0:
        unreachable = UNREACHABLE.search(result.stderr)
        if unreachable:
            skip(f"npm cannot reach its registry ({unreachable[1]})")
        sys.exit("npm install onnxruntime-node failed, and not because nobody answered:\n" + result.stderr)
    if not (folder / "node_modules/onnxruntime-node/package.json").is_file():
        sys.exit("npm says that it has installed onnxruntime-node, and it is not there")
    return folder


def by_onnxruntime(source, node_folder, folder, model, data, outputs):
    manifest = {"model": str(model), "inputs": [], "outputs": []}
    for i, (name, array) in enumerate(data.items()):
        file = folder / f"in{i}.raw"
        array.astype("<f4").tofile(file)
        manifest["inputs"].append({"name": name, "shape": list(array.shape), "file": str(file)})
    for i, (name, _) in enumerate(outputs):
        manifest["outputs"].append({"name": name, "file": str(folder / f"out{i}.raw")})
    (folder / "manifest.json").write_text(json.dumps(manifest))
    result = subprocess.run(["node", source / "scripts/onnxruntime/run.mjs", folder / "manifest.json"], cwd=node_folder,
                            check=True, stdout=subprocess.PIPE, text=True)
    shapes = json.loads(result.stdout)
    return {o["name"]: numpy.fromfile(o["file"], "<f4").reshape(shapes[o["name"]]) for o in manifest["outputs"]}


def by_infsim(infsim, folder, model, dtype, batch):
    out = folder / f"{dtype}.npz"
    result = subprocess.run([infsim, "run", model, "--batch", str(batch), "--dtype", dtype, "--io-dtype", "fp32",
                             "--data", folder / "in.npz", "--out", out, "--cores", "1", *SETTINGS[dtype]],
                            capture_output=True, text=True)
    if result.returncode != 0:
        return None, result.stderr
    return dict(numpy.load(out)), ""


def largest_error(got, right):
    if got.shape != right.shape:
        raise AssertionError(f"shape {got.shape} instead of {right.shape}")
    return float(numpy.max(numpy.abs(got.astype("f8") - right)) / numpy.max(numpy.abs(right)))


def compare(infsim, source, network, batch, folder):
    node_folder = install(source, folder)
    if network.endswith(".json"):
        content, inputs, outputs, logits = random_model.from_json(pathlib.Path(network), 1, batch)
    elif network in modern_networks.NETWORKS:
        (content, inputs, outputs), logits = modern_networks.write(network, 1, batch), {}
    else:
        content, inputs, outputs, logits = random_model.from_light(network, 1)
    name = pathlib.Path(network).stem
    model = folder / (name + ".onnx")
    model.write_bytes(content)
    random = numpy.random.default_rng(2)
    data = {name: random.normal(0, 1, shape).astype("<f4") for name, shape in inputs}
    numpy.savez(folder / "in.npz", **data)
    right = by_onnxruntime(source, node_folder, folder, model, data, outputs)
    # Outputs that repeat one value, or only a saturated softmax, would agree by accident.
    spread = max(float(numpy.std(array)) / float(numpy.abs(array).max()) for array in right.values())
    failed = spread < 0.1
    if failed:
        print(f"{name}: onnxruntime's outputs hardly vary ({spread:.2f}): nothing to compare")
    for dtype, limit in LIMITS.items():
        start = time.monotonic()
        got, why = by_infsim(infsim, folder, model, dtype, batch)
        seconds = time.monotonic() - start
        if got is None:
            print(f"{name} batch {batch} {dtype}: infsim failed: {why}")
            failed = True
            continue
        for output, array in right.items():
            error, allowed = largest_error(got[output], array), limit
            if dtype != "fp32":
                allowed *= modern_networks.ROUNDED.get(network, 1)
            if output in logits:   # the relative error of a probability: the absolute ones of two logits, exponential and sum
                allowed *= 2 + 2 * float(numpy.max(numpy.abs(right[logits[output]])))
            good = error <= allowed
            failed = failed or not good
            print(f"{name} batch {batch} {dtype}: {output} {list(array.shape)}: relative error {error:.2e} "
                  f"(limit {allowed:.1e}), {seconds:.0f} s{'' if good else ': WRONG'}", flush=True)
    return 1 if failed else 0


def main():
    infsim, source = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
    network = sys.argv[3]
    batch = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    with tempfile.TemporaryDirectory(prefix="infsim-ort-") as folder:
        return compare(infsim, source, network, batch, pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())
