/**
 * `bun bench/python-components.ts [rounds]`
 *
 * Starts the built node with a component on Twisted and one on asyncio, and compares both processes of
 * components, once they are ready, with interpreters that have only imported what such a component needs. It
 * compares processor time, on which other load of the machine has little influence, and memory of their own
 * (RssAnon).
 *
 * @module
 */

import { resolve } from "node:path";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { startNode } from "../test/support/temporary-node.ts";
import { PYTHON } from "../test/support/wamp-clients.ts";
import { cpuBetween, threadTimes } from "./process-usage.ts";

const scripts = resolve(import.meta.dir, "../test/python");
const rounds = Number(process.argv[2] ?? 5);

/** What a component imports in any case. */
const IMPORTS = {
  twisted:
    "import txaio; txaio.use_twisted(); from autobahn.twisted import rawsocket, wamp, websocket; from twisted.internet import reactor",
  asyncio:
    "import asyncio, txaio; txaio.use_asyncio(); from autobahn.asyncio import rawsocket, wamp, websocket",
};
const SERIALIZER =
  "from autobahn.wamp.serializer import create_transport_serializer; create_transport_serializer('cbor')";

type Framework = keyof typeof IMPORTS;

/** Milliseconds of processor time and MiB of memory of a running process. */
async function usage(pid: number): Promise<[cpuMs: number, mebibytes: number]> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  const kibibytes = Number(/RssAnon:\s+(\d+)/.exec(status)?.[1]);
  return [cpuBetween(new Map(), threadTimes([pid])).all / 1000, kibibytes / 1024];
}

/** An interpreter that has imported the same, and no more. */
async function imported(framework: Framework): Promise<[number, number]> {
  const code = `${IMPORTS[framework]}; ${SERIALIZER}; print('done', flush=True); input()`;
  const child = Bun.spawn([PYTHON, "-u", "-c", code], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  await child.stdout.getReader().read();
  const used = await usage(child.pid);
  child.kill();
  await child.exited;
  return used;
}

const component = (framework: Framework) => ({
  type: "class",
  id: framework,
  classname: `${framework}_components.Service`,
  realm: "realm1",
});

/** Both processes of components of a node that listens. */
async function components(): Promise<Record<Framework, [number, number]>> {
  const permissions = [{ uri: "", match: "prefix", allow: { register: true, call: true } }];
  const router = {
    type: "router",
    options: { python: PYTHON, pythonpath: [scripts] },
    realms: [{ name: "realm1", roles: [{ name: "anonymous", permissions }] }],
    components: [component("twisted"), component("asyncio")],
    transports: [{ type: "rawsocket", endpoint: { type: "unix", path: "router.sock" } }],
  };
  const folder = temporaryFolder({ "node.json": { version: 2, workers: [router] } });
  const node = await startNode(folder);
  const pidOf = (framework: Framework) => {
    const found = RegExp(`\\[\\w+ +(\\d+)\\].*component ready id=${framework}`).exec(node.output());
    return Number(found?.[1]);
  };
  const used = {
    twisted: await usage(pidOf("twisted")),
    asyncio: await usage(pidOf("asyncio")),
  };
  await node.stop();
  return used;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const measured: Record<string, [number, number][]> = {};
const note = (name: string, used: [number, number]) => {
  measured[name] = [...(measured[name] ?? []), used];
};
for (let round = 0; round < rounds; round += 1) {
  note("twisted imported", await imported("twisted"));
  note("asyncio imported", await imported("asyncio"));
  const { twisted, asyncio } = await components();
  note("twisted component", twisted);
  note("asyncio component", asyncio);
}
for (const [name, used] of Object.entries(measured)) {
  const cpu = median(used.map(([ms]) => ms)).toFixed(0);
  const memory = median(used.map(([, mebibytes]) => mebibytes)).toFixed(1);
  console.log(`${name.padEnd(20)} ${cpu.padStart(6)} ms of processor time  ${memory} MiB`);
}
process.exit(0);
