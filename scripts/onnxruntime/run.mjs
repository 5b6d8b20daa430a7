// Runs an ONNX file with onnxruntime. usage: node run.mjs MANIFEST.json
// The manifest: {"model": path, "inputs": [{"name", "shape", "file"}], "outputs": [{"name", "file"}]}; files hold raw
// little-endian fp32. Prints the outputs' shapes as JSON. onnxruntime-node is looked up from the current folder, where
// npm has installed it.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

const require = createRequire(resolve(process.cwd(), "package.json"));
const ort = require("onnxruntime-node");

const manifest = JSON.parse(readFileSync(process.argv[2], "utf8"));
const feeds = {};
for (const { name, shape, file } of manifest.inputs) {
  const bytes = readFileSync(file);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  feeds[name] = new ort.Tensor("float32", values, shape);
}
const session = await ort.InferenceSession.create(manifest.model, {
  graphOptimizationLevel: "basic",
  logSeverityLevel: 3,
});
const results = await session.run(feeds);
const shapes = {};
for (const { name, file } of manifest.outputs) {
  const { data, dims } = results[name];
  writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  shapes[name] = dims;
}
console.log(JSON.stringify(shapes));
