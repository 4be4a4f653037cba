/**
 * Builds the executable: `bun run scripts/build-binary.ts [--target=bun-linux-x64-musl] [--outfile=FILE]`.
 *
 * @module
 */

import { mkdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dir, "..");
const { values } = parseArgs({
  options: { target: { type: "string" }, outfile: { type: "string" } },
});
const outfile = resolve(values.outfile ?? join(root, "dist", "crossproxy"));
mkdirSync(dirname(outfile), { recursive: true });

// An .env or bunfig.toml in the working directory of a node is not meant for this program.
const command = [
  process.execPath,
  "build",
  "--compile",
  "--minify-syntax",
  "--minify-whitespace",
  "--bytecode",
  "--format=esm",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  ...(values.target === undefined ? [] : [`--target=${values.target}`]),
  `--outfile=${outfile}`,
  join(root, "src", "main.ts"),
  // A thread begins with a module of its own; the first entry is the one that the executable runs.
  join(root, "src", "session", "long-message-thread.ts"),
];

const started = performance.now();
const build = Bun.spawnSync(command, { cwd: root, stdout: "ignore", stderr: "inherit" });
if (build.exitCode !== 0) {
  console.error(`Cannot build "${outfile}": bun build ended with exit code ${build.exitCode}`);
  process.exit(1);
}
const sizeMiB = (statSync(outfile).size / 2 ** 20).toFixed(1);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`${relative(process.cwd(), outfile)}: ${sizeMiB} MiB, built in ${seconds} s`);
