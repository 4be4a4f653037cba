/**
 * RouterComponents: the components of a router worker, each of which joins a realm of the worker over a
 * connection that it inherits.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import type { SessionIdentity } from "#auth/session-identity.ts";
import { sentenceOf } from "#base/failure.ts";
import type {
  ComponentConfig,
  RouterComponentsConfig,
} from "#config/component/component-config.ts";
import type { RawSocketOptions } from "#config/options/rawsocket-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import { RawSocketAcceptor } from "#transport/rawsocket/rawsocket-acceptor.ts";
import type { ConnectionDetails, Peer, PeerHandler } from "#wamp/peer.ts";
import { RestartedHost } from "./restarted-host.ts";
import type { WorkerContext } from "./running-worker.ts";

/** The connection is a socketpair: nothing between its ends has to be probed. */
const OPTIONS: RawSocketOptions = {
  max_message_size: 16_777_216,
  max_buffered: 16_777_216,
  stall_timeout: 0,
  max_outgoing: Number.POSITIVE_INFINITY,
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
  readonly #runner: RestartedHost;
  readonly #accept: AcceptComponent;
  readonly #log: Logger;

  constructor(
    { list, options }: RouterComponentsConfig,
    accept: AcceptComponent,
    context: WorkerContext,
  ) {
    this.#accept = accept;
    this.#log = context.log;
    const host = {
      kind: "component",
      components: list,
      python: options,
      title: "crossbar-worker [router components]",
      attach: (component: ComponentConfig, descriptor: number) =>
        this.#attach(component, descriptor),
      // As in Crossbar, a component that is over is not started again.
      onComponentEnd: () => {},
    } as const;
    this.#runner = new RestartedHost(host, context);
  }

  /**
   * Starts the components; resolves when each is ready or over, and at the latest after `ready_timeout`.
   *
   * A component that fails is logged, and the worker goes on, also where there is no interpreter.
   */
  async start(): Promise<void> {
    await this.#runner.start();
  }

  /** Lets the components leave their realms, and ends their process; kills it after a deadline. */
  async shutdown(): Promise<void> {
    await this.#runner.shutdown();
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
    const log = this.#log;
    const accept = (peer: Peer) => this.#accept(peer, identity);
    const acceptor = new RawSocketAcceptor({ config: service, accept }, log);
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
