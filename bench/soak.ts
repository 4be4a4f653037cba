/**
 * `npm run soak [-- --minutes 60]`: a node under clients that come and go, bursts, readers that stall, long messages, pages,
 * reloads, and a router that is killed again and again; after it the node has to hold what it held before.
 *
 * The first minute warms the node up. It then rests, and what it holds is what the end is compared with: a leak grows with
 * the minutes, while code that is compiled once and pools that are filled do not. Exit code 1: something is beyond its
 * bound.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { removeTemporaryFolders } from "../test/support/temporary-folder.ts";
import { SoakLoad } from "./soak-load.ts";
import { KILLED, type Reading, SoakNode } from "./soak-node.ts";

const WARM_UP_MS = 60_000;

/** Until sessions without a client have ended, and memory has been given back. */
const REST_MS = 45_000;

/** What a process may hold at the end, compared with the beginning; an allocator does not give everything back. */
const MEMORY_FACTOR = 1.25;
const MEMORY_MIB = 16;

/** One line of the table. */
interface Line {
  what: string;
  before: string;
  after: string;
  bound: string;
  isWithin: boolean;
}

const { values } = parseArgs({ options: { minutes: { type: "string", default: "3" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  console.error(`Cannot soak for "${values.minutes}" minutes: expected a positive number`);
  process.exit(2);
}

const node = await SoakNode.start();
await loadFor(WARM_UP_MS);
const before = await node.read();
const rounds = await loadFor(minutes * 60_000);
const after = await node.read();
const faults = node.faults();
const exitCode = await node.stop();
removeTemporaryFolders();

const lines = [
  ...processLines(before, after),
  ...(["connections", "sessions", "waitingOctets"] as const).map((name) =>
    exactly(name === "waitingOctets" ? "octets that wait" : name, after[name], 0, before[name]),
  ),
  exactly("faults of the program in the log", faults),
  exactly(
    "rounds that hung",
    [...rounds.values()].reduce((sum, { hung }) => sum + hung, 0),
  ),
  exactly("exit code", exitCode),
];
console.log(`| ${minutes} minutes | rounds | of them failed |\n|---|---:|---:|`);
for (const [kind, { done, failed }] of rounds)
  console.log(`| ${kind} | ${done + failed} | ${failed} |`);
console.log("\n| | before | after | bound | |\n|---|---:|---:|---:|---|");
for (const { what, isWithin, ...cells } of lines) {
  console.log(
    `| ${what} | ${cells.before} | ${cells.after} | ${cells.bound} | ${isWithin ? "ok" : "BEYOND"} |`,
  );
}
process.exit(lines.every(({ isWithin }) => isWithin) ? 0 : 1);

/** Loads the node, and lets it rest. */
async function loadFor(milliseconds: number) {
  const load = new SoakLoad(node);
  await Bun.sleep(milliseconds);
  await load.stop();
  await Bun.sleep(REST_MS);
  return load.rounds;
}

function processLines(first: Reading, last: Reading): Line[] {
  return [...first.processes].flatMap(([title, held]) => {
    const { residentMiB = Number.NaN, descriptors = Number.NaN } = last.processes.get(title) ?? {};
    const bound = held.residentMiB * MEMORY_FACTOR + MEMORY_MIB;
    const memory: Line = {
      what: `${title}: memory (RSS), MiB`,
      before: held.residentMiB.toFixed(1),
      after: residentMiB.toFixed(1),
      bound: bound.toFixed(1),
      isWithin: residentMiB <= bound,
    };
    const open: Line = {
      what: `${title}: descriptors`,
      before: `${held.descriptors}`,
      after: `${descriptors}`,
      bound: `${held.descriptors}`,
      isWithin: descriptors <= held.descriptors,
    };
    // The memory of a process that was started a moment ago says nothing.
    return title === KILLED ? [open] : [memory, open];
  });
}

/** A number that has to be this one at the end. */
function exactly(what: string, found: number, expected = 0, first?: number): Line {
  const isWithin = found === expected;
  return { what, before: `${first ?? ""}`, after: `${found}`, bound: `${expected}`, isWithin };
}
