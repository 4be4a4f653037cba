/**
 * Principals: the identities that may join, and the sources in which they are looked up.
 *
 * An authmethod asks a source for the principal that a HELLO names, and compares the client's proof
 * with the credentials that it gets. The source is the configuration (`static`), an authenticator, which is
 * a WAMP procedure (`dynamic`) or a function of Python (`function`), or a token (`jwt`); the authmethod does not
 * know which.
 *
 * @module
 */

import { ErrorUri } from "#wamp/error-uri.ts";
import { DecoyPrincipals, type MakeDecoy } from "./decoy-principals.ts";
import { type Accept, type Deny, deny, type HelloRequest, isDeny } from "./pending-auth.ts";

/** An identity as far as its source decides it; HELLO supplies what is undefined, except the role. */
export interface Principal {
  realm?: string | undefined;
  authid?: string | undefined;
  role?: string | undefined;
  extra?: Record<string, unknown> | undefined;
  /** When its session ends, in milliseconds since 1970; undefined: it does not end by itself. */
  until?: number | undefined;
}

/** A lookup of the principal that a HELLO names. */
export interface PrincipalQuery {
  authmethod: string;
  request: HelloRequest;
  /** What the authmethod adds for an authenticator: `ticket`, `pubkey` and so on. */
  details?: Record<string, string>;
}

/** Looks up principals with the credentials of one authmethod. */
export interface PrincipalSource<Credentials> {
  /** WELCOME's `authprovider`. */
  readonly authprovider: "static" | "dynamic" | "function" | "jwt";
  /** Undefined: there is no such principal. */
  find(query: PrincipalQuery): Promise<(Principal & Credentials) | Deny | undefined>;
  /**
   * Credentials that no client has, with which an unknown authid is challenged like a known one, so
   * that the challenge does not reveal which authids exist. Undefined, or absent: there are none.
   */
  decoy?(query: PrincipalQuery): (Principal & Credentials) | undefined;
}

/** What a challenge is made from. */
export interface ChallengedPrincipal<Credentials> {
  /** Undefined: the authid is unknown, and every proof is wrong. */
  principal: (Principal & Credentials) | undefined;
  /** Those of the principal or of a decoy; undefined: the source has neither. */
  credentials: (Principal & Credentials) | undefined;
}

/**
 * Looks up the credentials for a challenge. The decoy is made for a known authid too, so that the
 * time does not reveal which authids exist.
 */
export async function findChallenged<Credentials>(
  source: PrincipalSource<Credentials>,
  query: PrincipalQuery,
): Promise<ChallengedPrincipal<Credentials> | Deny> {
  const principal = await source.find(query);
  if (isDeny(principal)) return principal;
  const decoy = source.decoy?.(query);
  return { principal, credentials: principal ?? decoy };
}

/** Principals of the configuration by authid; with `makeDecoy`, unknown authids get decoys. */
export class StaticPrincipals<Credentials> implements PrincipalSource<Credentials> {
  readonly authprovider = "static";
  readonly #principals: Record<string, Principal & Credentials>;
  readonly #makeDecoy: MakeDecoy<Principal & Credentials> | undefined;

  constructor(
    principals: Record<string, Principal & Credentials>,
    makeDecoy?: MakeDecoy<Principal & Credentials>,
  ) {
    this.#principals = principals;
    this.#makeDecoy = makeDecoy;
  }

  async find({ request }: PrincipalQuery): Promise<(Principal & Credentials) | undefined> {
    const { authid } = request;
    if (authid === undefined || !Object.hasOwn(this.#principals, authid)) return undefined;
    return this.#principals[authid];
  }

  decoy({ request }: PrincipalQuery): (Principal & Credentials) | undefined {
    if (this.#makeDecoy === undefined || request.authid === undefined) return undefined;
    return DecoyPrincipals.of(this.#principals).decoyFor(this.#makeDecoy, request.authid);
  }
}

/** The one configured principal that every client becomes. */
export class SinglePrincipal implements PrincipalSource<object> {
  readonly authprovider = "static";
  readonly #principal: Principal;

  constructor(principal: Principal) {
    this.#principal = principal;
  }

  async find(): Promise<Principal> {
    return this.#principal;
  }
}

/**
 * Accepts a client as an authenticated principal, unless the principal lacks an authid or a role
 * (as in Crossbar: `no_such_principal`, `no_such_role`).
 */
export function acceptPrincipal(
  principal: Principal,
  { authmethod, request }: PrincipalQuery,
  authprovider: string,
): Accept | Deny {
  const authid = principal.authid ?? request.authid;
  if (authid === undefined) {
    const refusal = deny(authmethod, "no authid");
    return { ...refusal, uri: ErrorUri.noSuchPrincipal, isBlameless: true };
  }
  if (principal.role === undefined) {
    const refusal = deny(authmethod, "no role is assigned");
    return { ...refusal, uri: ErrorUri.noSuchRole, isBlameless: true };
  }
  return {
    kind: "accept",
    identity: {
      realm: principal.realm ?? request.realm,
      authid,
      authrole: principal.role,
      authmethod,
      authprovider,
      authextra: principal.extra ?? request.authextra,
    },
    ...(principal.until !== undefined && { until: principal.until }),
  };
}

/** The query without these attributes of `authextra`, which only the proof needed. */
export function omitAuthextra(query: PrincipalQuery, names: readonly string[]): PrincipalQuery {
  const { request } = query;
  const rest = Object.entries(request.authextra).filter(([name]) => !names.includes(name));
  return { ...query, request: { ...request, authextra: Object.fromEntries(rest) } };
}
