/**
 * JoinClock: how long each step of joining may take, and all of them together.
 *
 *     connection -> HELLO -> (CHALLENGE -> AUTHENTICATE) -> WELCOME
 *
 * @module
 */

import type { JoiningConfig } from "#config/node-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";

/** The clock of one session; without limits it never runs out. */
export class JoinClock {
  readonly #limits: JoiningConfig | undefined;
  readonly #onPassed: (uri: string, sentence: string) => void;
  #join: Timer | undefined;
  #step: Timer | undefined;

  /** `onPassed` is told with what reason to abort. */
  constructor(
    limits: JoiningConfig | undefined,
    onPassed: (uri: string, sentence: string) => void,
  ) {
    this.#limits = limits;
    this.#onPassed = onPassed;
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
    clearTimeout(this.#step);
    this.#step = this.#start("authenticate_timeout", "AUTHENTICATE", ErrorUri.authenticationFailed);
  }

  /** AUTHENTICATE has come. */
  authenticated(): void {
    clearTimeout(this.#step);
  }

  stop(): void {
    clearTimeout(this.#step);
    clearTimeout(this.#join);
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
      this.#onPassed(uri, `Cannot join: no ${message} within ${milliseconds} ms`);
    }, milliseconds);
  }
}
