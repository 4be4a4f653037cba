/**
 * Transport details in the form that routers and authenticators receive.
 *
 * @module
 */

import type { ClientCertificate, TransportDetails } from "#wamp/peer.ts";

/** Transport details as in Crossbar, without HTTP headers, cookies and process ids. */
export function printTransport(transport: TransportDetails): Record<string, unknown> {
  const { clientCertificate } = transport;
  return {
    channel_type: transport.isSecure ? "tls" : "tcp",
    // Autobahn refuses names that it does not know.
    channel_framing: isWampFraming(transport) ? transport.type : "native",
    channel_serializer: transport.serializer,
    peer: transport.peer,
    is_server: true,
    is_secure: transport.isSecure,
    ...(clientCertificate !== undefined && { peer_cert: printCertificate(clientCertificate) }),
  };
}

function isWampFraming({ type }: TransportDetails): boolean {
  return type === "websocket" || type === "rawsocket";
}

/** A certificate as in Crossbar, with the subject's attribute names in lower case. */
function printCertificate({ sha1, sha256, subject }: ClientCertificate) {
  const names = Object.entries(subject).map(([name, value]) => [name.toLowerCase(), value]);
  return { sha1, sha256, subject: Object.fromEntries(names) };
}
