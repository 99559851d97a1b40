// Bundles the page into ../dist: one script, one style sheet, and the proof of what
// they were made of. Run by `make page`.

import { createHash } from "node:crypto";
import { readFile, readdir, rm, mkdir, copyFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const source = dirname(fileURLToPath(import.meta.url));
const dist = join(source, "..", "dist");

async function hashes(folder) {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((name) => name !== "made-of.json")
    .sort();
  const pairs = files.map(async (name) => {
    const bytes = await readFile(join(folder, name));
    return [name, createHash("sha256").update(bytes).digest("hex")];
  });
  return Object.fromEntries(await Promise.all(pairs));
}

// The licences of what is bundled ask for their text to travel along.
async function licences(inputs) {
  const roots = new Set();
  for (const path of Object.keys(inputs)) {
    const found = path.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
    if (found) roots.add(found[1]);
  }
  const texts = [];
  for (const root of [...roots].sort()) {
    const about = JSON.parse(await readFile(join(source, root, "package.json"), "utf8"));
    const file = (await readdir(join(source, root))).find((name) => /^licen[cs]e/i.test(name));
    const text = file ? await readFile(join(source, root, file), "utf8") : about.license;
    texts.push(`${about.name} ${about.version} (${about.license})\n\n${text.trim()}\n`);
  }
  const lines = texts.join(`\n${"-".repeat(72)}\n\n`).replaceAll("\r\n", "\n").split("\n");
  return lines.map((line) => line.trimEnd()).join("\n");
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
const result = await build({
  absWorkingDir: source,
  entryPoints: { page: "main.jsx" },
  outdir: dist,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
for (const name of ["index.html", "favicon.svg"]) {
  await copyFile(join(source, name), join(dist, name));
}
await writeFile(join(dist, "LICENSES.txt"), await licences(result.metafile.inputs));
const made = { source: await hashes(source), dist: await hashes(dist) };
await writeFile(join(dist, "made-of.json"), `${JSON.stringify(made, null, 2)}\n`);
