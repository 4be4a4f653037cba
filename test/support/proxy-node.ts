/** Nodes of one proxy. */

/** A node with one proxy worker that has one WebSocket transport. */
export function proxyNode(transport: object, worker: object = {}) {
  const endpoint = { type: "tcp", port: 8080 };
  const transports = [{ type: "websocket", endpoint, ...transport }];
  return { version: 2, workers: [{ type: "proxy", transports, ...worker }] };
}
