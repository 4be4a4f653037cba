/**
 * SessionLink: the two peers of one session tied together, each way with its relay and its
 * back-pressure.
 *
 * @module
 */

import type { BufferOptions } from "#config/node-config.ts";
import type { Peer } from "#wamp/peer.ts";
import { BackPressure, type Side, type StallObserver } from "./back-pressure.ts";
import { Relay, type UndeliverableObserver } from "./relay.ts";

/** What a session is told of its link. */
export interface LinkObserver extends StallObserver, UndeliverableObserver {}

/** The way of a session's messages, from its connection to a router until its end. */
export class SessionLink {
  readonly toRouter: Relay;
  readonly toClient: Relay;
  readonly #onRouter: BackPressure;
  readonly #onClient: BackPressure;

  constructor(client: Peer, router: Peer, options: BufferOptions, observer: LinkObserver) {
    const towardsRouter = { side: "router", observer } as const;
    const towardsClient = { side: "client", observer } as const;
    this.#onRouter = new BackPressure(client, router, options, towardsRouter);
    this.#onClient = new BackPressure(router, client, options, towardsClient);
    this.toRouter = new Relay(client, router, this.#onRouter, towardsRouter);
    this.toClient = new Relay(router, client, this.#onClient, towardsClient);
  }

  /** A side took what it was behind with. */
  drained(side: Side): void {
    if (side === "router") this.#onRouter.drained();
    else this.#onClient.drained();
  }

  /** Unties the two; both are read again. */
  stop(): void {
    this.#onRouter.drained();
    this.#onClient.drained();
  }
}
