/**
 * Connecting endpoints: opens a TCP or Unix socket within a deadline, and words the failures.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Socket, SocketHandler } from "bun";

import { Cancellation, type CancelSignal } from "#base/cancellation.ts";
import { errorCodeOf, Failure, sentenceOf } from "#base/failure.ts";
import type {
  ConnectingEndpointConfig,
  ConnectingTcpConfig,
} from "#config/endpoint/endpoint-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { shortageOfDescriptors } from "./descriptors.ts";
import { isUnixPathTooLong, printEndpoint, usableUnixPath } from "./peer-address.ts";
import { connectingTlsOptions } from "./tls-options.ts";

/** What the system's error codes mean for a program that wants to reach a router. */
const STATES: Record<string, string> = {
  ENOENT: "no such file",
  ECONNREFUSED: "nobody listens there",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name cannot be resolved now",
  ENOTSOCK: "it is no socket",
  EHOSTUNREACH: "the host is unreachable",
  ENETUNREACH: "the network is unreachable",
  ECONNRESET: "the connection was reset",
  ETIMEDOUT: "no answer",
};

/** Bun reports a connect for which there is no file descriptor with one of these. */
const MAYBE_SHORTAGE: ReadonlySet<string> = new Set(["ECONNREFUSED", "EMFILE", "ENFILE"]);

/** What the error codes of a rejected certificate mean. */
const TLS_STATES: Record<string, string> = {
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  CERT_REVOKED: "its certificate is revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not trusted",
  INVALID_PURPOSE: "its certificate is not for servers",
};

/** Words the state of a router with which the TLS handshake failed. */
export function tlsState(fault: Error): string {
  const known = TLS_STATES[errorCodeOf(fault) ?? ""];
  if (known !== undefined) return known;
  if (fault.message.includes("WRONG_VERSION_NUMBER")) return "it does not speak TLS";
  if (fault.message.includes("CERTIFICATE_REQUIRED")) return "it asks for a certificate of ours";
  const alert = /_ALERT_(\w+)/.exec(fault.message)?.[1]?.toLowerCase().replaceAll("_", " ");
  if (alert !== undefined) return `it ended the TLS handshake: ${alert}`;
  return `the TLS handshake failed: ${sentenceOf(fault)}`;
}

/** Whether a connection to this endpoint has TLS. */
export function connectsWithTls(endpoint: ConnectingEndpointConfig): boolean {
  return endpoint.type === "tcp" && endpoint.tls !== undefined;
}

/** The Failure to reach a router or another server; `state` is the present state of its endpoint. */
export function connectFailure(
  endpoint: ConnectingEndpointConfig,
  state: string,
  cause?: unknown,
): Failure {
  const server = "isWebServer" in endpoint ? "server" : "router";
  return new Failure(`Cannot connect to ${server} at "${printEndpoint(endpoint)}": ${state}`, {
    source: "router",
    uri: ErrorUri.networkFailure,
    cause,
  });
}

/** The Failure for an error of a system call. */
export function failureOf(endpoint: ConnectingEndpointConfig, thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const code = errorCodeOf(thrown) ?? "";
  const shortage = MAYBE_SHORTAGE.has(code) ? shortageOfDescriptors() : null;
  return connectFailure(endpoint, shortage ?? STATES[code] ?? sentenceOf(thrown), thrown);
}

/**
 * Runs an attempt to connect, until the endpoint's deadline or until `canceled` aborts. Then the
 * attempt's own signal aborts, so that it closes its socket, and its outcome is ignored.
 */
export async function connectWithTimeout<T>(
  endpoint: ConnectingEndpointConfig,
  attempt: (signal: CancelSignal) => Promise<T>,
  canceled?: CancelSignal,
): Promise<T> {
  if (endpoint.type === "unix" && isUnixPathTooLong(endpoint.path)) {
    throw connectFailure(endpoint, "the path is too long for a Unix socket");
  }
  const abort = new Cancellation();
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (state: string) => {
    reject(connectFailure(endpoint, state));
    abort.cancel();
  };
  const onCanceled = () => giveUp("nobody waits for it any more");
  const timer = setTimeout(
    () => giveUp(`no answer within ${endpoint.timeoutMs} ms`),
    endpoint.timeoutMs,
  );
  canceled?.addEventListener("abort", onCanceled);
  try {
    return await Promise.race([promise, attempt(abort)]);
  } catch (thrown) {
    throw failureOf(endpoint, thrown);
  } finally {
    clearTimeout(timer);
    canceled?.removeEventListener("abort", onCanceled);
  }
}

/**
 * The option `tls` of Bun for connections to an endpoint, or nothing.
 *
 * @throws Failure when a file cannot be used; then this router alone cannot be reached.
 */
export function tlsOptionsTowards(endpoint: ConnectingEndpointConfig): { tls?: Bun.TLSOptions } {
  if (endpoint.type === "unix" || endpoint.tls === undefined) return {};
  try {
    // Where the host is resolved here, the certificate still has to be for its name.
    const { host, version } = endpoint;
    const nameToVerify = version === undefined || isIP(host) !== 0 ? {} : { hostname: host };
    return { tls: connectingTlsOptions({ ...nameToVerify, ...endpoint.tls }) };
  } catch (thrown) {
    throw connectFailure(endpoint, sentenceOf(thrown).replace(/^Cannot /, "cannot "), thrown);
  }
}

/**
 * The host of an endpoint, resolved here where `version` names an IP version.
 *
 * @throws Failure when it has no address of that version.
 */
async function resolveHost(endpoint: ConnectingTcpConfig): Promise<string> {
  const { host, version } = endpoint;
  if (version === undefined) return host;
  try {
    const { address } = await lookup(host, { family: version });
    return address;
  } catch (thrown) {
    throw connectFailure(endpoint, `the host has no address of IPv${version}`, thrown);
  }
}

/** How a socket is opened. */
export interface OpenSocketOptions<Data> {
  socket: SocketHandler<Data>;
  data: Data;
  signal: CancelSignal;
  /** Whether the socket stays open for writing after its other side has ended; absent: it does not. */
  allowHalfOpen?: boolean;
}

/**
 * Opens a socket to an endpoint; it is terminated when the signal aborts. With TLS the router is
 * authenticated only when the handler's `handshake` is called without a fault.
 */
export async function openSocket<Data>(
  endpoint: ConnectingEndpointConfig,
  options: OpenSocketOptions<Data>,
): Promise<Socket<Data>> {
  const { socket: handler, data, signal, allowHalfOpen = false } = options;
  const socket = await (endpoint.type === "unix"
    ? Bun.connect<Data>({
        unix: usableUnixPath(endpoint.path),
        socket: handler,
        data,
        allowHalfOpen,
      })
    : Bun.connect<Data>({
        hostname: await resolveHost(endpoint),
        port: endpoint.port,
        ...tlsOptionsTowards(endpoint),
        socket: handler,
        data,
        allowHalfOpen,
      }));
  if (signal.aborted) socket.terminate();
  else signal.addEventListener("abort", () => socket.terminate());
  return socket;
}
