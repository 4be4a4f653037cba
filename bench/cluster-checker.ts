/**
 * `bun bench/cluster-checker.ts --minutes 60`: random clients of a cluster, whose workers and server are killed, in runs of
 * half a minute, each with another seed; ends with 1 at the first run in which a promise was broken.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { checkedCluster } from "../test/support/checked-cluster.ts";
import { removeTemporaryFolders } from "../test/support/temporary-folder.ts";

const RUN_MS = 30_000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
  },
});
const deadline = performance.now() + Number(values.minutes) * 60_000;
let failed = false;
for (let seed = Number(values.seed); performance.now() < deadline && !failed; seed++) {
  const { history, violations } = await checkedCluster(RUN_MS, seed);
  const { events, calls, disturbances } = history;
  console.log(
    `seed ${seed}: ${events.length} events, ${calls.size} calls, ${disturbances.length} faults, ${violations.length} violations`,
  );
  for (const violation of violations) console.log(`  ${violation}`);
  failed = violations.length > 0;
}
removeTemporaryFolders();
process.exit(failed ? 1 : 0);
