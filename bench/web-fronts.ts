/**
 * The fronts of the tables `pages`: crossproxy, nginx and Bun's own Web server. Each has the same value, file,
 * member of an archive and WebSocket at the same paths.
 *
 * @module
 */

import { chmodSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { zipSync } from "fflate";
import {
  descendants,
  freePort,
  freshFolder,
  listens,
  nginx,
  nginxCommand,
  startProcess,
} from "./front-process.ts";

/** A running front. */
export interface RunningWebFront {
  port: number;
  /** The processes whose CPU counts: the workers, without their controller. */
  pids: number[];
  stop(): Promise<void>;
}

/** A front that can be started. */
export interface WebFront {
  name: string;
  /** Whether it ends WebSockets itself. */
  hasWebSockets: boolean;
  isInstalled: boolean;
  start(): Promise<RunningWebFront>;
}

const PAGE_OCTETS = 10_000;
const binary = join(resolve(import.meta.dir, ".."), "dist", "crossproxy");

/** A folder with a page of 10 kB, alone and in an archive. */
async function contentFolder(): Promise<{ folder: string; pages: string }> {
  const folder = freshFolder();
  const pages = join(folder, "pages");
  const page = Buffer.alloc(PAGE_OCTETS, "<p>All work and no play makes Jack a dull boy.</p>\n");
  mkdirSync(pages);
  // nginx drops root's rights.
  chmodSync(folder, 0o755);
  await Bun.write(join(pages, "page.html"), page);
  await Bun.write(join(folder, "pages.zip"), zipSync({ "page.html": page }));
  return { folder, pages };
}

/** The front that is this program, in a build of its own. */
export function crossproxyFront(name: string, executable = binary): WebFront {
  return {
    name,
    hasWebSockets: true,
    isInstalled: true,
    async start() {
      const { folder, pages } = await contentFolder();
      const port = freePort();
      const backend = {
        type: "rawsocket",
        endpoint: { type: "unix", path: join(folder, "no-router") },
        serializer: "json",
      };
      const paths = {
        "/": { type: "json", value: 1 },
        value: { type: "json", value: { here: true } },
        files: { type: "static", directory: pages },
        archive: { type: "archive", archive: join(folder, "pages.zip") },
        ws: { type: "websocket-proxy", backends: [backend] },
      };
      const endpoint = { type: "tcp", port, interface: "127.0.0.1" };
      const worker = { type: "proxy", transports: [{ type: "web", endpoint, paths }] };
      const file = join(folder, "node.json");
      await Bun.write(file, JSON.stringify({ version: 2, workers: [worker] }));
      const command = [executable, file, "--loglevel", "error"];
      const node = await startProcess(command, folder, port, () => listens(port));
      return { port, pids: descendants(node.pid), stop: node.stop };
    },
  };
}

/** nginx, with the files of the archive on disk. */
export const nginxPages: WebFront = {
  name: "nginx",
  hasWebSockets: false,
  isInstalled: nginx !== null,
  async start() {
    const { folder, pages } = await contentFolder();
    const port = freePort();
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
      .join(" ");
    const configuration = `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 1000; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; ${temporary}
  types { text/html html; }
  server {
    listen 127.0.0.1:${port};
    location = /value { default_type application/json; return 200 '{"here":true}'; }
    location /files/ { alias ${pages}/; }
    location /archive/ { alias ${pages}/; }
  }
}
`;
    await Bun.write(join(folder, "nginx.conf"), configuration);
    const server = await startProcess(nginxCommand(folder), folder, port, () => listens(port));
    return { port, pids: descendants(server.pid), stop: server.stop };
  },
};

/** Bun's own Web server. */
export const bareWebServer: WebFront = {
  name: "bare Bun.serve",
  hasWebSockets: true,
  isInstalled: true,
  async start() {
    const { folder, pages } = await contentFolder();
    const port = freePort();
    const script = join(import.meta.dir, "bare-web-server.ts");
    const command = [process.execPath, script, pages, String(port)];
    const server = await startProcess(command, folder, port, () => listens(port));
    return { port, pids: [server.pid], stop: server.stop };
  },
};
