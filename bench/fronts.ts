/**
 * The fronts that are measured: crossproxy in its variants and, where they are installed, other proxies.
 * Each is started in a folder of its own, in front of the same stub router.
 *
 * @module
 */

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { proxiedNodeConfig } from "../test/support/proxied-node.ts";
import { join as joinSession } from "./clients.ts";
import {
  descendants,
  firstLine,
  freePort,
  freshFolder,
  listens,
  nginx,
  nginxCommand,
  startProcess,
} from "./front-process.ts";

/** The stub router behind every front. */
export interface StubRouter {
  path: string;
  port: number;
}

/** A running front. */
export interface RunningFront {
  url: string;
  /** The processes whose CPU and memory count: the workers, without their controller. */
  pids: number[];
  stop(): Promise<void>;
}

/** A front that can be started. */
export interface Front {
  name: string;
  serializer: SerializerName;
  isInstalled: boolean;
  start(router: StubRouter): Promise<RunningFront>;
}

const root = resolve(import.meta.dir, "..");
const binary = join(root, "dist", "crossproxy");
const crossbar = join(root, ".venv", "bin", "crossbar");
const haproxy = Bun.which("haproxy", { PATH: `${process.env["PATH"]}:/usr/sbin` });
const openssl = Bun.which("openssl");

async function certificate(folder: string): Promise<{ key: string; certificate: string }> {
  const files = { key: join(folder, "key.pem"), certificate: join(folder, "certificate.pem") };
  const made = Bun.spawnSync([
    openssl ?? "openssl",
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", files.key, "-out", files.certificate, "-days", "2", "-subj", "/CN=localhost"],
  ]);
  if (made.exitCode !== 0) throw new Error(`Cannot make a certificate: ${made.stderr}`);
  return files;
}

/** A variant of crossproxy. */
interface Variant {
  name: string;
  client: SerializerName;
  router: SerializerName;
  usesTls?: boolean;
  /** Whether the router is reached over WebSocket, as nginx and haproxy reach it; otherwise over RawSocket. */
  overWebSocket?: boolean;
  /** Whether the proxy authenticates the client, instead of passing HELLO through. */
  authenticates?: boolean;
}

function crossproxy(
  { name, client, router, usesTls, overWebSocket, authenticates }: Variant,
  executable = binary,
): Front {
  return {
    name: `crossproxy ${name}`,
    serializer: client,
    isInstalled: !usesTls || openssl !== null,
    async start(stub) {
      const folder = freshFolder();
      const port = freePort();
      const endpoint = {
        type: "tcp",
        port,
        interface: "127.0.0.1",
        ...(usesTls ? { tls: await certificate(folder) } : {}),
      };
      const backend = overWebSocket
        ? {
            type: "websocket",
            endpoint: { type: "tcp", host: "127.0.0.1", port: stub.port },
            url: `ws://127.0.0.1:${stub.port}/`,
            serializers: [router],
          }
        : {
            type: "rawsocket",
            endpoint: { type: "unix", path: stub.path },
            serializer: router,
          };
      const service = {
        type: "websocket-proxy",
        backends: [backend],
        ...(authenticates ? { auth: { anonymous: { type: "static", role: "anonymous" } } } : {}),
      };
      const worker = {
        type: "proxy",
        transports: [
          { type: "web", endpoint, paths: { "/": { type: "json", value: 1 }, ws: service } },
        ],
      };
      const file = join(folder, "node.json");
      await Bun.write(file, JSON.stringify({ version: 2, workers: [worker] }));
      const node = await startProcess([executable, file, "--loglevel", "error"], folder, port, () =>
        listens(port),
      );
      return {
        url: `${usesTls ? "wss" : "ws"}://127.0.0.1:${port}/ws`,
        pids: descendants(node.pid),
        stop: node.stop,
      };
    },
  };
}

/** A proxy and a router of the same node; the CPU time of one of them counts. */
function ownRouter(executable: string, name: string, measured: "proxy" | "router"): Front {
  return {
    name: `${name} before its own router, ${measured}`,
    serializer: "json",
    isInstalled: true,
    async start() {
      const folder = freshFolder();
      const [proxyPort, routerPort] = [freePort(), freePort()];
      const file = join(folder, "node.json");
      await Bun.write(file, JSON.stringify(proxiedNodeConfig({ proxyPort, routerPort })));
      const isReady = async () => (await listens(proxyPort)) && listens(routerPort);
      const node = await startProcess(
        [executable, file, "--loglevel", "error"],
        folder,
        proxyPort,
        isReady,
      );
      const callee = await echo(`ws://127.0.0.1:${routerPort}/`);
      return {
        url: `ws://127.0.0.1:${proxyPort}/`,
        // The workers are started in the order of the configuration.
        pids: descendants(node.pid).slice(...(measured === "router" ? [0, 1] : [1])),
        async stop() {
          callee.close();
          await node.stop();
        },
      };
    },
  };
}

/** A callee that answers each call with its arguments. */
async function echo(where: string): Promise<WebSocket> {
  const registered = Promise.withResolvers<void>();
  const socket = await joinSession(where, "json", (frame) => {
    const [type, id, , , args] = JSON.parse(String(frame)) as unknown[];
    if (type === 65) registered.resolve();
    else socket.send(JSON.stringify([70, id, {}, args]));
  });
  socket.send(JSON.stringify([64, 1, {}, "bench.echo"]));
  await registered.promise;
  return socket;
}

function bareRelay(serializer: "json" | "cbor"): Front {
  return {
    name: `bare Bun relay ${serializer}`,
    serializer,
    isInstalled: true,
    async start(stub) {
      const child = Bun.spawn(
        [process.execPath, join(import.meta.dir, "bare-relay.ts"), stub.path, serializer],
        { stdout: "pipe", stderr: "inherit" },
      );
      return {
        url: `ws://127.0.0.1:${await firstLine(child.stdout)}/ws`,
        pids: [child.pid],
        async stop() {
          child.kill();
          await child.exited;
        },
      };
    },
  };
}

function nginxFront(usesTls: boolean): Front {
  return {
    name: usesTls ? "nginx TLS" : "nginx",
    serializer: "json",
    isInstalled: nginx !== null && (!usesTls || openssl !== null),
    async start(stub) {
      const folder = freshFolder();
      const port = freePort();
      const files = usesTls ? await certificate(folder) : null;
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
        .join(" ");
      await Bun.write(
        join(folder, "nginx.conf"),
        `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 19900; }
http {
  access_log off; ${temporary}
  server {
    listen 127.0.0.1:${port}${files === null ? "" : " ssl"};
    ${files === null ? "" : `ssl_certificate ${files.certificate}; ssl_certificate_key ${files.key};`}
    location / {
      proxy_pass http://127.0.0.1:${stub.port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout 3600s;
    }
  }
}
`,
      );
      const server = await startProcess(nginxCommand(folder), folder, port, () => listens(port));
      return {
        url: `${usesTls ? "wss" : "ws"}://127.0.0.1:${port}/ws`,
        pids: descendants(server.pid),
        stop: server.stop,
      };
    },
  };
}

const haproxyFront: Front = {
  name: "haproxy",
  serializer: "json",
  isInstalled: haproxy !== null,
  async start(stub) {
    const folder = freshFolder();
    const port = freePort();
    await Bun.write(
      join(folder, "haproxy.cfg"),
      `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
frontend clients
  bind 127.0.0.1:${port}
  default_backend router
backend router
  server router 127.0.0.1:${stub.port}
`,
    );
    const command = [haproxy ?? "haproxy", "-db", "-f", "haproxy.cfg"];
    const server = await startProcess(command, folder, port, () => listens(port));
    return { url: `ws://127.0.0.1:${port}/ws`, pids: [server.pid], stop: server.stop };
  },
};

const crossbarFront: Front = {
  name: "Crossbar proxy",
  serializer: "json",
  isInstalled: await Bun.file(crossbar).exists(),
  async start(stub) {
    const folder = freshFolder();
    const port = freePort();
    mkdirSync(join(folder, ".crossbar"));
    const node = {
      version: 2,
      controller: {},
      workers: [
        {
          type: "proxy",
          connections: {
            stub: {
              transport: {
                type: "rawsocket",
                endpoint: { type: "unix", path: stub.path },
                url: "rs://localhost",
                serializer: "cbor",
              },
              auth: { "anonymous-proxy": { type: "static" } },
            },
          },
          routes: { realm1: { anonymous: "stub" } },
          transports: [
            {
              type: "web",
              endpoint: { type: "tcp", port, interface: "127.0.0.1" },
              paths: {
                "/": { type: "static", directory: folder },
                ws: {
                  type: "websocket",
                  serializers: ["json", "cbor"],
                  auth: { anonymous: { type: "static", role: "anonymous" } },
                },
              },
            },
          ],
        },
      ],
    };
    await Bun.write(join(folder, ".crossbar", "config.json"), JSON.stringify(node));
    const command = [
      crossbar,
      "start",
      "--cbdir",
      join(folder, ".crossbar"),
      "--loglevel",
      "error",
    ];
    const server = await startProcess(command, folder, port, () => listens(port));
    const workers = descendants(server.pid).filter((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("proxy"),
    );
    return { url: `ws://127.0.0.1:${port}/ws`, pids: workers, stop: server.stop };
  },
};

/** All fronts. */
export const fronts = {
  json: crossproxy({ name: "JSON", client: "json", router: "json" }),
  jsonWebSocket: crossproxy({
    name: "JSON, router over WebSocket",
    client: "json",
    router: "json",
    overWebSocket: true,
  }),
  cborWebSocket: crossproxy({
    name: "CBOR, router over WebSocket",
    client: "cbor",
    router: "cbor",
    overWebSocket: true,
  }),
  jsonToCbor: crossproxy({ name: "JSON to CBOR", client: "json", router: "cbor" }),
  msgpackToCbor: crossproxy({ name: "MsgPack to CBOR", client: "msgpack", router: "cbor" }),
  cbor: crossproxy({ name: "CBOR", client: "cbor", router: "cbor" }),
  tls: crossproxy({ name: "TLS JSON", client: "json", router: "json", usesTls: true }),
  authenticating: crossproxy({
    name: "JSON to CBOR, anonymous checked",
    client: "json",
    router: "cbor",
    authenticates: true,
  }),
  bareRelay: bareRelay("json"),
  bareRelayCbor: bareRelay("cbor"),
  nginx: nginxFront(false),
  nginxTls: nginxFront(true),
  haproxy: haproxyFront,
  crossbar: crossbarFront,
} satisfies Record<string, Front>;

/** Two variants of another build of crossproxy; its executable is at this path. */
export function frontsOf(executable: string, build: string): Record<"json" | "jsonToCbor", Front> {
  const json = { name: `JSON, ${build}`, client: "json", router: "json" } as const;
  const jsonToCbor = { name: `JSON to CBOR, ${build}`, client: "json", router: "cbor" } as const;
  return { json: crossproxy(json, executable), jsonToCbor: crossproxy(jsonToCbor, executable) };
}

/** A node whose proxy has a router of the same build; of this executable. */
export function ownRouterFronts(executable = binary, build = "crossproxy"): Front[] {
  return [ownRouter(executable, build, "proxy"), ownRouter(executable, build, "router")];
}

/** Starts the stub router. */
export async function startStubRouter(): Promise<StubRouter & { stop(): Promise<void> }> {
  const folder = freshFolder();
  const path = join(folder, "router.sock");
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "stub-router.ts"), path], {
    stdout: "pipe",
    stderr: "inherit",
  });
  return {
    path,
    port: Number(await firstLine(child.stdout)),
    async stop() {
      child.kill();
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
