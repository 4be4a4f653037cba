/**
 * Process entry: a worker when the controller started this process, else the command line.
 *
 * @module
 */

import { WORKER_VERB } from "#node/self-exec.ts";

// Each process loads only its own half of the program; loading takes most of the start.
if (process.argv[2] === WORKER_VERB) {
  const { runWorkerProcess } = await import("#worker/worker-process-main.ts");
  runWorkerProcess();
} else {
  const { runCommandLine } = await import("#cli/run.ts");
  process.exit(await runCommandLine(process.argv.slice(2)));
}
