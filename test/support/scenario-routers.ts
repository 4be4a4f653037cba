/** The routers at which scenarios are played; each scenario has a realm of its own. */

import { MessageType as M } from "#wamp/message-type.ts";
import { startCrossbar } from "./crossbar-router.ts";
import { hasNexus, startNexus } from "./nexus-router.ts";
import type { Line, Said } from "./scenario.ts";
import type { Habit } from "./scenario-player.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { freePort, startNode } from "./temporary-node.ts";
import { hasPython, type Serializer } from "./wamp-clients.ts";

type Dict = Record<string, unknown>;

const CALLEE = ["callee", "callee_authid", "callee_authrole"];
const PUBLISHER = ["publisher", "publisher_authid", "publisher_authrole"];

/** Whether an EVENT is of Crossbar's own session in the realm. */
const isOfService = (message: unknown[]) =>
  message[0] === M.EVENT &&
  String((message[3] as Dict)["publisher_authid"]).endsWith("-serviceagent");

/** A router that can be started. */
export interface ScenarioRouter {
  name: string;
  /** Its name in documents. */
  title: string;
  isInstalled: boolean;
  serializers: readonly Serializer[];
  start(realms: readonly string[]): Promise<{ url: string; stop(): Promise<unknown> }>;
  habit?: Habit;
}

const everything = { call: true, register: true, publish: true, subscribe: true };
const roles = [
  {
    name: "anonymous",
    permissions: [
      { uri: "", match: "prefix", allow: everything },
      { uri: "com.denied.", match: "prefix", allow: {} },
      {
        uri: "com.disclosed.",
        match: "prefix",
        allow: everything,
        disclose: { caller: true, publisher: true },
      },
    ],
  },
];

const workerOf = (realms: readonly string[], port: number) => ({
  type: "router",
  realms: realms.map((name) => ({ name, roles })),
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", port, interface: "127.0.0.1" },
      serializers: ["json", "msgpack", "cbor"],
      auth: { anonymous: { type: "static", role: "anonymous" } },
    },
  ],
});

const urlOf = (port: number) => `ws://127.0.0.1:${port}/`;

/** The router of the built binary. */
export const OWN: ScenarioRouter = {
  name: "crossproxy",
  title: "crossproxy",
  isInstalled: true,
  serializers: ["json", "msgpack", "cbor"],
  async start(realms) {
    const port = freePort();
    const config = { version: 2, workers: [workerOf(realms, port)] };
    const node = await startNode(temporaryFolder({ "node.json": config }));
    return { url: urlOf(port), stop: () => node.stop() };
  },
};

const CROSSBAR: ScenarioRouter = {
  name: "crossbar",
  title: "Crossbar",
  isInstalled: hasPython,
  serializers: ["json"],
  async start(realms) {
    const port = freePort();
    const config = { version: 2, controller: {}, workers: [workerOf(realms, port)] };
    const router = await startCrossbar(temporaryFolder(), config);
    return { url: urlOf(port), stop: () => router.stop() };
  },
  habit: {
    wanted([peer, direction, said]) {
      if (said[0] === M.ABORT && said[2] === "wamp.error.protocol_violation") return [];
      if (said[0] === M.GOODBYE && said[2] === "wamp.close.goodbye_and_out") {
        return [[peer, direction, [M.GOODBYE, "*", "wamp.close.normal"]]];
      }
      return [[peer, direction, withoutDetails(said, { [M.INTERRUPT]: [2, ["reason"]] })]];
    },
    seen: (message) =>
      withoutDetails(message, {
        [M.RESULT]: [2, CALLEE],
        [M.ERROR]: [3, CALLEE],
        [M.INVOCATION]: [3, ["timeout"]],
        ...(isOfService(message) ? { [M.EVENT]: [3, PUBLISHER] } : {}),
      }) as unknown[],
  },
};

const NEXUS: ScenarioRouter = {
  name: "nexus",
  title: "nexusd",
  isInstalled: hasNexus,
  serializers: ["json"],
  async start(realms) {
    const port = freePort();
    const router = await startNexus(temporaryFolder(), port, realms);
    return { url: urlOf(port), stop: () => router.stop() };
  },
  habit: {
    wanted([peer, direction, said]) {
      if (said === "close 1002") return [[peer, direction, "close 1000"]];
      const line: Line = [
        peer,
        direction,
        withoutDetails(said, { [M.INVOCATION]: [3, ["procedure"]] }),
      ];
      return said[0] === M.GOODBYE ? [line, [peer, direction, "close 1000"]] : [line];
    },
    seen(message) {
      const isProgress = message[0] === M.INVOCATION && (message[3] as Dict)["progress"] === true;
      const names = isProgress ? ["procedure"] : ["procedure", "progress"];
      return withoutDetails(message, { [M.INVOCATION]: [3, names] }) as unknown[];
    },
  },
};

/** Other routers, whose differences are kept. */
export const OTHERS: readonly ScenarioRouter[] = [CROSSBAR, NEXUS];

/** A line without some details of its message, if it is of one of these types. */
function withoutDetails(message: Said, places: Record<number, [index: number, names: string[]]>) {
  if (typeof message === "string") return message;
  const [index, names] = places[Number(message[0])] ?? [0, []];
  const details = message[index];
  if (typeof details !== "object" || details === null) return message;
  return message.with(
    index,
    Object.fromEntries(Object.entries(details).filter(([name]) => !names.includes(name))),
  );
}
