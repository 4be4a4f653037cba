/**
 * Principals: what is known of somebody who may join, and where it is looked up.
 *
 * An authmethod asks a source for the principal that a client claims to be, and compares what the
 * client proves with the credentials it gets. The source is a list in the configuration (`static`)
 * or an authenticator, a WAMP procedure (`dynamic`); the authmethod does not know which.
 *
 * @module
 */

import { ErrorUri } from "#wamp/error-uri.ts";
import { DecoyPrincipals, type MakeDecoy } from "./decoy-principals.ts";
import { deny } from "./deny.ts";
import type { Accept, Deny, HelloRequest } from "./pending-auth.ts";

/** Who somebody is, as far as the source decides it; what is undefined, the client's HELLO decides. */
export interface Principal {
  realm?: string | undefined;
  authid?: string | undefined;
  role?: string | undefined;
  extra?: Record<string, unknown> | undefined;
}

/** What a client says of itself when a source is asked. */
export interface Claim {
  authmethod: string;
  request: HelloRequest;
  /** What the authmethod adds for an authenticator: `ticket`, `pubkey` and so on. */
  details?: Record<string, unknown>;
}

/** Where principals with credentials of one authmethod are looked up; undefined: nobody. */
export interface PrincipalSource<Credentials> {
  /** WELCOME's `authprovider`. */
  readonly authprovider: "static" | "dynamic";
  find(claim: Claim): Promise<(Principal & Credentials) | Deny | undefined>;
  /**
   * Credentials for somebody unknown, who is challenged as everybody else, so that the challenge does
   * not tell who is known: nobody has them. Undefined, or absent: there is nothing to look like.
   */
  decoy?(claim: Claim): (Principal & Credentials) | undefined;
}

/** Principals of the configuration, by authid; with a disguise, unknown authids look like known ones. */
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

  async find({ request }: Claim): Promise<(Principal & Credentials) | undefined> {
    const authid = request.authid ?? "";
    return Object.hasOwn(this.#principals, authid) ? this.#principals[authid] : undefined;
  }

  decoy({ request }: Claim): (Principal & Credentials) | undefined {
    if (this.#makeDecoy === undefined || request.authid === undefined) return undefined;
    return DecoyPrincipals.of(this.#principals).decoyFor(this.#makeDecoy, request.authid);
  }
}

/** One principal of the configuration, who is everybody. */
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
 * Lets a principal in that has proved who it is. Without an authid or a role nobody can be let in
 * (as in Crossbar: `no_such_principal`, `no_such_role`).
 */
export function acceptPrincipal(
  principal: Principal,
  { authmethod, request }: Claim,
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
  };
}

/** The claim without those items of `authextra` that were there for the proof alone. */
export function withoutProof(claim: Claim, names: readonly string[]): Claim {
  const rest = Object.entries(claim.request.authextra).filter(([name]) => !names.includes(name));
  return { ...claim, request: { ...claim.request, authextra: Object.fromEntries(rest) } };
}
