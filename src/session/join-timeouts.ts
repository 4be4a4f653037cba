/**
 * JoinTimeouts: how long each step of a join may take, and the join as a whole.
 *
 *     connection -> HELLO -> (CHALLENGE -> AUTHENTICATE) -> WELCOME
 *
 * @module
 */

import type { JoiningConfig } from "#config/options/session-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";

/** Observes a step that took too long; URI and sentence are for the ABORT. */
export interface JoinTimeoutObserver {
  onJoinTimeout(uri: string, sentence: string): void;
}

/** The timeouts of one session; a step without a limit may take any time. */
export class JoinTimeouts {
  readonly #limits: JoiningConfig | undefined;
  readonly #observer: JoinTimeoutObserver;
  // Undefined when they do not run, so that a joined session does not keep their memory.
  #join: Timer | undefined;
  #step: Timer | undefined;

  constructor(limits: JoiningConfig | undefined, observer: JoinTimeoutObserver) {
    this.#limits = limits;
    this.#observer = observer;
  }

  awaitHello(): void {
    this.stop();
    this.#step = this.#start("hello_timeout", "HELLO", ErrorUri.timeout);
  }

  awaitWelcome(): void {
    this.stop();
    this.#join = this.#start("join_timeout", "WELCOME", ErrorUri.timeout);
  }

  awaitAuthenticate(): void {
    this.authenticated();
    this.#step = this.#start("authenticate_timeout", "AUTHENTICATE", ErrorUri.authenticationFailed);
  }

  /** AUTHENTICATE has arrived. */
  authenticated(): void {
    clearTimeout(this.#step);
    this.#step = undefined;
  }

  stop(): void {
    this.authenticated();
    clearTimeout(this.#join);
    this.#join = undefined;
  }

  #start(
    limit: Exclude<keyof JoiningConfig, "max_auth_failures_per_minute">,
    message: string,
    uri: string,
  ): Timer | undefined {
    const milliseconds = this.#limits?.[limit];
    if (milliseconds === undefined) return undefined;
    return setTimeout(() => {
      this.stop();
      this.#observer.onJoinTimeout(uri, `Cannot join: no ${message} within ${milliseconds} ms`);
    }, milliseconds);
  }
}
