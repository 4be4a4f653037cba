/** Foreign WAMP clients behind one interface. */

import { createPrivateKey, createPublicKey } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import * as autobahn22 from "autobahn";
import { type AutobahnSession, auth_cra, auth_cryptosign, type Identity } from "autobahn";
import * as autobahn26 from "autobahn-26";
import { Wampy } from "wampy";
import { CborSerializer } from "wampy/CborSerializer.js";
import { sign as signCryptosign } from "wampy/cryptosign.js";
import { JsonSerializer } from "wampy/JsonSerializer.js";
import { MsgpackSerializer } from "wampy/MsgpackSerializer.js";
import { sign as signCra } from "wampy/wampcra.js";

/** The Python of the virtual environment that `npm test` makes. */
export const PYTHON = resolve(import.meta.dir, "../../.venv/bin/python");

/** Whether `npm test` has put the Python peers in place. */
export const hasPython = existsSync(join(resolve(import.meta.dir, "../../.venv"), ".ready"));

/** The serializers by name. */
export type Serializer = "json" | "msgpack" | "cbor";

/** One joined client. */
export interface WampClient {
  name: string;
  /** What WELCOME says. */
  identity: Identity;
  subscribe(topic: string, onEvent: (args: unknown[]) => void): Promise<void>;
  publish(topic: string, args: unknown[]): Promise<void>;
  /** Registers a procedure that returns its arguments. */
  registerEcho(procedure: string): Promise<void>;
  call(procedure: string, args: unknown[]): Promise<unknown>;
  leave(): Promise<void>;
}

/** How a client authenticates; without it, anonymous. */
export type Proof =
  | { authid: string; ticket: string }
  | { authid: string; secret: string }
  /** SCRAM. */
  | { authid: string; password: string }
  /** Seed of an Ed25519 key, in hex; `authid` is left out where the key is enough. */
  | { authid?: string; privkey: string; channelBinding?: "tls-unique"; authextra?: object }
  /** What a browser has kept. */
  | { cookie: true }
  /** A certificate that is shown in the TLS handshake. */
  | { certificate: true };

/** The authmethod of a proof. */
export function methodOf(proof: Proof): string {
  if ("ticket" in proof) return "ticket";
  if ("secret" in proof) return "wampcra";
  if ("password" in proof) return "scram";
  if ("privkey" in proof) return "cryptosign";
  return "cookie" in proof ? "cookie" : "tls";
}

/** Files and terms of a connection over TLS. */
export interface TlsTerms {
  ca: string;
  certificate?: string;
  key?: string;
  maximum?: "1.2";
}

function authidOf(proof: Proof): { authid?: string } {
  return "authid" in proof && proof.authid !== undefined ? { authid: proof.authid } : {};
}

/** The public key to the seed of an Ed25519 key, both in hex. */
export function publicKey(seed: string): string {
  const key = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex");
  const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  return Buffer.from(x, "base64url").toHex();
}

/** A release of Autobahn for JavaScript. */
type Autobahn = typeof autobahn22;

const AUTOBAHN_SERIALIZERS = {
  json: "JSONSerializer",
  msgpack: "MsgpackSerializer",
  cbor: "CBORSerializer",
} as const;

/** Joins with Autobahn for JavaScript; with an `http` URL over long polling, which is JSON. */
export function joinAutobahn(
  url: string,
  serializer: Serializer,
  auth?: Proof,
): Promise<WampClient> {
  return joinWith(autobahn22, url, serializer, auth);
}

/** Joins with its newest release. */
export function joinAutobahn26(
  url: string,
  serializer: Serializer,
  auth?: Proof,
): Promise<WampClient> {
  return joinWith(autobahn26, url, serializer, auth);
}

async function joinWith(
  library: Autobahn,
  url: string,
  serializer: Serializer,
  auth?: Proof,
): Promise<WampClient> {
  const isPolling = url.startsWith("http");
  const connection = new library.Connection({
    ...(isPolling ? { transports: [{ type: "longpoll", url }] } : { url }),
    realm: "realm1",
    max_retries: 0,
    serializers: [new library.serializer[AUTOBAHN_SERIALIZERS[serializer]]()],
    ...(auth && { authmethods: [methodOf(auth)], ...authidOf(auth) }),
    ...(auth && "privkey" in auth && { authextra: { pubkey: publicKey(auth.privkey) } }),
    ...(auth && {
      onchallenge: (_: unknown, __: string, extra: AutobahnExtra) => answer(auth, extra),
    }),
  });
  const closed = Promise.withResolvers<void>();
  let identity: Identity | undefined;
  const session = await new Promise<AutobahnSession>((joined, reject) => {
    connection.onopen = (one, details) => {
      identity = identityOf(details);
      joined(one);
    };
    connection.onclose = (reason, details) => {
      closed.resolve();
      reject(new Error(`${reason} ${details?.reason ?? ""}`.trim()));
      return true;
    };
    connection.open();
  });
  if (identity === undefined) throw new Error("Autobahn joined without an identity");
  return {
    name: `autobahn (JavaScript) over ${isPolling ? "long polling" : serializer}`,
    identity,
    async subscribe(topic, onEvent) {
      await session.subscribe(topic, (args) => onEvent(args));
    },
    async publish(topic, args) {
      await session.publish(topic, args, {}, { acknowledge: true });
    },
    async registerEcho(procedure) {
      await session.register(procedure, (args) => args);
    },
    call: (procedure, args) => session.call(procedure, args),
    async leave() {
      connection.close("wamp.close.normal");
      await closed.promise;
    },
  };
}

type AutobahnExtra = Record<string, never>;

/** What Autobahn for JavaScript answers to a CHALLENGE. */
function answer(auth: Proof, extra: AutobahnExtra): string {
  const { challenge = "", salt, iterations, keylen } = extra as Partial<AutobahnExtra>;
  if ("ticket" in auth) return auth.ticket;
  if ("secret" in auth) {
    const key = salt ? auth_cra.derive_key(auth.secret, salt, iterations, keylen) : auth.secret;
    return auth_cra.sign(key, challenge);
  }
  if (!("privkey" in auth)) throw new Error(`Autobahn knows no ${methodOf(auth)}`);
  const secretKey = Uint8Array.fromHex(auth.privkey + publicKey(auth.privkey));
  return auth_cryptosign.sign_challenge({ secretKey }, extra);
}

function identityOf(details: Partial<Identity>): Identity {
  const { realm = "", authid = "", authrole = "", authmethod = "", authprovider = "" } = details;
  return { realm, authid, authrole, authmethod, authprovider };
}

const wampySerializers = {
  json: () => new JsonSerializer(),
  msgpack: () => new MsgpackSerializer(),
  cbor: () => new CborSerializer(),
};

/** Joins with wampy. */
export async function joinWampy(
  url: string,
  serializer: Serializer,
  auth?: Proof,
): Promise<WampClient> {
  const wampy = new Wampy(url, {
    realm: "realm1",
    serializer: wampySerializers[serializer](),
    ws: WebSocket,
    autoReconnect: false,
    ...(auth && wampyAuth(auth)),
  });
  const welcome = (await wampy.connect()) as unknown as Partial<Identity>;
  return {
    name: `wampy over ${serializer}`,
    identity: identityOf(welcome),
    async subscribe(topic, onEvent) {
      await wampy.subscribe(topic, ({ argsList }) => onEvent(argsList ?? []));
    },
    async publish(topic, args) {
      await wampy.publish(topic, args);
    },
    async registerEcho(procedure) {
      await wampy.register(procedure, ({ argsList }) => ({ argsList: [argsList ?? []] }));
    },
    async call(procedure, args) {
      const { argsList } = (await wampy.call(procedure, args)) as { argsList: unknown[] };
      return argsList[0];
    },
    async leave() {
      await wampy.disconnect();
    },
  };
}

/** Its plugins ask for more than its own types promise them. */
type OnChallenge = (method: string, extra: Record<string, unknown>) => string | Promise<string>;

function wampyAuth(auth: Proof) {
  const common = { ...authidOf(auth), authmethods: [methodOf(auth)] };
  if ("ticket" in auth) return { ...common, onChallenge: () => auth.ticket };
  if ("secret" in auth)
    return { ...common, onChallenge: signCra(auth.secret) as unknown as OnChallenge };
  if (!("privkey" in auth)) throw new Error(`wampy knows no ${methodOf(auth)}`);
  const authextra = { pubkey: publicKey(auth.privkey) };
  return {
    ...common,
    authextra,
    onChallenge: signCryptosign(auth.privkey) as unknown as OnChallenge,
  };
}

/** Joins with Autobahn for Python, in a process of its own. */
export async function joinPython(
  url: string,
  serializer: Serializer | `${Serializer}.batched`,
  auth?: Proof,
  tls?: TlsTerms,
): Promise<WampClient> {
  const script = resolve(import.meta.dir, "../python/client.py");
  const credentials = auth || tls ? [JSON.stringify(auth ? pythonAuth(auth) : null)] : [];
  if (tls) credentials.push(JSON.stringify(tls));
  const child = Bun.spawn([PYTHON, script, url, serializer, ...credentials], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const stderr = new Response(child.stderr).text();
  const waiting: ((said: Said) => void)[] = [];
  const said: Said[] = [];
  let onEvent: (args: unknown[]) => void = () => {};
  const listen = async () => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const one = JSON.parse(line) as Said;
        if (one.event) onEvent(one.event);
        else if (waiting.length > 0) waiting.shift()?.(one);
        else said.push(one);
      }
    }
    const failure = `the Python client ended: ${(await stderr).slice(-500)}`;
    for (const tell of waiting.splice(0)) tell({ error: failure });
  };
  const listening = listen();
  const next = () =>
    new Promise<Said>((resolve) => {
      const first = said.shift();
      if (first) resolve(first);
      else waiting.push(resolve);
    });
  const order = async (what: object): Promise<Said> => {
    child.stdin.write(`${JSON.stringify(what)}\n`);
    await child.stdin.flush();
    return expectNoError(await next());
  };
  const { joined = {} } = expectNoError(await next());
  return {
    name: `autobahn (Python) over ${serializer}`,
    identity: identityOf(joined),
    async subscribe(topic, handler) {
      onEvent = handler;
      await order({ do: "subscribe", uri: topic });
    },
    async publish(topic, args) {
      await order({ do: "publish", uri: topic, args });
    },
    async registerEcho(procedure) {
      await order({ do: "register", uri: procedure });
    },
    async call(procedure, args) {
      return (await order({ do: "call", uri: procedure, args })).result;
    },
    async leave() {
      await order({ do: "leave" });
      child.kill();
      await Promise.all([child.exited, listening]);
    },
  };
}

/** One of several joins with Autobahn for Python. */
export interface PythonJoin {
  url: string;
  serializer: Serializer;
  auth: Proof;
  tls?: TlsTerms;
}

/** What came of a join: who the client is, or `<uri> <message>`. */
export type PythonOutcome = { joined: Identity; answer: unknown[] } | { refused: string };

/** Joins, calls a procedure of its own and leaves, all in one process. */
export async function joinAllPython(joins: PythonJoin[]): Promise<PythonOutcome[]> {
  const script = resolve(import.meta.dir, "../python/joins.py");
  const cases = joins.map(({ url, serializer, auth, tls }) => ({
    url,
    serializer,
    authentication: pythonAuth(auth),
    ...(tls && { tls }),
  }));
  const stdin = Buffer.from(JSON.stringify(cases));
  const child = Bun.spawn([PYTHON, script], { stdin, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if (stdout === "") throw new Error(`the Python clients ended: ${stderr.slice(-500)}`);
  return JSON.parse(stdout) as PythonOutcome[];
}

function pythonAuth(auth: Proof): object {
  if ("certificate" in auth) return { tls: {} };
  if (!("privkey" in auth)) return { [methodOf(auth)]: auth };
  const { privkey, channelBinding } = auth;
  const binding = channelBinding && { channel_binding: channelBinding };
  const authextra = { ...auth.authextra, ...binding };
  return { cryptosign: { ...authidOf(auth), privkey, authextra } };
}

interface Said {
  joined?: Partial<Identity>;
  event?: unknown[];
  result?: unknown;
  error?: string;
  left?: string;
  message?: string | null;
}

function expectNoError(said: Said): Said {
  if (said.error !== undefined) throw new Error(said.error);
  const isExpected = said.left === undefined || said.left.startsWith("wamp.close.");
  if (!isExpected) throw new Error(`${said.left} ${said.message ?? ""}`.trim());
  return said;
}
