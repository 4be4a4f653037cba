/**
 * `npm run check`: format, lint, types, direction of imports, dead code, doc comments, the
 * configuration reference and the WebAssembly module, in that order. Every step runs, so that one call reports every fault.
 *
 * @module
 */

const bun = process.execPath;
const steps: [string, string[]][] = [
  ["format and lint", ["node_modules/.bin/biome", "ci", "--error-on-warnings", "--colors=off"]],
  ["types", ["node", "node_modules/typescript-go/bin/tsc", "-p", "."]],
  ["direction of imports", [bun, "scripts/check-architecture.ts"]],
  ["dead code", ["node", "node_modules/.bin/knip"]],
  ["doc comments", [bun, "scripts/check-docs.ts"]],
  ["configuration reference", [bun, "scripts/config-reference.ts", "--check"]],
  ["WebAssembly", [bun, "scripts/build-wasm.ts", "--check"]],
];

let failed = 0;
for (const [name, command] of steps) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command);
  console.log(`${exitCode === 0 ? "ok    " : "FAILED"}  ${name}`);
  if (exitCode !== 0) {
    failed += 1;
    console.log(stdout.toString() + stderr.toString());
  }
}
process.exit(failed === 0 ? 0 : 1);
