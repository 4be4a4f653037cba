/**
 * Cookie tracking: a browser that connects again is recognized by the cookie of its last handshake,
 * and may be known by who it joined as.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import type { CookieConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ClientCookie } from "#wamp/peer.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/control-message-values.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { type CookieStore, openCookieStore } from "./cookie-store.ts";

/** Longest login that is remembered, in octets of CBOR; `authextra` can be as long as a message. */
const MOST_LOGIN_OCTETS = 1024;

/** What a handshake's cookie says, and what its answer has to. */
export interface TrackedCookie {
  /** Value of the cookie, known before or new. */
  id: string;
  /** Value of Set-Cookie; null: the client has its cookie already. */
  setCookie: string | null;
}

/** Issues and recognizes the cookies of one WebSocket path. */
export class CookieTracker {
  readonly #config: CookieConfig;
  readonly #store: CookieStore;
  readonly #log: Logger;

  constructor(config: CookieConfig, store: CookieStore, log: Logger) {
    this.#config = config;
    this.#store = store;
    this.#log = log;
  }

  /** The client by its Cookie header. A value that was not issued here is never taken over. */
  track(header: string | null, now: number): TrackedCookie {
    const known = this.#presented(header).find((value) => this.#store.has(value, now));
    if (known !== undefined) return { id: known, setCookie: null };
    const { length, max_age } = this.#config;
    const id = randomId(length);
    this.#store.add(id, now + max_age * 1000);
    return { id, setCookie: this.#setCookie(id) };
  }

  /** What a tracked client's cookie stands for. */
  cookieOf({ id }: TrackedCookie): ClientCookie {
    const store = this.#store;
    return {
      recall() {
        const kept = store.login(id, Date.now());
        return kept === null ? undefined : decodeLogin(kept);
      },
      remember: (login) => store.setLogin(id, this.#encodeLogin(login), Date.now()),
      forget: () => store.setLogin(id, null, Date.now()),
    };
  }

  /** Null: it cannot be remembered, and neither is another that was before. */
  #encodeLogin(login: Record<string, unknown>): string | null {
    try {
      const octets = encodeMessage([0, login], "cbor", false) as Uint8Array;
      if (octets.length <= MOST_LOGIN_OCTETS) return octets.toBase64();
      const reason = `longer than ${MOST_LOGIN_OCTETS} octets`;
      this.#log.warn("login not remembered by cookie", { reason });
    } catch (thrown) {
      if (!(thrown instanceof UnrepresentableValue)) throw thrown;
      this.#log.warn("login not remembered by cookie", { reason: thrown.message });
    }
    return null;
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
    trackers.set(config, new CookieTracker(cookie, openCookieStore(cookie.store, log), log));
  }
  return trackers;
}

/** A login that was kept; undefined for a text that is none, as in a file that somebody changed. */
function decodeLogin(kept: string): Record<string, unknown> | undefined {
  try {
    const [, login] = decodeMessage(Buffer.from(kept, "base64"), "cbor");
    return isRecord(login) ? login : undefined;
  } catch {
    return undefined;
  }
}

/** Random characters of base64url, six bits each. */
function randomId(length: number): string {
  const octets = crypto.getRandomValues(new Uint8Array(length));
  return Buffer.from(octets).toString("base64url").slice(0, length);
}
