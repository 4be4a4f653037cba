/**
 * Cookie tracking: a browser that connects again is recognized by the cookie of its last handshake.
 *
 * @module
 */

import type { CookieConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import { type CookieStore, openCookieStore } from "./cookie-store.ts";

/** What a handshake's cookie says, and what its answer has to. */
export interface Tracked {
  /** Value of the cookie, known before or new. */
  id: string;
  /** Value of Set-Cookie; null: the client has its cookie already. */
  setCookie: string | null;
}

/** Issues and recognizes the cookies of one WebSocket path. */
export class CookieTracker {
  readonly #config: CookieConfig;
  readonly #store: CookieStore;

  constructor(config: CookieConfig, store: CookieStore) {
    this.#config = config;
    this.#store = store;
  }

  /** The client by its Cookie header. A value that was not issued here is never taken over. */
  track(header: string | null, now: number): Tracked {
    const known = this.#presented(header).find((value) => this.#store.has(value, now));
    if (known !== undefined) return { id: known, setCookie: null };
    const { length, max_age } = this.#config;
    const id = randomId(length);
    this.#store.add(id, now + max_age * 1000);
    return { id, setCookie: this.#setCookie(id) };
  }

  /** Values of the right form; a client may send several, for different paths. */
  #presented(header: string | null): string[] {
    const { name, length } = this.#config;
    return (header ?? "").split(";").flatMap((pair) => {
      const [key = "", value = ""] = pair.trim().split("=", 2);
      return key === name && value.length === length ? [value] : [];
    });
  }

  #setCookie(id: string): string {
    const { name, max_age, secure, http_strict, same_site } = this.#config;
    const attributes = [
      `${name}=${id}`,
      `Max-Age=${max_age}`,
      ...(secure ? ["Secure"] : []),
      ...(http_strict ? ["HttpOnly"] : []),
      ...(same_site === null ? [] : [`SameSite=${same_site}`]),
    ];
    return attributes.join("; ");
  }
}

/**
 * The trackers of all paths that issue a cookie.
 *
 * @throws Failure when the file of one cannot be read or written.
 */
export function openCookieTrackers<Config extends { cookie?: CookieConfig }>(
  configs: readonly Config[],
  log: Logger,
): Map<Config, CookieTracker> {
  const trackers = new Map<Config, CookieTracker>();
  for (const config of configs) {
    const { cookie } = config;
    if (cookie === undefined) continue;
    trackers.set(config, new CookieTracker(cookie, openCookieStore(cookie.store, log)));
  }
  return trackers;
}

/** Random characters of base64url, six bits each. */
function randomId(length: number): string {
  const octets = crypto.getRandomValues(new Uint8Array(length));
  return Buffer.from(octets).toString("base64url").slice(0, length);
}
