/**
 * readClientHello: the server name (SNI) in a client's first TLS message, read before TLS begins, so that
 * the certificate for that name can be chosen (RFC 8446, section 4.1.2; RFC 6066, section 3).
 *
 * @module
 */

/** What has been read so far. A null `serverName`: there is none, or this is no ClientHello. */
export type HelloState = { kind: "incomplete" } | { kind: "complete"; serverName: string | null };

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;

/** Longest ClientHello that is read; a longer one gets the default certificate. */
const MAX_OCTETS = 16 * 1024;

const NO_SERVER_NAME: HelloState = { kind: "complete", serverName: null };

/** Reads the octets that a client has sent so far. */
export function readClientHello(octets: Buffer): HelloState {
  if (octets[0] !== undefined && octets[0] !== HANDSHAKE_RECORD) return NO_SERVER_NAME;
  const message = handshakeOctets(octets);
  const isWhole = message.length >= 4 && message.length >= 4 + message.readUIntBE(1, 3);
  if (!isWhole) return octets.length > MAX_OCTETS ? NO_SERVER_NAME : { kind: "incomplete" };
  try {
    return { kind: "complete", serverName: serverNameOf(message) };
  } catch (thrown) {
    // It ends within a field: the TLS handshake will fail with an alert that says so.
    if (thrown instanceof RangeError) return NO_SERVER_NAME;
    throw thrown;
  }
}

/** The payloads of the TLS records so far, joined. */
function handshakeOctets(octets: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + 5 <= octets.length && octets[at] === HANDSHAKE_RECORD; ) {
    const end = at + 5 + octets.readUInt16BE(at + 3);
    parts.push(octets.subarray(at + 5, end));
    at = end;
  }
  return Buffer.concat(parts);
}

function serverNameOf(message: Buffer): string | null {
  if (message[0] !== CLIENT_HELLO) return null;
  // After type, length, version and random: session id, cipher suites, compression methods.
  let at = 4 + 2 + 32;
  at += 1 + message.readUInt8(at);
  at += 2 + message.readUInt16BE(at);
  at += 1 + message.readUInt8(at);
  const end = at + 2 + message.readUInt16BE(at);
  for (at += 2; at + 4 <= end; ) {
    const type = message.readUInt16BE(at);
    const length = message.readUInt16BE(at + 2);
    at += 4;
    if (type === SERVER_NAME && message.readUInt8(at + 2) === HOST_NAME) {
      const nameEnd = at + 5 + message.readUInt16BE(at + 3);
      return message.toString("latin1", at + 5, nameEnd).toLowerCase();
    }
    at += length;
  }
  return null;
}
