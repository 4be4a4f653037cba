/**
 * RouterComponents: the components of a router worker, each of which joins a realm of the worker over a
 * connection that it inherits.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import type { SessionIdentity } from "#auth/session-identity.ts";
import { Failure, sentenceOf } from "#base/failure.ts";
import { type ProcessExit, printExit } from "#base/process-exit.ts";
import { RestartPolicy } from "#base/restart-policy.ts";
import { ComponentHost } from "#component/component-host.ts";
import type {
  ComponentConfig,
  RawSocketOptions,
  RouterComponentsConfig,
} from "#config/node-config.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import { RawSocketAcceptor } from "#transport/rawsocket/rawsocket-acceptor.ts";
import type { ConnectionDetails, Peer, PeerHandler } from "#wamp/peer.ts";
import type { WorkerContext } from "./running-worker.ts";

/** Time for components to leave and for their process to end; the controller gives the worker 5 seconds. */
const DEADLINE_MS = 3_000;

/** The connection is a socketpair: nothing between its ends has to be probed. */
const OPTIONS: RawSocketOptions = {
  max_message_size: 16_777_216,
  max_buffered: 16_777_216,
  stall_timeout: 0,
  message_timeout: 0,
  max_incomplete: Number.POSITIVE_INFINITY,
  auto_ping_interval: 0,
  auto_ping_timeout: 0,
  auto_ping_size: 12,
  auto_ping_restart_on_any_traffic: true,
};

/** As the router and its logs name the other side; Crossbar's embedded sessions have no address either. */
const DETAILS: ConnectionDetails = { peer: "component", isSecure: false, isUnixSocket: true };

/** Crossbar's embedded sessions have null for all of these. */
const NOT_AUTHENTICATED = { authmethod: null, authprovider: null, authextra: {} };

/** Makes the session of a component. */
export type AcceptComponent = (peer: Peer, identity: SessionIdentity) => PeerHandler;

/** The components of one router worker. */
export class RouterComponents {
  readonly #config: RouterComponentsConfig;
  readonly #accept: AcceptComponent;
  readonly #context: WorkerContext;
  readonly #restarts = new RestartPolicy();
  #host: ComponentHost | null = null;
  #startedAt = 0;
  #restartTimer: ReturnType<typeof setTimeout> | null = null;
  #isEnding = false;

  constructor(config: RouterComponentsConfig, accept: AcceptComponent, context: WorkerContext) {
    this.#config = config;
    this.#accept = accept;
    this.#context = context;
  }

  /**
   * Starts the components; resolves when each is ready, is over, or has had its time.
   *
   * A component that fails is logged, and the worker goes on, also where there is no interpreter.
   */
  async start(): Promise<void> {
    // A worker that is to end does not wait for its components.
    const stop = () => void this.shutdown();
    this.#context.ending.addEventListener("abort", stop);
    await this.#startHost();
    this.#context.ending.removeEventListener("abort", stop);
  }

  async #startHost(): Promise<void> {
    this.#startedAt = performance.now();
    try {
      this.#host = this.#makeHost();
      await this.#host.start();
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      for (const { id } of this.#config.list) {
        this.#context.log.error("component not started", { id, reason: sentenceOf(thrown) });
      }
    }
  }

  /** Lets the components leave their realms, and ends their process; kills it after a deadline. */
  async shutdown(): Promise<void> {
    this.#isEnding = true;
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    if ((await this.#host?.shutdown(DEADLINE_MS)) !== "killed") return;
    this.#context.log.warn("components killed: did not end in time");
  }

  #makeHost(): ComponentHost {
    const { list, options } = this.#config;
    return new ComponentHost({
      kind: "component",
      components: list,
      python: options,
      context: this.#context,
      title: "crossbar-worker [router components]",
      attach: (component, descriptor) => this.#attach(component, descriptor),
      // As in Crossbar, a component that is over is not started again.
      onComponentEnd: () => {},
      onExit: (exit) => this.#restartLater(exit),
    });
  }

  /** All components lived in the process that ended, so that all of them are started again. */
  #restartLater(exit: ProcessExit): void {
    if (this.#isEnding) return;
    const delayMs = this.#restarts.nextDelayMs(performance.now() - this.#startedAt);
    this.#context.log.error("components died", {
      ended: printExit(exit),
      restart_ms: delayMs,
    });
    this.#restartTimer = setTimeout(() => void this.#startHost(), delayMs);
  }

  /** Accepts the connection that a component inherits, as a RawSocket listener accepts a client. */
  #attach({ id, realm, role = "anonymous" }: ComponentConfig, fd: number): void {
    const identity = { realm, authid: randomUUID(), authrole: role, ...NOT_AUTHENTICATED };
    const service = {
      id,
      serializers: ["cbor" as const],
      auth: {},
      backend: null,
      options: OPTIONS,
    };
    const { log } = this.#context;
    const accept = (peer: Peer) => this.#accept(peer, identity);
    const acceptor = new RawSocketAcceptor(service, accept, log, undefined);
    let events: ConnectionEvents | undefined;
    const socket = {
      open(connected: Bun.Socket) {
        events = acceptor.accept(connected, DETAILS);
      },
      data: (_socket: Bun.Socket, chunk: Uint8Array) => events?.received(chunk),
      drain: () => events?.drained(),
      end: () => events?.ended(),
      close: (_socket: Bun.Socket, error?: Error) => events?.closed(error),
      error: (failed: Bun.Socket) => failed.terminate(),
    };
    // Bun adopts a descriptor, though its types name no such option.
    const options = { fd, socket } as unknown as Bun.UnixSocketOptions<undefined>;
    Bun.connect(options).catch((thrown: unknown) => {
      log.error("component not connected", { id, reason: sentenceOf(thrown) });
    });
  }
}
