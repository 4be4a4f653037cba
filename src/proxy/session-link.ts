/**
 * SessionLink: the two peers of one session tied together, each way with its relay and its
 * back-pressure.
 *
 * @module
 */

import type { BufferOptions } from "#config/node-config.ts";
import type { Peer } from "#wamp/peer.ts";
import { BackPressure } from "./back-pressure.ts";
import { Relay } from "./relay.ts";
import type { Uncarried } from "./uncarried.ts";

/** One of the two ends of a session. */
export type Side = "client" | "router";

/** What a session is told of its link. */
export interface LinkObserver {
  /** This side did not take what it was sent for too long. */
  onStalled(side: Side): void;
  /** A message for this side could not be carried, and nobody waits for an answer. */
  onLeftOut(side: Side, why: Uncarried): void;
}

/** The way of a session's messages, from its connection to a router until its end. */
export class SessionLink {
  readonly toRouter: Relay;
  readonly toClient: Relay;
  readonly #onRouter: BackPressure;
  readonly #onClient: BackPressure;

  constructor(client: Peer, router: Peer, options: BufferOptions, observer: LinkObserver) {
    this.#onRouter = new BackPressure(client, router, options, () => observer.onStalled("router"));
    this.#onClient = new BackPressure(router, client, options, () => observer.onStalled("client"));
    this.toRouter = new Relay(client, router, this.#onRouter, {
      answersMalformed: false,
      onLeftOut: (why) => observer.onLeftOut("router", why),
    });
    this.toClient = new Relay(router, client, this.#onClient, {
      answersMalformed: true,
      onLeftOut: (why) => observer.onLeftOut("client", why),
    });
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
