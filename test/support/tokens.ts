/** An issuer of bearer tokens: its keys, its JWK Set, and the tokens that it signs. */

import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from "jose";
import type { TokenTicketConfig } from "#config/auth/token-config.ts";
import type { Logger } from "#observe/logger.ts";
import { WorkerTicketTokens } from "#worker/worker-ticket-tokens.ts";
import { afterTest } from "./cleanups.ts";
import { quiet } from "./quiet-context.ts";
import { rawSocketTransport } from "./transports.ts";

/** A secret that is long enough for HS256. */
export const SECRET = "a secret of at least 32 octets, as it has to be";

export const ISSUER = "https://login.example";
export const AUDIENCE = "crossproxy";

/** Tickets that are tokens of this issuer, signed with the secret unless a test says otherwise. */
export function tokenTicket(changes: Partial<TokenTicketConfig> = {}): TokenTicketConfig {
  return {
    type: "jwt",
    issuer: ISSUER,
    audience: [AUDIENCE],
    keys: { type: "secret", secret: SECRET },
    algorithms: ["HS256"],
    clock_tolerance: 0,
    authid_claim: ["sub"],
    authrole_claim: ["role"],
    roles: null,
    scopes: [],
    "default-role": null,
    extra_claims: null,
    ...changes,
  };
}

/** What a worker checks the tokens of these tickets with. */
export async function openTicketTokens(
  tickets: TokenTicketConfig[],
  log: Logger = quiet,
): Promise<WorkerTicketTokens> {
  const tokens = new WorkerTicketTokens(log);
  afterTest(() => tokens.close());
  const transports = tickets.map((ticket) => rawSocketTransport({}, { auth: { ticket } }));
  (await tokens.prepare(transports)).apply();
  return tokens;
}

/** A key pair; its public half is in `jwk`. */
export interface IssuerKey {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  jwk: Record<string, unknown>;
}

/** Makes a key pair. */
export async function issuerKey(kid: string, alg = "ES256"): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  return { kid, alg, privateKey, jwk };
}

/** The JWK Set of an issuer with these keys. */
export const keySet = (...keys: IssuerKey[]) => ({ keys: keys.map(({ jwk }) => jwk) });

/** Claims that replace the usual ones; undefined: the claim is left out. */
export type ChangedClaims = Record<string, unknown>;

/** The claims of a token that is valid for five minutes. */
export function claimsOf(changes: ChangedClaims = {}): JWTPayload {
  const seconds = Math.floor(Date.now() / 1000);
  const usual = { iss: ISSUER, aud: AUDIENCE, sub: "alice", role: "user", exp: seconds + 300 };
  return { ...usual, ...changes };
}

/** A token, signed with a key or with a secret. */
export function sign(
  by: IssuerKey | string,
  changes: ChangedClaims = {},
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  const claims = new SignJWT(claimsOf(changes));
  if (typeof by === "string") {
    const octets = new TextEncoder().encode(by);
    return claims.setProtectedHeader({ alg: "HS256", ...header }).sign(octets);
  }
  const { alg, kid, privateKey } = by;
  return claims.setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
}

/** The part of a token in base64url. */
export const tokenPart = (value: object) =>
  Buffer.from(JSON.stringify(value)).toString("base64url");
