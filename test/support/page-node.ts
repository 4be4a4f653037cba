/** A node whose proxy serves the pages of the tests in a browser, beside what a test wants. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pageArchive } from "./page-archive.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { startNode, type TemporaryNode } from "./temporary-node.ts";
import { webAt, webProxy, webRouter } from "./web-workers.ts";

/** An archive with them. */
const pages = { type: "archive", archive: "pages.zip", default_object: "index.html" };

/** A WebSocket path at which everybody joins. */
export const webSocket = {
  type: "websocket",
  auth: { anonymous: { type: "static", role: "anonymous" } },
};

/** Web transports, by their ports: the paths beside `/pages`, and what their endpoints have. */
export type PageTransports = Record<number, { paths: object; endpoint?: object }>;

/** Starts a router and a proxy, with folders of these names beside node.json. */
export async function startPageNode(
  transports: PageTransports,
  folders: string[] = [],
): Promise<TemporaryNode> {
  const webs = Object.entries(transports).map(([port, { paths, endpoint }]) =>
    webAt(Number(port), { pages, ...paths }, endpoint),
  );
  const workers = [
    { ...webRouter(), id: "router" },
    { ...webProxy(webs), id: "proxy" },
  ];
  const configuration = { version: 2, workers };
  const folder = temporaryFolder({ "node.json": configuration, "pages.zip": pageArchive() });
  for (const name of folders) mkdirSync(join(folder, name));
  return await startNode(folder);
}
