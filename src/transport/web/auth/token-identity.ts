/**
 * The identity in the claims of a token: authid, authrole and scopes.
 *
 * @module
 */

import { asRecord } from "#base/record.ts";
import type { TokenConfig } from "#config/auth/token-config.ts";
import type { TokenFault } from "./bearer-challenge.ts";

/** Longest authid and authrole, in characters. */
const MOST_CHARACTERS = 255;

/** The claims of a token whose signature is right. */
export type Claims = Readonly<Record<string, unknown>>;

/** What tokens have to say of their client. */
export type IdentityRules = Pick<
  TokenConfig,
  "authid_claim" | "authrole_claim" | "roles" | "scopes"
>;

/** As whom a client acts. */
export interface TokenIdentity {
  authid: string;
  role: string;
}

/** Reads the identity; `defaultRole` is that of a token that names none, null: such a token is refused. */
export function readIdentity(
  claims: Claims,
  rules: IdentityRules,
  defaultRole: string | null,
): TokenIdentity | TokenFault {
  const authid = claimAt(claims, rules.authid_claim);
  if (!isName(authid)) return invalid(rules.authid_claim, "is no name");
  if (!hasScopes(claims, rules.scopes)) return insufficient("the token lacks a scope");
  const named = namesIn(claimAt(claims, rules.authrole_claim));
  if (named === null) return invalid(rules.authrole_claim, "is no name and no list of names");
  const role = named.length === 0 ? defaultRole : roleAmong(named, rules.roles);
  return role === null ? insufficient(roleState(named)) : { authid, role };
}

/** The one role that counts; null: there is none, or more than one. */
function roleAmong(named: readonly string[], roles: readonly string[] | null): string | null {
  if (roles !== null) return roles.find((role) => named.includes(role)) ?? null;
  const [role] = new Set(named);
  // An issuer that does not know this role must not give all rights by it.
  const isPermitted = new Set(named).size === 1 && role !== "trusted";
  return isPermitted ? (role ?? null) : null;
}

function roleState(named: readonly string[]): string {
  if (named.length === 0) return "the token names no role";
  return "the token names no role, or not one alone, with which clients may act here";
}

function claimAt(claims: Claims, names: readonly string[]): unknown {
  return names.reduce<unknown>((value, name) => {
    const inner = asRecord(value);
    return Object.hasOwn(inner, name) ? inner[name] : undefined;
  }, claims);
}

/** A name, or a list of them; null: it is neither. */
function namesIn(claim: unknown): string[] | null {
  if (claim === undefined || claim === null) return [];
  const names: unknown[] = Array.isArray(claim) ? claim : [claim];
  return names.every(isName) ? names : null;
}

function isName(value: unknown): value is string {
  if (typeof value !== "string" || value === "" || value.length > MOST_CHARACTERS) return false;
  return value.isWellFormed() && !/\p{Cc}/u.test(value);
}

/** Scopes are words of a text in `scope` (RFC 8693), or in `scp`, where some issuers have a list. */
function hasScopes(claims: Claims, wanted: readonly string[]): boolean {
  const granted = new Set(["scope", "scp"].flatMap((name) => wordsIn(claimAt(claims, [name]))));
  return wanted.every((scope) => granted.has(scope));
}

function wordsIn(claim: unknown): unknown[] {
  if (Array.isArray(claim)) return claim;
  return typeof claim === "string" ? claim.split(" ") : [];
}

function invalid(claim: readonly string[], state: string): TokenFault {
  return { code: "invalid_token", state: `the claim ${claim.join(" ")} of the token ${state}` };
}

function insufficient(state: string): TokenFault {
  return { code: "insufficient_scope", state };
}
