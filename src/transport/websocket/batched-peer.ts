/**
 * Batched subprotocols: WebSocket messages that hold one or several WAMP messages.
 *
 *     wamp.2.json.batched             [1,"realm1",{}]␘[16,…]␘       octet 0x18 after each
 *     wamp.2.msgpack.batched, .cbor.  00 00 00 0F <15 octets> …      32-bit length before each
 *
 * Crossbar (autobahn/wamp/serializer.py) ends every JSON message with the octet 0x18, which no JSON
 * text contains; here the last message of a batch may lack it.
 *
 * BatchedPeer wraps the peer of such a connection, so that sessions and other connections have nothing to
 * do with batches. The messages that a session sends while it is corked go out as one batch.
 *
 * @module
 */

import { CloseCode, type Peer, type PeerHandler, type WireMessage } from "#wamp/peer.ts";
import { serializers } from "#wamp/serializer/serializers.ts";

const JSON_END = 0x18;
const LENGTH_OCTETS = 4;

/** A batch of this size is sent even while its peer is corked. */
const FULL_BATCH_OCTETS = 16 * 1024;

/** Opens the session of a batched connection; gives the handler of its WebSocket messages. */
export function openBatchedSession(peer: Peer, accept: (peer: Peer) => PeerHandler): PeerHandler {
  const batched = new BatchedPeer(peer);
  return new BatchReader(batched, accept(batched));
}

/** Sends WAMP messages as batches. */
class BatchedPeer implements Peer {
  readonly serializer: Peer["serializer"];
  readonly isText: boolean;
  readonly details: Peer["details"];
  readonly maxSendOctets: number;
  /** Whether an octet terminates each message; otherwise its length precedes it. */
  readonly isTerminated: boolean;
  /** Whether the session or the other side has closed. */
  isClosed = false;
  readonly #peer: Peer;
  #corks = 0;
  #parts: Uint8Array[] = [];
  #pendingOctets = 0;
  #isWritable = true;

  constructor(peer: Peer) {
    this.#peer = peer;
    this.serializer = peer.serializer;
    this.isTerminated = !serializers[peer.serializer].isBinary;
    this.isText = peer.isText;
    this.details = peer.details;
    this.maxSendOctets = peer.maxSendOctets;
  }

  get bufferedOctets(): number {
    return this.#peer.bufferedOctets + this.#pendingOctets;
  }

  send(message: WireMessage): boolean {
    if (this.isClosed) return true;
    this.#parts.push(this.isTerminated ? withTerminator(message) : withLengthPrefix(message));
    this.#pendingOctets += message.length + LENGTH_OCTETS;
    if (this.#corks === 0 || this.#pendingOctets >= FULL_BATCH_OCTETS) this.#flush();
    return this.#isWritable;
  }

  cork(body: () => void): void {
    this.#corks += 1;
    try {
      body();
    } finally {
      this.#corks -= 1;
      if (this.#corks === 0) this.#flush();
    }
  }

  pause(): void {
    this.#peer.pause();
  }

  resume(): void {
    this.#peer.resume();
  }

  limitMessages(octets: number): void {
    this.#peer.limitMessages?.(octets);
  }

  close(code: number, reason: string): void {
    if (this.isClosed) return;
    this.#flush();
    this.isClosed = true;
    this.#peer.close(code, reason);
  }

  /** The wrapped peer has drained. */
  drained(): void {
    this.#isWritable = true;
  }

  #flush(): void {
    if (this.#pendingOctets === 0) return;
    const [first] = this.#parts;
    const batch = this.#parts.length === 1 && first ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#pendingOctets = 0;
    this.#isWritable = this.#peer.send(batch);
  }
}

/** Splits batches and passes their messages to a session. */
class BatchReader implements PeerHandler {
  readonly #peer: BatchedPeer;
  readonly #handler: PeerHandler;

  constructor(peer: BatchedPeer, handler: PeerHandler) {
    this.#peer = peer;
    this.#handler = handler;
  }

  onMessage(batch: WireMessage): void {
    // The messages sent in response go out as one batch, too.
    this.#peer.cork(() => {
      const octets = typeof batch === "string" ? Buffer.from(batch) : batch;
      if (this.#peer.isTerminated) this.#readTerminated(octets);
      else this.#readLengthPrefixed(octets);
    });
  }

  isLeaving(): boolean {
    return this.#handler.isLeaving?.() ?? false;
  }

  onDrain(): void {
    this.#peer.drained();
    this.#handler.onDrain();
  }

  onClose(reason: string): void {
    this.#peer.isClosed = true;
    this.#handler.onClose(reason);
  }

  #readTerminated(batch: Uint8Array): void {
    if (batch.length === 0) this.#refuse("a batch holds no message");
    for (let start = 0; start < batch.length; ) {
      const found = batch.indexOf(JSON_END, start);
      const end = found < 0 ? batch.length : found;
      this.#deliver(batch.subarray(start, end));
      start = end + 1;
    }
  }

  #readLengthPrefixed(batch: Uint8Array): void {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    if (batch.length === 0) this.#refuse("a batch holds no message");
    for (let at = 0; at < batch.length; ) {
      const start = at + LENGTH_OCTETS;
      const end = start <= batch.length ? start + view.getUint32(at) : Number.POSITIVE_INFINITY;
      if (end > batch.length) {
        this.#refuse("a batch ends within a message");
        return;
      }
      this.#deliver(batch.subarray(start, end));
      at = end;
    }
  }

  #deliver(message: WireMessage): void {
    if (!this.#peer.isClosed) this.#handler.onMessage(message);
  }

  #refuse(state: string): void {
    this.#peer.close(CloseCode.protocolError, `Cannot read WAMP messages: ${state}`);
  }
}

/** A copy of a JSON message with the octet that ends it. */
function withTerminator(message: WireMessage): Uint8Array {
  const octets = typeof message === "string" ? Buffer.from(message) : message;
  const part = Buffer.allocUnsafe(octets.length + 1);
  part.set(octets);
  part[octets.length] = JSON_END;
  return part;
}

/** A copy of a message with its length before it; messages are borrowed, but batches wait. */
function withLengthPrefix(message: WireMessage): Uint8Array {
  const octets = typeof message === "string" ? Buffer.from(message) : message;
  const part = Buffer.allocUnsafe(LENGTH_OCTETS + octets.length);
  part.writeUInt32BE(octets.length);
  part.set(octets, LENGTH_OCTETS);
  return part;
}
