/**
 * CookieTracker: recognizes a browser that connects again by the cookie of an earlier handshake, and
 * remembers the login that the cookie stands for.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import type { CookieConfig } from "#config/web-service/cookie-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ClientCookie } from "#wamp/peer.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { type CookieStore, MemoryCookieStore } from "./cookie-store.ts";
import { FileCookieStore } from "./file-cookie-store.ts";

/** Longest login that is remembered, in octets of CBOR; `authextra` can be as long as a message. */
const MAX_LOGIN_OCTETS = 1024;

/** The cookie of a handshake. */
export interface TrackedCookie {
  /** Value of the cookie, known or new. */
  id: string;
  /** Value of Set-Cookie for the answer; null: the client has the cookie already. */
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

  /** The store, if it is that of another configuration too. */
  storeFor({ store }: CookieConfig): CookieStore | undefined {
    return Bun.deepEquals(store, this.#config.store) ? this.#store : undefined;
  }

  /** Recognizes a client by its Cookie header, or issues a cookie. Values not issued here are never accepted. */
  track(header: string | null, now: number): TrackedCookie {
    const known = this.#known(header, now);
    if (known !== undefined) return { id: known, setCookie: null };
    const { length, max_age } = this.#config;
    const id = randomId(length);
    this.#store.add(id, now + max_age * 1000);
    return { id, setCookie: this.#setCookie(id) };
  }

  /** The cookie of a client that has it from an earlier handshake; undefined: it has none. */
  recognize(header: string | null, now: number): ClientCookie | undefined {
    const id = this.#known(header, now);
    return id === undefined ? undefined : this.cookieOf({ id, setCookie: null });
  }

  /** The login that a tracked cookie stands for. */
  cookieOf({ id }: TrackedCookie): ClientCookie {
    const store = this.#store;
    return {
      recall() {
        const login = store.login(id, Date.now());
        return login === null ? undefined : decodeLogin(login);
      },
      remember: (login) => store.setLogin(id, this.#encodeLogin(login), Date.now()),
      forget: () => store.setLogin(id, null, Date.now()),
    };
  }

  #known(header: string | null, now: number): string | undefined {
    return this.#candidates(header).find((value) => this.#store.has(value, now));
  }

  /** Null: the login cannot be remembered; an earlier one is forgotten. */
  #encodeLogin(login: Record<string, unknown>): string | null {
    try {
      const octets = encodeMessage([0, login], "cbor");
      if (octets.length <= MAX_LOGIN_OCTETS) return octets.toBase64();
      const reason = `longer than ${MAX_LOGIN_OCTETS} octets`;
      this.#log.warn("login not remembered by cookie", { reason });
    } catch (thrown) {
      if (!(thrown instanceof UnrepresentableValue)) throw thrown;
      this.#log.warn("login not remembered by cookie", { reason: thrown.message });
    }
    return null;
  }

  /** Cookie values of the right form; a client may send several, for different paths. */
  #candidates(header: string | null): string[] {
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
 * The trackers of all paths that issue cookies. They go on with the cookies of `before`, the trackers by path.
 *
 * @throws Failure when the file of one cannot be read or written.
 */
export function openCookieTrackers<Config extends { cookie?: CookieConfig }>(
  mounted: readonly { path: string; config: Config }[],
  log: Logger,
  before: ReadonlyMap<string, CookieTracker> = new Map(),
): Map<Config, CookieTracker> {
  const trackers = new Map<Config, CookieTracker>();
  for (const { path, config } of mounted) {
    const { cookie } = config;
    if (cookie === undefined) continue;
    const store = before.get(path)?.storeFor(cookie) ?? openCookieStore(cookie.store, log);
    trackers.set(config, new CookieTracker(cookie, store, log));
  }
  return trackers;
}

/**
 * Opens the store of a cookie.
 *
 * @throws Failure when its file cannot be read or written.
 */
export function openCookieStore(store: CookieConfig["store"], log: Logger): CookieStore {
  return store.type === "memory"
    ? new MemoryCookieStore()
    : new FileCookieStore(store.filename, log);
}

/** A stored login; undefined where it cannot be decoded, as in a file that was edited. */
function decodeLogin(text: string): Record<string, unknown> | undefined {
  try {
    const [, login] = decodeMessage(Buffer.from(text, "base64"), "cbor");
    return isRecord(login) ? login : undefined;
  } catch {
    return undefined;
  }
}

/** Random base64url characters, six bits each. */
function randomId(length: number): string {
  const octets = crypto.getRandomValues(new Uint8Array(length));
  return Buffer.from(octets).toString("base64url").slice(0, length);
}
