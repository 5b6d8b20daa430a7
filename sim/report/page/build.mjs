// Makes the page of `infsim report`: installs what package-lock.json pins, bundles main.js with it, and puts scripts, style
// and licences into one HTML file.
//
// usage: node build.mjs SOURCE_FOLDER BUILD_FOLDER
//
// Writes BUILD_FOLDER/page.html. Where npm does not get its packages, it says so, writes nothing and exits 0: the rest of
// infsim does not need them, and the next build tries again.
import {spawnSync} from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import {pathToFileURL} from "node:url";

const [source, build] = process.argv.slice(2).map((folder) => path.resolve(folder));
const modules = path.join(build, "node_modules");
const page = path.join(build, "page.html");

const read = (...parts) => fs.readFileSync(path.join(...parts), "utf8");

/** Whether the packages are there; npm runs only when the lock changed since it last did. */
function install() {
  fs.mkdirSync(build, {recursive: true});
  const stamp = path.join(build, "installed.json");
  const lock = read(source, "package-lock.json");
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === lock && fs.existsSync(modules)) return true;
  for (const file of ["package.json", "package-lock.json"])
    fs.copyFileSync(path.join(source, file), path.join(build, file));
  const result = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries", "1"],
                           {cwd: build, encoding: "utf8", timeout: 240000});
  if (result.status !== 0) {
    const code = /code (\w+)/.exec(result.stderr ?? "")?.[1] ?? result.error?.code ?? "no reason given";
    console.error(`infsim report will not work: npm did not get the packages of its page (${code}); the next build ` +
                  `tries again`);
    return false;
  }
  fs.writeFileSync(stamp, lock);
  return true;
}

/** Names, versions and licence texts of the packages of which something is in the bundle. */
function licences(inputs) {
  const names = new Set();
  for (const file of Object.keys(inputs)) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file);
    if (match) names.add(match[1]);
  }
  const texts = new Map();
  for (const name of [...names].sort()) {
    const about = JSON.parse(read(modules, name, "package.json"));
    const file = fs.readdirSync(path.join(modules, name)).find((f) => /^licen[sc]e/i.test(f));
    if (!file) throw new Error(`${name} has no licence file`);
    const text = read(modules, name, file).trim();
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${about.version} (${about.license})`]);
  }
  return [...texts].map(([text, list]) => list.join("\n") + "\n\n" + text).join("\n\n\n");
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

async function bundle() {
  const esbuild = await import(pathToFileURL(path.join(modules, "esbuild/lib/main.js")));
  const result = await esbuild.build({
    entryPoints: [path.join(source, "main.js")], bundle: true, minify: true, write: false, format: "iife",
    target: "es2020", charset: "utf8", legalComments: "none", nodePaths: [modules], metafile: true,
    absWorkingDir: build, logLevel: "warning",
  });
  return {script: result.outputFiles[0].text, licences: licences(result.metafile.inputs)};
}

if (install()) {
  const made = await bundle();
  const parts = {style: `<style>${read(source, "style.css")}</style>`, script: `<script>${made.script}</script>`,
                 licences: escaped(made.licences)};
  const html = read(source, "index.html").replace(/<!-- (style|script|licences) -->/g, (_, part) => parts[part]);
  fs.writeFileSync(page + ".tmp", html);
  fs.renameSync(page + ".tmp", page);
} else {
  fs.rmSync(page, {force: true});
}
