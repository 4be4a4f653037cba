/**
 * Process entry: the worker when the controller runs this program again, else the command line.
 *
 * @module
 */

import { WORKER_VERB } from "#node/self-exec.ts";

// Each side loads only its own half of the program, which is most of the time to start.
if (process.argv[2] === WORKER_VERB) {
  const { runWorkerProcess } = await import("#worker/worker-process-main.ts");
  runWorkerProcess();
} else {
  const { runCommandLine } = await import("#cli/run.ts");
  process.exit(await runCommandLine(process.argv.slice(2)));
}
