/**
 * SessionLink: connects the two peers of a joined session, with a relay and back-pressure for each
 * direction.
 *
 * @module
 */

import type { BufferOptions } from "#config/node-config.ts";
import type { Peer } from "#wamp/peer.ts";
import { BackPressure, type Side, type StallObserver } from "./back-pressure.ts";
import { Relay, type UndeliverableObserver } from "./relay.ts";

/** Observes the link of a session. */
export interface LinkObserver extends StallObserver, UndeliverableObserver {}

/** Both directions of a session's messages, from WELCOME until its end. */
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

  /** A side has taken the octets that waited for it. */
  drained(side: Side): void {
    if (side === "router") this.#onRouter.drained();
    else this.#onClient.drained();
  }

  /** Ends back-pressure in both directions: both peers are read again. */
  stop(): void {
    this.#onRouter.drained();
    this.#onClient.drained();
  }
}
