/**
 * The kinds of worker: how each type of node.json is started and named in the log.
 *
 * @module
 */

import type { TracesConfig } from "#config/node/node-config.ts";
import type { NativeWorkerConfig } from "#config/node/worker-config.ts";
import type { RunningWorker, WorkerContext } from "./running-worker.ts";

type StartWorker<Config> = (
  config: Config,
  context: WorkerContext,
) => Promise<RunningWorker<Config>>;

/** One kind of worker. */
interface WorkerKind<Config> {
  /** Kind of process in log lines. */
  system: string;
  /** Loads the program of this kind; a process loads no other. */
  load(): Promise<StartWorker<Config>>;
}

/** The kinds of worker by the `type` of their configuration. */
const WORKER_KINDS: {
  [Type in NativeWorkerConfig["type"]]: WorkerKind<Extract<NativeWorkerConfig, { type: Type }>>;
} = {
  proxy: {
    system: "Proxy",
    load: async () => (await import("./proxy-worker.ts")).startProxyWorker,
  },
  router: {
    system: "Router",
    load: async () => (await import("./router-worker.ts")).startRouterWorker,
  },
  "websocket-testee": {
    system: "Testee",
    load: async () => (await import("./testee-worker.ts")).startTesteeWorker,
  },
};

/** The kind of process in the log lines of a worker. */
export function systemOf({ type }: NativeWorkerConfig): string {
  return WORKER_KINDS[type].system;
}

/** Loads and starts a worker; resolves once every transport listens. `traces`: where those of its joins are sent. */
export async function startWorker(
  config: NativeWorkerConfig,
  context: WorkerContext,
  traces?: TracesConfig,
): Promise<RunningWorker<NativeWorkerConfig>> {
  // The type checker does not see that the table pairs each configuration with its starter.
  const start = (await WORKER_KINDS[config.type].load()) as StartWorker<NativeWorkerConfig>;
  if (traces === undefined) return start(config, context);
  // Loaded here, because most nodes have no use for it.
  const { OtlpTracer } = await import("#observe/otlp-tracer.ts");
  const tracer = new OtlpTracer(traces, context.nodeInfo, context.log);
  const worker = await start(config, { ...context, tracer });
  return {
    ...worker,
    async shutdown(drainMs) {
      await worker.shutdown(drainMs);
      await tracer.close();
    },
  };
}
