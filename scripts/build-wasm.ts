/**
 * `npm run wasm`: compiles wasm/ into src/wamp/transcode/transcode.wasm. With `--check` it only fails when
 * that file is not what the sources give.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TARGET = "src/wamp/transcode/transcode.wasm";

const folder = mkdtempSync(join(tmpdir(), "crossproxy-wasm-"));
const compiled = join(folder, "transcode.wasm");
const { exitCode, stderr } = Bun.spawnSync([
  ...["node", "node_modules/.bin/asc", "wasm/transcode.ts", "--outFile", compiled],
  // Nothing is allocated, and every access is checked by the sources themselves.
  ...["--runtime", "stub", "-O3", "--noAssert", "--use", "abort=", "--enable", "simd"],
]);
if (exitCode !== 0) throw new Error(`Cannot compile wasm/:\n${stderr}`);
const octets = await Bun.file(compiled).bytes();
rmSync(folder, { recursive: true });
if (!process.argv.includes("--check")) {
  await Bun.write(TARGET, octets);
} else if (!Bun.deepEquals(octets, await Bun.file(TARGET).bytes())) {
  throw new Error(`Cannot use ${TARGET}: it is not compiled from wasm/; run npm run wasm`);
}
