/**
 * Runs dependency-cruiser, and fails when it has not seen every module: with a TypeScript version that it
 * cannot parse it reports "no violations (0 modules)" and exits with 0.
 *
 * @module
 */

const files = [...new Bun.Glob("src/**/*.ts").scanSync()].length;
const cruise = Bun.spawnSync([
  process.execPath,
  "--bun",
  "node_modules/.bin/depcruise",
  "src",
  "--output-type",
  "json",
]);
const output = cruise.stdout.toString();
if (!output.startsWith("{")) {
  console.error(cruise.stderr.toString() || output);
  process.exit(1);
}
const { summary } = JSON.parse(output);
for (const { rule, from, to } of summary.violations) {
  console.error(`${rule.name}: ${from} -> ${to}`);
}
if (summary.totalCruised < files) {
  console.error(`dependency-cruiser saw ${summary.totalCruised} of ${files} modules`);
  process.exit(1);
}
process.exit(summary.error === 0 ? 0 : 1);

export {};
