/**
 * `npm test`: builds the binary, puts the Python peers into `.venv`, and runs every test.
 *
 * Without Python 3.11 or newer the tests against Python programs are left out, and one line says
 * so; in CI that is a failure.
 *
 * @module
 */

import { existsSync } from "node:fs";

const VENV = ".venv";
const REQUIREMENTS = "test/python/requirements.txt";

run([process.execPath, "scripts/build-binary.ts"]);
if (!makeVenv()) {
  console.log("LEFT OUT: the tests against Python programs, as there is no Python 3.11 or newer");
  if (process.env["CI"]) process.exit(1);
}
// Peers in Python need seconds to start on a busy machine; bunfig.toml cannot say how long a test may take.
const timeout = "--timeout=20000";
const tests = Bun.spawnSync([process.execPath, "test", timeout, ...process.argv.slice(2)], {
  stdio: ["ignore", "inherit", "inherit"],
});
process.exit(tests.exitCode);

function makeVenv(): boolean {
  const stamp = `${VENV}/.ready`;
  if (existsSync(stamp)) return true;
  const python = ["python3.13", "python3.12", "python3.11", "python3"].find(isNewEnough);
  if (python === undefined) return false;
  console.log(`making ${VENV} with the Python peers (once, about a minute)`);
  run([python, "-m", "venv", "--clear", VENV]);
  run([`${VENV}/bin/pip`, "install", "--quiet", "--requirement", REQUIREMENTS]);
  run(["touch", stamp]);
  return true;
}

function isNewEnough(python: string): boolean {
  const path = Bun.which(python);
  if (path === null) return false;
  const code = "import sys, venv; sys.exit(sys.version_info < (3, 11))";
  return Bun.spawnSync([path, "-c", code]).exitCode === 0;
}

function run(command: string[]): void {
  const { exitCode } = Bun.spawnSync(command, { stdio: ["ignore", "inherit", "inherit"] });
  if (exitCode !== 0) process.exit(exitCode ?? 1);
}
