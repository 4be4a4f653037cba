/**
 * `npm test`: builds the binary, installs the Python, Go and Java peers into `.venv`, and runs every test.
 *
 * Without Python 3.11 or newer, without Go, or without Maven and Java 17, the tests against such programs are left
 * out with a message; in CI missing Python is a failure.
 *
 * @module
 */

import { existsSync } from "node:fs";

const VENV = ".venv";
const REQUIREMENTS = "test/python/requirements.txt";
const NEXUSD = "github.com/gammazero/nexus/v3/nexusd";
const NXT = "github.com/xconnio/xconn-go/cmd/nxt";
const XCONN_CLIENT = "./xconn";
const NATS_SERVER = "github.com/nats-io/nats-server/v2";

run([process.execPath, "scripts/build-binary.ts"]);
if (!makeVenv()) {
  console.log("LEFT OUT: the tests against Python programs, as there is no Python 3.11 or newer");
  if (process.env["CI"]) process.exit(1);
}
const programs = { nexusd: NEXUSD, nxt: NXT, "xconn-client": XCONN_CLIENT };
if (!Object.entries(programs).every(([name, source]) => buildGo(source, name))) {
  console.log("LEFT OUT: tests against programs in Go, which cannot be built here");
}
if (!buildGo(NATS_SERVER, "nats-server", "test/go/nats")) {
  console.log("LEFT OUT: the tests of clusters, as nats-server cannot be built here");
}
if (!installJawampa()) {
  console.log("LEFT OUT: the tests against jawampa, as Maven or Java 17 cannot bring it here");
}
// Peers in Python need seconds to start on a busy machine; bunfig.toml has no option for this timeout.
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

/** Builds a program in Go beside the Python peers; what has not changed takes a second. */
function buildGo(source: string, name: string, module = "test/go"): boolean {
  if (Bun.which("go") === null) return false;
  const build = ["go", "build", "-C", module, "-o", `${process.cwd()}/${VENV}/bin/${name}`, source];
  return Bun.spawnSync(build, { stdio: ["ignore", "inherit", "inherit"] }).exitCode === 0;
}

/** Brings a WAMP client library for Java. */
function installJawampa(): boolean {
  const folder = `${process.cwd()}/${VENV}/java`;
  const stamp = `${folder}/.ready`;
  if (existsSync(stamp)) return true;
  if (Bun.which("mvn") === null || !hasJava17()) return false;
  const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${folder}`];
  const { exitCode } = Bun.spawnSync(["mvn", "-q", "-B", "-f", "test/java/pom.xml", ...goal], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (exitCode !== 0) return false;
  run(["touch", stamp]);
  return true;
}

function hasJava17(): boolean {
  const java = Bun.which("java");
  if (java === null) return false;
  const { stdout } = Bun.spawnSync([java, "--version"]);
  return Number(/\d+/.exec(stdout.toString())?.[0] ?? 0) >= 17;
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
