/**
 * `npm run mutate`: changes the source in many small ways with StrykerJS, and lists the mutants that survive
 * the tests.
 *
 *     npm run mutate -- src/auth                   every file of a folder
 *     npm run mutate -- src/auth/ticket.ts         one file
 *     npm run mutate -- src/auth/ticket.ts --all   also the mutants that were killed before
 *
 *     npm run mutate -- src/auth/ticket.ts --tests test/unit/auth --tests test/proxy/joining.test.ts
 *
 * Without `--tests`, the tests are those that import the file. The results are kept in `.mutation`: the next
 * run tries new mutants, and again those that survived or timed out. Mutants that no caller can tell from the
 * source survive every time.
 *
 * @module
 */

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { ImportGraph } from "./import-graph.ts";

const STRYKER = "node_modules/@stryker-mutator/core/bin/stryker.js";
const FOLDER = ".mutation";

/** Tests that need neither the built binary nor Python. */
const TESTS = "test/{unit,property,proxy,transport}/**/*.test.ts";

/** The part of Stryker's results that is read here. */
interface Results {
  files: Record<string, { mutants: { status: string }[] }>;
}

const resultsOf = (file: string) => `${FOLDER}/${file.replaceAll("/", "-")}.json`;
const settingsOf = (file: string) => resultsOf(file).replace(/json$/, "settings.json");

const { values, positionals } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    tests: { type: "string", multiple: true, default: [] },
  },
  allowPositionals: true,
});
const files = positionals.flatMap((path) => filesOf(path.replace(/[/]+$/, "")));
if (files.length === 0) {
  console.error("Cannot mutate: no file of src/ was named");
  process.exit(2);
}
mkdirSync(FOLDER, { recursive: true });
const imports = new ImportGraph("{src,test}/**/*.ts");
const testFiles = [...new Bun.Glob(TESTS).scanSync()].sort();
const failed = files.filter((file) => !mutate(file));
printTotals();
process.exit(failed.length === 0 ? 0 : 1);

function filesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return [...new Bun.Glob("**/*.ts").scanSync(path)].sort().map((name) => `${path}/${name}`);
}

/** Runs Stryker on one file; false when it could not. */
function mutate(file: string): boolean {
  const tests = testsFor(file);
  console.log(`\n${file}: ${tests.length} test files`);
  if (tests.length === 0) return true;
  forgetSurvivors(file);
  writeFileSync(settingsOf(file), JSON.stringify(settingsFor(file, tests)));
  const command = ["nice", "node", STRYKER, "run", settingsOf(file)];
  return Bun.spawnSync(command, { stdio: ["ignore", "inherit", "inherit"] }).exitCode === 0;
}

/**
 * The tests of the file's name, then those that import it. If there are none, those that reach it over the
 * fewest imports: more tests would kill few mutants more, and take many times as long.
 */
function testsFor(file: string): string[] {
  if (values.tests.length > 0) return values.tests.flatMap((path) => filesOf(path));
  const own = basename(file).replace(/[.]ts$/, ".test.ts");
  const distances = imports.distancesTo(file);
  const distanceOf = (test: string) =>
    basename(test) === own ? 0 : (distances.get(test) ?? Number.POSITIVE_INFINITY);
  const nearest = Math.min(...testFiles.map(distanceOf));
  return testFiles
    .filter((test) => distanceOf(test) <= Math.max(nearest, 1) && Number.isFinite(distanceOf(test)))
    .sort((one, other) => distanceOf(one) - distanceOf(other));
}

/**
 * Stryker cannot tell that tests were added, and would keep the mutants that survived. A mutant that timed
 * out may have had a busy machine.
 */
function forgetSurvivors(file: string): void {
  const results = readResults(file);
  const known = results?.files[file];
  if (known === undefined) return;
  known.mutants = known.mutants.filter(({ status }) => status === "Killed");
  writeFileSync(resultsOf(file), JSON.stringify(results));
}

function settingsFor(file: string, tests: readonly string[]) {
  const test = [
    process.execPath,
    "test",
    "--bail",
    "--timeout=3000",
    ...tests.map((path) => `./${path}`),
  ];
  return {
    mutate: [file],
    commandRunner: { command: test.map((word) => JSON.stringify(word)).join(" ") },
    concurrency: 2,
    // Long enough for a busy machine: a mutant that times out makes a loop without end.
    timeoutMS: 20_000,
    timeoutFactor: 2,
    incremental: true,
    incrementalFile: resultsOf(file),
    force: values.all,
    disableTypeChecks: false,
    ignorePatterns: ["/.venv", "/dist", "/.conformance", `/${FOLDER}`],
    // Outside the working tree, where Biome would find a second configuration.
    tempDirName: join(tmpdir(), "crossproxy-mutants"),
    symlinkNodeModules: false,
    // Stryker splits this command at spaces, without a shell.
    buildCommand: `ln -s ${process.cwd().replaceAll(" ", "\\ ")}/node_modules node_modules`,
    reporters: ["clear-text"],
    clearTextReporter: {
      allowColor: false,
      logTests: false,
      reportTests: false,
      reportScoreTable: false,
    },
    logLevel: "warn",
  };
}

function printTotals(): void {
  console.log("\n| file | mutants | killed | timed out | survived |\n|---|---:|---:|---:|---:|");
  const rows = files.map((file) => countsOf(readResults(file)?.files[file]?.mutants ?? []));
  for (const [at, row] of rows.entries()) console.log(`| ${[files[at], ...row].join(" | ")} |`);
  const sum = rows.reduce((one, other) => one.map((count, column) => count + (other[column] ?? 0)));
  console.log(`| together | ${sum.join(" | ")} |`);
}

function countsOf(mutants: readonly { status: string }[]): number[] {
  const count = (...of: string[]) => mutants.filter(({ status }) => of.includes(status)).length;
  return [mutants.length, count("Killed"), count("Timeout"), count("Survived", "NoCoverage")];
}

function readResults(file: string): Results | undefined {
  const path = resultsOf(file);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}
