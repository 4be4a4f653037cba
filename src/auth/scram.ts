/**
 * Authmethod `scram`: client and server prove to each other that they know a password, or the keys
 * derived from it (RFC 5802, in the form of WAMP-SCRAM).
 *
 *     AuthMessage = "n=" authid ",r=" client-nonce
 *                   ",r=" server-nonce ",s=" salt ",i=" iterations
 *                   ",c=" ",r=" server-nonce                          (no channel binding)
 *     ClientKey   = ClientProof XOR HMAC-SHA256(StoredKey, AuthMessage);  StoredKey = SHA-256(ClientKey)
 *
 * Only clients derive keys from passwords (PBKDF2 or Argon2id); the router has the derived keys.
 *
 * @module
 */

import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { MakeDecoy } from "./decoy-principals.ts";
import {
  type AuthOutcome,
  type Deny,
  deny,
  denyProof,
  type HelloRequest,
  isDeny,
  type PendingAuth,
  PendingChallenge,
} from "./pending-auth.ts";
import {
  acceptPrincipal,
  findChallenged,
  omitAuthextra,
  type Principal,
  type PrincipalQuery,
  type PrincipalSource,
} from "./principal.ts";

/** The keys derived from a password, and how; octets are in hex, `memory` is in KiB. */
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
  query: PrincipalQuery;
  authMessage: string;
  serverNonce: string;
  credentials: ScramCredentials;
  /** Undefined: the authid is unknown, and the credentials are a decoy's. */
  principal: Principal | undefined;
}

/** Longest nonce of a client, in octets. */
const MAX_NONCE_OCTETS = 1024;

/** Sends a challenge for the client's proof; WELCOME has the server's (`scram_server_signature`). */
export class ScramAuth implements PendingAuth {
  readonly #source: PrincipalSource<ScramCredentials>;
  readonly #pending = new PendingChallenge<Pending>();

  constructor(source: PrincipalSource<ScramCredentials>) {
    this.#source = source;
  }

  async hello(request: HelloRequest): Promise<AuthOutcome> {
    const parameters = readParameters(request);
    if (isDeny(parameters)) return parameters;
    const { authid, nonce, clientNonce } = parameters;
    const query = { authmethod: "scram", request };
    const found = await findChallenged(this.#source, query);
    if (isDeny(found)) return found;
    const { principal, credentials } = found;
    if (credentials === undefined) return denyProof("scram");
    const { kdf, iterations, memory } = credentials;
    const salt = Buffer.from(credentials.salt, "hex").toString("base64");
    const serverNonce = Buffer.concat([clientNonce, randomBytes(16)]).toString("base64");
    const clientFirst = `n=${authid},r=${nonce}`;
    const serverFirst = `r=${serverNonce},s=${salt},i=${iterations}`;
    const authMessage = `${clientFirst},${serverFirst},c=,r=${serverNonce}`;
    this.#pending.set({ query, authMessage, serverNonce, credentials, principal });
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
    const pending = this.#pending.take();
    if (pending === undefined) return denyProof("scram");
    const { query, authMessage, serverNonce, credentials, principal } = pending;
    const nonce = extra["nonce"] ?? serverNonce;
    const matches = nonce === serverNonce && isProof(signature, credentials, authMessage);
    if (principal === undefined || !matches) return denyProof("scram");
    const rest = omitAuthextra(query, ["nonce", "channel_binding"]);
    const outcome = acceptPrincipal(principal, rest, this.#source.authprovider);
    if (outcome.kind === "deny") return outcome;
    const serverSignature = hmac(credentials["server-key"], authMessage).toString("base64");
    return { ...outcome, welcomeExtra: { scram_server_signature: serverSignature } };
  }
}

/** A decoy with random keys, and with a salt of the same length. */
export const decoyScram: MakeDecoy<Principal & ScramCredentials> = (template, random) => ({
  ...template,
  salt: random.saltLike(template.salt),
  "stored-key": random.octets(32, "stored-key").toHex(),
  "server-key": random.octets(32, "server-key").toHex(),
});

/** What AuthMessage takes from HELLO. */
interface Parameters {
  authid: string;
  /** The client's nonce in base64, and its octets. */
  nonce: string;
  clientNonce: Buffer;
}

function readParameters({ authid, authextra }: HelloRequest): Parameters | Deny {
  const { nonce, channel_binding: binding } = authextra as ScramAuthextra;
  // Both go into AuthMessage, which clients sign as ASCII and cannot sign in another form.
  if (authid === undefined || !/^[\x20-\x7e]+$/.test(authid)) {
    return deny("scram", "authid is not a text of printable ASCII");
  }
  const clientNonce = fromBase64(nonce);
  if (clientNonce === undefined) return deny("scram", "authextra.nonce is not base64");
  if (clientNonce.length > MAX_NONCE_OCTETS) {
    return deny("scram", `authextra.nonce is longer than ${MAX_NONCE_OCTETS} octets`);
  }
  if (binding !== undefined && binding !== null && binding !== "") {
    return deny("scram", "SCRAM is not bound to the channel here; leave out channel_binding");
  }
  return { authid, nonce: String(nonce), clientNonce };
}

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

/** Decodes canonical base64; undefined for anything else, and for an empty text. */
function fromBase64(text: unknown): Buffer | undefined {
  if (typeof text !== "string" || text === "") return undefined;
  const octets = Buffer.from(text, "base64");
  return octets.toString("base64") === text ? octets : undefined;
}
