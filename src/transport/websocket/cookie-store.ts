/**
 * CookieStore: the issued cookies, and the store that keeps them in memory.
 *
 * @module
 */

/**
 * Beyond this number the oldest cookie is forgotten, first of those without a login: a client that makes many
 * cookies must not log others out.
 */
const MAX_COOKIES = 100_000;

/** Knows cookies by their value until they expire. Times are milliseconds since 1970. */
export interface CookieStore {
  has(id: string, now: number): boolean;
  add(id: string, expires: number): void;
  /** The login stored for a cookie; null: there is none, or the cookie is unknown. */
  login(id: string, now: number): string | null;
  /** Stores a login for a known cookie until the cookie expires, or (null) forgets it. */
  setLogin(id: string, login: string | null, now: number): void;
}

/** One cookie; `login` is undefined where there has never been one. */
export interface Cookie {
  expires: number;
  login?: string | null;
}

/** The cookies of this worker. */
export class MemoryCookieStore implements CookieStore {
  readonly #withLogin = new Map<string, Cookie>();
  readonly #withoutLogin = new Map<string, Cookie>();

  has(id: string, now: number): boolean {
    return this.get(id, now) !== undefined;
  }

  add(id: string, expires: number): void {
    this.put(id, { expires });
  }

  login(id: string, now: number): string | null {
    return this.get(id, now)?.login ?? null;
  }

  setLogin(id: string, login: string | null, now: number): void {
    const cookie = this.get(id, now);
    if (cookie !== undefined) this.put(id, { ...cookie, login });
  }

  /** A cookie that has not expired. */
  get(id: string, now: number): Cookie | undefined {
    const cookie = this.#withLogin.get(id) ?? this.#withoutLogin.get(id);
    return cookie !== undefined && cookie.expires > now ? cookie : undefined;
  }

  /** Adds or replaces a cookie. */
  put(id: string, cookie: Cookie): void {
    const isLoggedIn = (cookie.login ?? null) !== null;
    (isLoggedIn ? this.#withoutLogin : this.#withLogin).delete(id);
    (isLoggedIn ? this.#withLogin : this.#withoutLogin).set(id, cookie);
    if (this.size <= MAX_COOKIES) return;
    const cookies = this.#withoutLogin.size > 0 ? this.#withoutLogin : this.#withLogin;
    const [oldest] = cookies.keys();
    if (oldest !== undefined) cookies.delete(oldest);
  }

  get size(): number {
    return this.#withoutLogin.size + this.#withLogin.size;
  }

  /** The cookies that have not expired: without a login, then with one; the oldest first. */
  entries(now: number): [id: string, cookie: Cookie][] {
    return [...this.#withoutLogin, ...this.#withLogin].filter(([, { expires }]) => expires > now);
  }
}
