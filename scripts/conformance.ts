/**
 * `npm run conformance`: runs the Autobahn test suite against a testee of the built binary.
 *
 *     npm run conformance                       every case; about a quarter of an hour
 *     npm run conformance -- 1.* 2.* 12.1.*     some of them
 *     npm run conformance -- --record           also writes the outcome to record.json
 *
 * Needs Python 2.7 with pip: the suite runs on no newer version, although its release notes claim it. The
 * exit code is 1 when a case is worse than in test/conformance/record.json.
 *
 * @module
 */

import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const PYTHON = "python2.7";
const PACKAGES = ".conformance";
const REQUIREMENTS = "test/conformance/requirements.txt";
const RECORD = "test/conformance/record.json";
const AGENT = "crossproxy";

/** The suite's results of a case, the best first. */
const behaviors = ["OK", "INFORMATIONAL", "NON-STRICT", "UNIMPLEMENTED", "FAILED"] as const;
type Behavior = (typeof behaviors)[number];

/** The number of cases that were run, and those that are not OK. */
interface Outcome {
  cases: number;
  notOk: Record<string, Behavior>;
}

const { values, positionals } = parseArgs({
  options: { record: { type: "boolean" } },
  allowPositionals: true,
});
if (values.record && positionals.length > 0) {
  console.error("Cannot record: only some of the cases are to be run");
  process.exit(2);
}
installSuite();
const folder = mkdtempSync(join(tmpdir(), "crossproxy-conformance-"));
const node = await startTestee(folder);
try {
  const outcome = await runCases(folder, positionals.length === 0 ? ["*"] : positionals);
  const recorded: Outcome = await Bun.file(RECORD).json();
  if (values.record) await Bun.write(RECORD, `${JSON.stringify(outcome, null, 2)}\n`);
  process.exitCode = report(outcome, recorded, positionals.length > 0) ? 0 : 1;
} finally {
  node.child.kill();
  await node.child.exited;
  rmSync(folder, { recursive: true });
}

/** Installs the suite into a folder of its own, once. */
function installSuite(): void {
  if (Bun.which(PYTHON) === null || Bun.spawnSync([PYTHON, "--version"]).exitCode !== 0) {
    console.error(`Cannot run the conformance suite: there is no ${PYTHON}`);
    process.exit(1);
  }
  if (existsSync(`${PACKAGES}/.ready`)) return;
  console.log(`putting the conformance suite into ${PACKAGES} (once, about a minute)`);
  const pip = `-W ignore -m pip install --quiet --upgrade --target ${PACKAGES}`.split(" ");
  run([PYTHON, ...pip, "--requirement", REQUIREMENTS]);
  run(["touch", `${PACKAGES}/.ready`]);
}

function run(command: string[]): void {
  const { exitCode } = Bun.spawnSync(command, { stdio: ["ignore", "inherit", "inherit"] });
  if (exitCode !== 0) throw new Error(`Cannot go on: ${command[0]} ended with ${exitCode}`);
}

/** Starts a node with one testee, which accepts the compression that its clients offer. */
async function startTestee(cwd: string) {
  const port = freePort();
  const transport = {
    type: "websocket.testee",
    endpoint: { type: "tcp", interface: "127.0.0.1", port },
    options: { compression: { deflate: {} } },
  };
  const config = { version: 2, workers: [{ type: "websocket-testee", transport }] };
  await Bun.write(join(cwd, "node.json"), JSON.stringify(config));
  const child = Bun.spawn([join(process.cwd(), "dist/crossproxy"), "node.json"], {
    cwd,
    stdio: ["ignore", "pipe", "inherit"],
  });
  // The first line of output says that the worker has started; by then it listens.
  await child.stdout.getReader().read();
  return { port, child };
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  listener.stop(true);
  return listener.port;
}

async function runCases(cwd: string, cases: string[]): Promise<Outcome> {
  const reports = join(process.cwd(), "dist/conformance");
  mkdirSync(reports, { recursive: true });
  const spec = {
    outdir: reports,
    servers: [{ agent: AGENT, url: `ws://127.0.0.1:${node.port}` }],
    cases,
    "exclude-cases": [],
    "exclude-agent-cases": {},
  };
  const specFile = join(cwd, "spec.json");
  await Bun.write(specFile, JSON.stringify(spec));
  const packages = join(process.cwd(), PACKAGES);
  const program = `
import site, sys
site.addsitedir(${JSON.stringify(packages)})
sys.argv = ["wstest", "-m", "fuzzingclient", "-s", ${JSON.stringify(specFile)}]
from autobahntestsuite.wstest import run
run()`;
  run([PYTHON, "-W", "ignore", "-c", program]);
  const index = await Bun.file(join(reports, "index.json")).json();
  return outcomeOf(index[AGENT]);
}

/** The worse of the suite's results for a case and for its close. */
function outcomeOf(results: Record<string, { behavior: string; behaviorClose: string }>): Outcome {
  const notOk: Outcome["notOk"] = {};
  for (const [name, { behavior, behaviorClose }] of Object.entries(results)) {
    const worst = Math.max(rank(behavior), rank(behaviorClose));
    if (worst > 0) notOk[name] = behaviors[worst] ?? "FAILED";
  }
  return { cases: Object.keys(results).length, notOk };
}

/** Index in the list of behaviors; UNCLEAN, WRONG CODE and all others count as failures. */
function rank(behavior: string): number {
  const place = behaviors.indexOf(behavior as Behavior);
  return place < 0 ? behaviors.length - 1 : place;
}

/** Prints a summary; false: some result is worse than recorded. */
function report({ cases, notOk }: Outcome, recorded: Outcome, isPart: boolean): boolean {
  console.log(`${cases} cases: ${cases - Object.keys(notOk).length} OK`);
  for (const behavior of behaviors.slice(1)) {
    const names = Object.keys(notOk).filter((name) => notOk[name] === behavior);
    if (names.length > 0) console.log(`  ${names.length} ${behavior}: ${names.join(", ")}`);
  }
  const worse = Object.entries(notOk).filter(
    ([name, behavior]) => rank(behavior) > rank(recorded.notOk[name] ?? "OK"),
  );
  for (const [name, behavior] of worse) {
    console.log(`worse than recorded: ${name} is ${behavior}, was ${recorded.notOk[name] ?? "OK"}`);
  }
  const isWhole = isPart || cases >= recorded.cases;
  if (!isWhole) console.log(`worse than recorded: ${cases} cases were run of ${recorded.cases}`);
  return worse.length === 0 && isWhole;
}
