/**
 * openClientWebSocket: begins a WebSocket to another server with Bun's client, and words its errors.
 *
 * @module
 */

import { existsSync } from "node:fs";

import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import { connectFailure, tlsOptionsTowards, tlsState } from "#transport/endpoint/connect.ts";
import { shortageOfDescriptors } from "#transport/endpoint/descriptors.ts";
import { printAuthority, usableUnixPath } from "#transport/endpoint/peer-address.ts";

/** The endpoint to connect to, and the URL of the request. */
export interface ClientWebSocketTarget {
  endpoint: ConnectingEndpointConfig;
  url: string;
}

/** Begins the handshake; `host` is the resolved host of a TCP endpoint. */
export function openClientWebSocket(
  { endpoint, url: written }: ClientWebSocketTarget,
  host: string,
  { protocols, headers = {} }: { protocols: string[]; headers?: Record<string, string> },
): WebSocket {
  const url = new URL(written);
  const target = `${url.pathname}${url.search}`;
  const address =
    endpoint.type === "unix"
      ? `ws+unix://${unixPathInUrl(endpoint)}:${target}`
      : `${endpoint.tls ? "wss" : "ws"}://${printAuthority(host, endpoint.port)}${target}`;
  const socket = new WebSocket(address, {
    protocols,
    perMessageDeflate: false,
    headers: { Host: url.host, ...headers },
    ...tlsOptionsTowards(endpoint),
  });
  socket.binaryType = "nodebuffer";
  return socket;
}

/**
 * The path of a Unix socket as Bun's WebSocket client takes it: absolute, and of characters that a URL does
 * not escape. A path that is too long is made shorter through the working folder of this process.
 */
function unixPathInUrl(endpoint: Extract<ConnectingEndpointConfig, { type: "unix" }>): string {
  const path = usableUnixPath(endpoint.path);
  const absolute = path.startsWith("/") ? path : `/proc/self/cwd/${path}`;
  if (/^[\w./+@,=~-]+$/.test(absolute)) return absolute;
  throw connectFailure(
    endpoint,
    "a WebSocket takes a Unix path of letters, digits and ./+@,=~_- only",
  );
}

/** Words the state of the other server for an error of Bun's client; null: Bun gives no reason. */
export function clientState(
  event: Event,
  endpoint: ConnectingEndpointConfig,
  protocol: string,
): string | null {
  const fault = "error" in event && event.error instanceof Error ? event.error : null;
  const message = "message" in event ? String(event.message) : "";
  if (/client protocol/i.test(message)) return `it does not speak ${protocol}`;
  if (fault !== null && message.includes("TLS handshake failed")) return tlsState(fault);
  const status = /Expected 101 status code: (\d+)/i.exec(message)?.[1];
  if (status !== undefined) return `it answered the WebSocket handshake with status ${status}`;
  const reason = message.split("failed: ").at(-1);
  if (reason === "Failed to connect") {
    // Bun says no more, so a missing socket file is found here.
    const isMissing = endpoint.type === "unix" && !existsSync(endpoint.path);
    if (isMissing) return "no such file";
    return shortageOfDescriptors() ?? "nobody listens there";
  }
  return reason === undefined || reason === "" ? null : reason;
}
