/**
 * Tokens that are signed JWTs, which Crossbar does not have: what `bearer` of HTTP, and the authmethod `ticket` of type
 * `jwt`, share.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, optional, required } from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { fileName, httpUrl, integer, oneOf, text } from "#config/schema/primitive.ts";
import { secret } from "./principal-schema.ts";

/** Algorithms for key pairs. Not `none`, which signs nothing. */
export const PUBLIC_KEY_ALGORITHMS = [
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
  "PS256",
  "PS384",
  "PS512",
  "RS256",
  "RS384",
  "RS512",
] as const;

/** Algorithms for a secret, and the octets that it has to have (RFC 7518, section 3.2). */
export const SECRET_ALGORITHMS = { HS256: 32, HS384: 48, HS512: 64 } as const;

const algorithms = v.pipe(
  v.array(oneOf([...PUBLIC_KEY_ALGORITHMS, "HS256", "HS384", "HS512"])),
  v.minLength(1, "expected at least one algorithm, found none"),
);

/** A name or names, of which there is at least one. */
const oneOrMore = v.union(
  [text, v.pipe(v.array(text), v.minLength(1, "expected at least one text, found none"))],
  ({ input }) =>
    input === undefined
      ? "required attribute is missing"
      : "expected a text or a list of texts, found something else",
);

/** RFC 6749, section 3.3. */
const scope = v.pipe(
  v.string(),
  v.regex(
    /^[\x21\x23-\x5b\x5d-\x7e]+$/,
    (issue) => `expected a scope without blanks and quotes, found ${issue.received}`,
  ),
);

/** RFC 6265, section 4.1.1. */
const cookieName = v.pipe(
  v.string(),
  v.regex(
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/,
    (issue) => `expected the name of a cookie, found ${issue.received}`,
  ),
);

/** An origin, or a pattern for the hosts below one. */
const listedOrigin = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(\*\.)?(\[[^\]*]+\]|[^*/?#\s:[\]]+)(:(\d+|\*))?$/,
    (issue) =>
      `expected an origin such as "https://app.example" or "https://*.app.example", found ${issue.received}`,
  ),
);

const tokenCookie = item({
  name: required(cookieName, "Name of the cookie."),
  allowed_origins: required(
    v.pipe(v.array(listedOrigin), v.minLength(1, "expected at least one origin, found none")),
    "Origins of the pages whose cookie counts, or patterns such as `https://*.app.example`.",
  ),
});

/** The attributes that say which tokens are accepted, and what is read of them. */
export const tokenAttributes = {
  issuer: required(text, "The claim `iss` of tokens."),
  audience: required(oneOrMore, "What the claim `aud` of tokens names, or a list: one of them."),
  jwks_url: optional(httpUrl, "Where the issuer has its public keys, as a JWK Set."),
  jwks_file: optional(
    fileName,
    "A file with public keys, as a JWK Set; read again when it changes.",
  ),
  secret: optional(
    secret,
    'What the issuer signs with, in place of a key pair, or `{"file": …}`; at least 32 octets.',
  ),
  algorithms: optional(
    algorithms,
    "Algorithms that are accepted; absent: all for public keys, `HS256` for a secret.",
  ),
  clock_tolerance: defaulted(
    integer(0, 600),
    60,
    "Seconds by which the clocks of the issuer and of this machine may differ.",
  ),
  authid_claim: defaulted(
    oneOrMore,
    "sub",
    "The claim that is the authid, or a list: its name inside of others.",
  ),
  authrole_claim: defaulted(
    oneOrMore,
    "role",
    "The claim that is the authrole, a text or a list of texts; or a list: its name inside of others.",
  ),
  roles: optional(
    v.pipe(v.array(text), v.minLength(1, "expected at least one role, found none")),
    "Roles that tokens may name; of several the first in this list counts. Absent: any but `trusted`.",
  ),
  scopes: defaulted(v.array(scope), [], "Scopes that a token has to have, all of them."),
  cookie: optional(
    tokenCookie,
    "A cookie from which the token may be taken; absent: none. Its value is a JWT.",
  ),
  jwks_refresh_interval: optional(
    integer(1_000, 86_400_000),
    "Milliseconds between two downloads of `jwks_url`; absent: 300000.",
  ),
  jwks_lifetime: optional(
    integer(1_000, 604_800_000),
    "Milliseconds for which downloaded keys count while no download succeeds; absent: 86400000.",
  ),
};

const token = item(tokenAttributes);

/** Those attributes as written. */
export type TokenItem = v.InferOutput<typeof token>;
