/**
 * Normalizes authmethods of type `static`: principals and their credentials.
 *
 * @module
 */

import type {
  AuthConfig,
  Authmethod,
  CryptosignPrincipal,
  DynamicAuthConfig,
  ScramPrincipal,
  TlsPrincipal,
  TrustrootConfig,
  WampCraUser,
} from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { type AuthItemContext, warnOfRole } from "./auth-context.ts";
import type { AuthItem } from "./auth-schema.ts";
import type { DynamicAuthItem } from "./dynamic-auth-schema.ts";
import { readTrustroot } from "./read-trustroot.ts";
import { readSecret } from "./secret.ts";

/** The static item of an authmethod; the dynamic item is the same for all. */
type Written<Method extends Authmethod> = Exclude<NonNullable<AuthItem[Method]>, DynamicAuthItem>;
type Normalized<Method extends Authmethod> = Exclude<
  NonNullable<AuthConfig[Method]>,
  DynamicAuthConfig
>;

/** Where an authmethod stands, and where its faults are reported. */
export interface Context {
  around: AuthItemContext;
  report: Report;
}

/** One function for each authmethod, in the order of the reference. */
export const staticMethods: {
  [Method in Authmethod]: (
    item: Written<Method>,
    path: JsonPath,
    context: Context,
  ) => Normalized<Method>;
} = {
  anonymous: normalizeAnonymous,
  ticket: normalizeTicket,
  wampcra: normalizeWampCra,
  scram: normalizeScram,
  cryptosign: normalizeCryptosign,
  tls: normalizeTls,
  cookie: normalizeCookieAuth,
  "anonymous-proxy": normalizeTrust,
  "cryptosign-proxy": normalizeSignedProxy,
};

function normalizeAnonymous(
  { role, authid }: Written<"anonymous">,
  path: JsonPath,
  { around, report }: Context,
): Normalized<"anonymous"> {
  warnOfRole(role, path, around, report);
  return { type: "static", role, ...(authid === undefined ? {} : { authid }) };
}

function normalizeTicket(
  { principals }: Written<"ticket">,
  path: JsonPath,
  context: Context,
): Normalized<"ticket"> {
  const normalized = eachPrincipal(principals, [...path, "principals"], context, (one, at) => ({
    ticket: readSecret(one.ticket, [...at, "ticket"], context.report),
    role: one.role,
  }));
  return { type: "static", principals: normalized };
}

function normalizeWampCra(
  { users }: Written<"wampcra">,
  path: JsonPath,
  context: Context,
): Normalized<"wampcra"> {
  const derivation = ["salt", "iterations", "keylen"] as const;
  const normalized = eachPrincipal(users, [...path, "users"], context, (user, at): WampCraUser => {
    const { salt, iterations, keylen, role } = user;
    const secret = readSecret(user.secret, [...at, "secret"], context.report);
    if (salt !== undefined && iterations !== undefined && keylen !== undefined) {
      return { secret, role, salt, iterations, keylen };
    }
    const missing = derivation.filter((name) => user[name] === undefined);
    if (missing.length < derivation.length) {
      const names = missing.map((name) => `"${name}"`).join(" and ");
      const sentence = `a salted secret needs salt, iterations and keylen: ${names} not given`;
      context.report.fault(at, sentence);
    }
    return { secret, role };
  });
  return { type: "static", users: normalized };
}

function normalizeScram(
  { principals }: Written<"scram">,
  path: JsonPath,
  context: Context,
): Normalized<"scram"> {
  const { report } = context;
  const normalize = (written: Written<"scram">["principals"][string], at: JsonPath) => {
    const { kdf, iterations, memory, role } = written;
    const authid = String(at.at(-1));
    if (!/^[\x20-\x7e]+$/.test(authid)) {
      report.fault(at, "expected an authid of printable ASCII: no other is signed by all clients");
    }
    if (kdf === "argon2id-13" && memory === undefined) {
      report.fault(at, 'argon2id-13 needs "memory", in KiB');
    } else if (kdf === "pbkdf2" && memory !== undefined) {
      report.warn([...at, "memory"], "not honoured: pbkdf2 needs no memory");
    }
    const principal: ScramPrincipal = {
      kdf,
      iterations,
      ...(kdf === "argon2id-13" && memory !== undefined ? { memory } : {}),
      salt: written.salt.toLowerCase(),
      "stored-key": written["stored-key"].toLowerCase(),
      "server-key": written["server-key"].toLowerCase(),
      role,
    };
    return principal;
  };
  const normalized = eachPrincipal(principals, [...path, "principals"], context, normalize);
  return { type: "static", principals: normalized };
}

function normalizeCryptosign(
  { principals = {}, trustroots }: Written<"cryptosign">,
  path: JsonPath,
  context: Context,
): Normalized<"cryptosign"> {
  const hasPrincipals = Object.keys(principals).length > 0;
  if (hasPrincipals === (trustroots !== undefined)) {
    context.report.fault(path, 'expected either "principals" or "trustroots"');
  }
  if (trustroots !== undefined) {
    const roots = normalizeTrustroots(trustroots, [...path, "trustroots"], context);
    return { type: "static", principals: {}, trustroots: roots };
  }
  const at = [...path, "principals"];
  const owners = new Map<string, string>();
  const normalized = eachPrincipal(principals, at, context, (one, place): CryptosignPrincipal => {
    const { role, realm } = one;
    const authid = String(place.at(-1));
    const keys = one.authorized_keys.map((key) => key.toLowerCase());
    keys.forEach((key, index) => {
      const owner = owners.get(key);
      owners.set(key, owner ?? authid);
      if (owner === undefined || owner === authid) return;
      const sentence = `"${owner}" has this key too, so clients with it have to say their authid`;
      context.report.warn([...place, "authorized_keys", index], sentence);
    });
    return { authorized_keys: keys, role, ...(realm === undefined ? {} : { realm }) };
  });
  return { type: "static", principals: normalized };
}

function normalizeTrustroots(
  items: NonNullable<Written<"cryptosign">["trustroots"]>,
  path: JsonPath,
  { around, report }: Context,
): Record<string, TrustrootConfig> {
  const roots: Record<string, TrustrootConfig> = {};
  for (const [name, { certificate, role, realm }] of Object.entries(items)) {
    const at = [...path, name];
    warnOfRole(role, at, around, report);
    if (/^0x|\.eth$|^eth\./.test(name)) {
      report.fault(at, "a realm on a blockchain is not supported", true);
    }
    if (certificate === undefined) {
      report.fault(at, "required attribute is missing: certificate");
      continue;
    }
    const root = readTrustroot(certificate, [...at, "certificate"], report);
    if (root === null) continue;
    roots[name] = { ...root, role, ...(realm === undefined ? {} : { realm }) };
  }
  return roots;
}

function normalizeTls(
  { principals }: Written<"tls">,
  path: JsonPath,
  context: Context,
): Normalized<"tls"> {
  const { report } = context;
  const at = [...path, "principals"];
  const owners = new Map<string, string>();
  const normalized = eachPrincipal(principals, at, context, (one, place): TlsPrincipal => {
    const sha1 = fingerprint(one["certificate-sha1"]);
    const sha256 = fingerprint(one["certificate-sha256"]);
    if (sha1 === undefined && sha256 === undefined) {
      report.fault(place, 'neither "certificate-sha1" nor "certificate-sha256" is given');
    }
    const authid = String(place.at(-1));
    for (const print of [sha1, sha256]) {
      if (print === undefined) continue;
      const owner = owners.get(print);
      if (owner !== undefined) report.fault(place, `"${owner}" has the same certificate`);
      owners.set(print, owner ?? authid);
    }
    return {
      ...(sha1 === undefined ? {} : { "certificate-sha1": sha1 }),
      ...(sha256 === undefined ? {} : { "certificate-sha256": sha256 }),
      role: one.role,
    };
  });
  return { type: "static", principals: normalized };
}

/** In capital letters, with a colon after every octet. */
function fingerprint(written: string | undefined): string | undefined {
  return written?.replaceAll(":", "").toUpperCase().match(/../g)?.join(":");
}

/** With the origin `*`, a page of any site could join as the user that opens it. */
function normalizeCookieAuth(
  _item: object,
  path: JsonPath,
  { around, report }: Context,
): Normalized<"cookie"> {
  const { cookieOrigins } = around;
  if (cookieOrigins === undefined) {
    report.fault(path, 'no cookie is issued here; it needs "cookie" beside "auth"', true);
  } else if (cookieOrigins.includes("*")) {
    const sentence = "pages of every origin can join in a visitor's name; list allowed_origins";
    report.warn(path, sentence);
  }
  return {};
}

/** A client with this authmethod can claim any identity, so that only a Unix socket may offer it. */
function normalizeTrust(
  _item: Written<"anonymous-proxy">,
  path: JsonPath,
  { around, report }: Context,
): Normalized<"anonymous-proxy"> {
  if (around.workerType === "proxy") {
    refuseVouching("anonymous-proxy", path, report);
  } else if (around.endpointType !== "unix") {
    report.fault(path, "anonymous-proxy is allowed only where the endpoint is a Unix socket", true);
  }
  return { type: "static" };
}

function normalizeSignedProxy(item: Written<"cryptosign-proxy">): Normalized<"cryptosign-proxy"> {
  const principals = Object.entries(item.principals).map(([node, principal]) => {
    const authorized_keys = principal.authorized_keys.map((key) => key.toLowerCase());
    return [node, { authorized_keys }] as const;
  });
  return { type: "static", principals: Object.fromEntries(principals) };
}

/** Refuses an authmethod with which the clients of a proxy could claim any identity. */
export function refuseVouching(authmethod: Authmethod, path: JsonPath, report: Report): void {
  const sentence = `${authmethod} is for routers; clients of a proxy cannot vouch for others`;
  report.fault(path, sentence, true);
}

function eachPrincipal<Item extends { role: string }, Principal>(
  items: Record<string, Item>,
  path: JsonPath,
  { around, report }: Context,
  normalize: (item: Item, at: JsonPath) => Principal,
): Record<string, Principal> {
  // From entries, so that an authid such as "__proto__" becomes a plain key.
  return Object.fromEntries(
    Object.entries(items).map(([authid, item]) => {
      const at = [...path, authid];
      warnOfRole(item.role, at, around, report);
      return [authid, normalize(item, at)];
    }),
  );
}
