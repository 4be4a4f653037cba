/**
 * Authmethod `scram`: client and server prove to each other that they know a password, or what was
 * derived from it (RFC 5802, as WAMP-SCRAM has it).
 *
 *     AuthMessage = "n=" authid ",r=" client-nonce
 *                   ",r=" server-nonce ",s=" salt ",i=" iterations
 *                   ",c=" ",r=" server-nonce                          (no channel binding)
 *     ClientKey   = ClientProof XOR HMAC-SHA256(StoredKey, AuthMessage);  StoredKey = SHA-256(ClientKey)
 *
 * Only clients derive keys from passwords (PBKDF2 or Argon2id); the router knows what came of it.
 *
 * @module
 */

import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { MakeDecoy } from "./decoy-principals.ts";
import { deny, denyProof, isDeny } from "./deny.ts";
import type { AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";
import {
  acceptPrincipal,
  type Claim,
  type Principal,
  type PrincipalSource,
  withoutProof,
} from "./principal.ts";

/** What was derived from a password, and how; octets are in hex, `memory` is KiB. */
export interface ScramCredentials {
  kdf: string;
  iterations: number;
  memory?: number | undefined;
  salt: string;
  "stored-key": string;
  "server-key": string;
}

/** A challenge that waits for its proof. */
interface Pending {
  claim: Claim;
  authMessage: string;
  serverNonce: string;
  credentials: ScramCredentials;
  /** Undefined: nobody, who is challenged all the same. */
  principal: Principal | undefined;
}

/** Longest nonce of a client, in octets. */
const MOST_NONCE_OCTETS = 1024;

/** Challenges for a client's proof; WELCOME carries the server's (`scram_server_signature`). */
export class ScramAuth implements PendingAuth {
  readonly #source: PrincipalSource<ScramCredentials>;
  #pending: Pending | undefined;

  constructor(source: PrincipalSource<ScramCredentials>) {
    this.#source = source;
  }

  async hello(request: HelloRequest): Promise<AuthOutcome> {
    const { authid, authextra } = request;
    const { nonce, channel_binding: binding } = authextra as ScramAuthextra;
    // Both go into AuthMessage, which clients sign as ASCII and cannot sign in another form.
    if (authid === undefined || !/^[\x20-\x7e]+$/.test(authid)) {
      return deny("scram", "authid is not a text of printable ASCII");
    }
    const clientNonce = fromBase64(nonce);
    if (clientNonce === undefined) return deny("scram", "authextra.nonce is not base64");
    if (clientNonce.length > MOST_NONCE_OCTETS) {
      return deny("scram", `authextra.nonce is longer than ${MOST_NONCE_OCTETS} octets`);
    }
    if (binding !== undefined && binding !== null && binding !== "") {
      return deny("scram", "SCRAM is not bound to the channel here; leave out channel_binding");
    }
    const claim = { authmethod: "scram", request };
    const principal = await this.#source.find(claim);
    if (isDeny(principal)) return principal;
    const decoy = this.#source.decoy?.(claim);
    const shown = principal ?? decoy;
    if (shown === undefined) return denyProof("scram");
    const { kdf, iterations, memory } = shown;
    const salt = Buffer.from(shown.salt, "hex").toString("base64");
    const serverNonce = Buffer.concat([clientNonce, randomBytes(16)]).toString("base64");
    const first = `n=${authid},r=${nonce}`;
    const serverFirst = `r=${serverNonce},s=${salt},i=${iterations}`;
    const authMessage = `${first},${serverFirst},c=,r=${serverNonce}`;
    this.#pending = { claim, authMessage, serverNonce, credentials: shown, principal };
    const extra = {
      nonce: serverNonce,
      kdf,
      salt,
      iterations,
      ...(memory === undefined ? {} : { memory }),
    };
    return { kind: "challenge", authmethod: "scram", extra };
  }

  async authenticate(signature: string, extra: Record<string, unknown>): Promise<AuthOutcome> {
    const pending = this.#pending;
    // One try for each CHALLENGE: a second AUTHENTICATE finds nothing to prove.
    this.#pending = undefined;
    if (pending === undefined) return denyProof("scram");
    const { claim, authMessage, serverNonce, credentials, principal } = pending;
    const nonce = extra["nonce"] ?? serverNonce;
    const matches = nonce === serverNonce && isProof(signature, credentials, authMessage);
    if (principal === undefined || !matches) return denyProof("scram");
    const rest = withoutProof(claim, ["nonce", "channel_binding"]);
    const outcome = acceptPrincipal(principal, rest, this.#source.authprovider);
    if (outcome.kind === "deny") return outcome;
    const serverSignature = hmac(credentials["server-key"], authMessage).toString("base64");
    return { ...outcome, welcomeExtra: { scram_server_signature: serverSignature } };
  }
}

/** A principal that nobody is, with a salt of the same length. */
export const decoyScram: MakeDecoy<Principal & ScramCredentials> = (like, random) => ({
  ...like,
  salt: random.saltLike(like.salt),
  "stored-key": random.octets(32, "stored-key").toHex(),
  "server-key": random.octets(32, "server-key").toHex(),
});

interface ScramAuthextra {
  nonce?: unknown;
  channel_binding?: unknown;
}

function isProof(signature: string, credentials: ScramCredentials, authMessage: string): boolean {
  const storedKey = Buffer.from(credentials["stored-key"], "hex");
  const clientSignature = hmac(credentials["stored-key"], authMessage);
  const proof = fromBase64(signature);
  if (proof?.length !== clientSignature.length) return false;
  const clientKey = proof.map((octet, index) => octet ^ (clientSignature[index] ?? 0));
  return timingSafeEqual(createHash("sha256").update(clientKey).digest(), storedKey);
}

function hmac(hexKey: string, text: string): Buffer {
  return createHmac("sha256", Buffer.from(hexKey, "hex")).update(text, "ascii").digest();
}

/** Octets out of base64 in its one spelling; undefined for anything else, and for none. */
function fromBase64(text: unknown): Buffer | undefined {
  if (typeof text !== "string" || text === "") return undefined;
  const octets = Buffer.from(text, "base64");
  return octets.toString("base64") === text ? octets : undefined;
}
