/**
 * SessionLink: connects the two peers of a joined session, with a relay and back-pressure for each
 * direction.
 *
 * @module
 */

import type { BufferOptions } from "#config/options/session-config.ts";
import type { Peer } from "#wamp/peer.ts";
import { BackPressure, type Side, type StallObserver } from "./back-pressure.ts";
import { Relay } from "./relay.ts";
import type { RelayLink, UndeliverableObserver } from "./slow-path.ts";

/** Observes the link of a session. */
export interface LinkObserver extends StallObserver, UndeliverableObserver {}

/** Both directions of a session's messages, from WELCOME until its end. */
export class SessionLink implements RelayLink {
  readonly observer: LinkObserver;
  isStopped = false;
  readonly toRouter: Relay;
  readonly toClient: Relay;
  /** Called when the session is not awaited any more. */
  onAnswered: (() => void) | undefined;
  #unanswered = 0;
  readonly #client: Peer;
  readonly #router: Peer;
  readonly #options: BufferOptions;
  /** Undefined as long as this side takes what it is sent: most sessions never need them. */
  #onRouter: BackPressure | undefined;
  #onClient: BackPressure | undefined;

  constructor(client: Peer, router: Peer, options: BufferOptions, observer: LinkObserver) {
    this.#client = client;
    this.#router = router;
    this.#options = options;
    this.observer = observer;
    this.toRouter = new Relay(client, router, "router", this);
    this.toClient = new Relay(router, client, "client", this);
  }

  /** Whether a call of the client, or one that it performs, waits for its answer, or a long message for its end. */
  get isAwaited(): boolean {
    return this.#unanswered > 0;
  }

  changeUnanswered(change: number): void {
    // A router may answer a call that the proxy has answered itself.
    this.#unanswered = Math.max(0, this.#unanswered + change);
    if (change < 0 && this.#unanswered === 0) this.onAnswered?.();
  }

  backPressure(side: Side): BackPressure {
    const roles = { side, observer: this.observer } as const;
    if (side === "router") {
      this.#onRouter ??= new BackPressure(this.#client, this.#router, this.#options, roles);
      return this.#onRouter;
    }
    this.#onClient ??= new BackPressure(this.#router, this.#client, this.#options, roles);
    return this.#onClient;
  }

  /** A side has taken the octets that waited for it. */
  drained(side: Side): void {
    const [towards, from] =
      side === "router" ? [this.#onRouter, this.#onClient] : [this.#onClient, this.#onRouter];
    towards?.drained();
    from?.senderDrained();
  }

  /** Nothing more is forwarded. Ends back-pressure in both directions: both peers are read again. */
  stop(): void {
    this.isStopped = true;
    for (const peer of [this.#client, this.#router]) peer.takeBackMessage?.();
    this.#onRouter?.stop();
    this.#onClient?.stop();
  }
}
