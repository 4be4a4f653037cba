/**
 * Endpoints: sockets to listen on and sockets to connect to.
 *
 * @module
 */

import * as v from "valibot";
import { addressRange } from "#config/schema/address-range.ts";
import { defaulted, optional, required } from "#config/schema/attribute.ts";
import { byType, notSupported } from "#config/schema/by-type.ts";
import { item, itemOr, lenientItem } from "#config/schema/item.ts";
import { withKeywords } from "#config/schema/json-keywords.ts";
import { fileName, integer, oneOf, text } from "#config/schema/primitive.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";
import { allBut, always, unhonoured } from "#config/schema/unhonoured.ts";

/** A port to listen on, or the environment variable that holds it. */
export const listeningPort = withKeywords(
  v.custom<number | string>(
    (value) => (typeof value === "string" ? /^\$[A-Za-z_]\w*$/.test(value) : isPort(value)),
    (issue) => `expected a port from 1 to 65535 or "$VARIABLE", found ${issue.received}`,
  ),
  { type: ["integer", "string"], minimum: 1, maximum: 65_535, pattern: "^\\$[A-Za-z_]\\w*$" },
);

const ipVersion = v.picklist(
  [4, 6] as const,
  (issue) => `expected 4 or 6, found ${issue.received}`,
);

const portRange = withKeywords(
  v.custom<[number, number]>(
    (value) => Array.isArray(value) && value.length === 2 && value.every(isPort) && isRising(value),
    "expected two ports from 1 to 65535, the lower one first",
  ),
  {
    type: "array",
    items: { type: "integer", minimum: 1, maximum: 65_535 },
    minItems: 2,
    maxItems: 2,
  },
);

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

function isRising([first, last]: number[]): boolean {
  return Number(first) <= Number(last);
}

const authorities = v.pipe(
  v.array(fileName),
  v.minLength(1, "expected at least one certificate of an authority, found none"),
);

const hostname = v.pipe(
  v.string(),
  v.regex(
    /^(\*\.)?(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]*[A-Za-z0-9_-]$/,
    (issue) => `expected a name such as "example.com" or "*.example.com", found ${issue.received}`,
  ),
  v.toLowerCase(),
);

const certificateFiles = {
  key: required(fileName, "PEM file of the private key."),
  certificate: required(fileName, "PEM file of the certificate."),
  chain_certificates: defaulted(
    v.array(fileName),
    [],
    "PEM files of the intermediate certificates.",
  ),
};

/** One item of `certificates`. */
export const namedCertificate = item({
  hostnames: required(
    v.pipe(v.array(hostname), v.minLength(1, "expected at least one name, found none")),
    "Names of this certificate; `*.` stands for one label.",
  ),
  ...certificateFiles,
});

/** `endpoint.tls` of a listening endpoint. */
export const listeningTls = item({
  key: optional(fileName, "PEM file of the private key; absent: the first of `certificates`."),
  certificate: optional(
    fileName,
    "PEM file of the certificate for all names that have none in `certificates`.",
  ),
  chain_certificates: certificateFiles.chain_certificates,
  certificates: optional(
    v.array(namedCertificate),
    "Further certificates, by the name that a client asks for (SNI).",
  ),
  min_version: defaulted(oneOf(["1.2", "1.3"]), "1.2", "Oldest version of TLS."),
  ca_certificates: optional(
    authorities,
    "PEM files of the authorities, one of which must have signed each client's certificate; absent: none is asked for.",
  ),
  dhparam: optional(
    unhonoured(text, always, "no cipher with finite-field Diffie-Hellman is offered"),
  ),
  ciphers: optional(
    text,
    "Ciphers of TLS 1.2 as OpenSSL writes them; absent: those of BoringSSL with forward secrecy.",
  ),
});

const backlog = optional(
  integer(1, 65_535),
  "Connections that may wait to be accepted, up to the system's limit; absent: 512.",
);

/** A TCP port to listen on. */
export const listeningTcp = item({
  type: required(v.literal("tcp"), "A TCP port."),
  port: optional(listeningPort, "Port, or the environment variable that holds it."),
  portrange: optional(portRange, "In place of `port`: two ports; the first free one is taken."),
  version: optional(ipVersion, "IP version; 6: that one only. Absent: 4, or as `interface`."),
  interface: optional(v.string(), "Address to listen on; absent: all of this machine."),
  shared: defaulted(v.boolean(), false, "Several workers may listen on the same port."),
  share_with_other_nodes: defaulted(
    v.boolean(),
    false,
    "Extension. Workers of other nodes may listen on it as well.",
  ),
  backlog,
  user_timeout: optional(
    unhonoured(
      integer(0, 65_535),
      allBut(0),
      "what is sent to a client that is gone is given up when it answers no ping",
    ),
  ),
  tls: optional(listeningTls, "Certificate and key; absent: no TLS."),
  proxy_protocol: defaulted(
    v.boolean(),
    false,
    "Extension. Load balancers begin connections with a PROXY header, version 1 or 2.",
  ),
  trusted_proxies: optional(
    v.array(addressRange),
    "Extension. Addresses and ranges of those load balancers.",
  ),
});

const explainMode = ({ received }: { received: string }) =>
  `expected an octal mode in quotes such as "0600", found ${received}`;

/** The mode of a socket file. */
export const socketMode = v.pipe(v.string(explainMode), v.regex(/^0?[0-7]{3}$/, explainMode));

/** A Unix domain socket to listen on. */
export const listeningUnix = item({
  type: required(v.literal("unix"), "A Unix domain socket."),
  path: required(fileName, "Socket file; environment variables are filled in."),
  backlog,
  permission: defaulted(socketMode, "0600", "Mode of the socket file, octal."),
});

/** A socket to listen on. */
export const listeningEndpoint = byType(
  { tcp: listeningTcp, unix: listeningUnix },
  { refused: notSupported("endpoint type", ["twisted", "onion"]) },
);

const seconds = withKeywords(
  v.pipe(
    v.number(),
    v.check(
      (n) => n > 0 && n <= 600,
      (issue) => `expected more than 0 and at most 600 seconds, found ${issue.received}`,
    ),
  ),
  { exclusiveMinimum: 0, maximum: 600 },
);

const connectingTlsItem = lenientItem({
  hostname: optional(text, "Name that the router's certificate is for; absent: `host`."),
  ca_certificates: optional(
    v.pipe(v.array(fileName), v.minLength(1, "expected at least one file, found none")),
    "PEM files of trusted authorities; absent: those that Bun has.",
  ),
  certificate: optional(fileName, "PEM file of a certificate to show to the router."),
  key: optional(fileName, "PEM file of its private key."),
});

/** `endpoint.tls` of a connecting endpoint: an item, `true` for an item without attributes, or `false`. */
export const connectingTls = itemOr("boolean", v.boolean(), connectingTlsItem);

/** A TCP port to connect to. */
export const connectingTcp = lenientItem({
  type: required(v.literal("tcp"), "A TCP port."),
  host: required(text, "Name or address of the router."),
  port: required(integer(1, 65_535), "Its port."),
  version: optional(
    ipVersion,
    "IP version of the address that `host` is resolved to; absent: either.",
  ),
  timeout: defaulted(unchecked(seconds), 10, "Seconds to connect within."),
  tls: optional(
    connectingTls,
    "`true`, or how the router's certificate is checked; absent: no TLS.",
  ),
});

/** A Unix domain socket to connect to. */
export const connectingUnix = lenientItem({
  type: required(v.literal("unix"), "A Unix domain socket."),
  path: required(fileName, "Socket file; environment variables are filled in."),
  timeout: defaulted(unchecked(seconds), 10, "Seconds to connect within."),
});

/** A socket to connect to. */
export const connectingEndpoint = byType(
  { tcp: connectingTcp, unix: connectingUnix },
  { refused: notSupported("endpoint type", ["twisted", "tor"]) },
);
