/**
 * Batched subprotocols: WebSocket messages that hold one or several WAMP messages.
 *
 *     wamp.2.json.batched             [1,"realm1",{}]␘[16,…]␘       octet 0x18 or 0x1E after each
 *     wamp.2.msgpack.batched, .cbor.  00 00 00 0F <15 octets> …      32-bit length before each
 *
 * The specification ends every JSON message with the octet 0x1E, Crossbar (autobahn/wamp/serializer.py) with
 * 0x18; no JSON text contains either. The first one that the client sends is used both ways, until then that
 * of Crossbar. The last message of a batch may lack it.
 *
 * BatchedPeer wraps the peer of such a connection, so that sessions and other connections have nothing to
 * do with batches. The messages that a session sends while it is corked go out as one batch.
 *
 * @module
 */

import { type InputDecoder, PacedInput, PauseReason } from "#transport/endpoint/paced-input.ts";
import {
  CloseCode,
  type GivenUp,
  type Peer,
  type PeerHandler,
  type WireMessage,
} from "#wamp/peer.ts";
import { serializers } from "#wamp/serializer/serializers.ts";

/** What ends a JSON message: of Crossbar, and of the WAMP specification, section "Message Batching". */
const CROSSBAR_END = 0x18;
const RECORD_SEPARATOR = 0x1e;
const LENGTH_OCTETS = 4;

/** A batch of this size is sent even while its peer is corked. */
const FULL_BATCH_OCTETS = 16 * 1024;

/** Opens the session of a batched connection; gives the handler of its WebSocket messages. */
export function openBatchedSession(peer: Peer, accept: (peer: Peer) => PeerHandler): PeerHandler {
  const batched = new BatchedPeer(peer);
  batched.attach(accept(batched));
  return batched;
}

/**
 * The peer of the session, which sends its messages as batches, and the handler of the transport's peer,
 * whose batches it splits. The rest of a batch waits while the session has paused it.
 */
class BatchedPeer implements Peer, PeerHandler, InputDecoder {
  readonly serializer: Peer["serializer"];
  readonly details: Peer["details"];
  readonly maxSendOctets: number;
  /** Whether an octet terminates each message; otherwise its length precedes it. */
  readonly #isTerminated: boolean;
  /** The octet that ends the client's messages; undefined: none has come yet. */
  #jsonEnd: number | undefined;
  readonly #peer: Peer;
  readonly #input: PacedInput;
  #handler: PeerHandler | undefined;
  /** The session or the other side has closed. */
  #isClosed = false;
  #corks = 0;
  #parts: Uint8Array[] = [];
  #pendingOctets = 0;
  #isWritable = true;

  constructor(peer: Peer) {
    this.#peer = peer;
    this.#input = new PacedInput(peer, this);
    this.serializer = peer.serializer;
    this.#isTerminated = !serializers[peer.serializer].isBinary;
    this.details = peer.details;
    this.maxSendOctets = peer.maxSendOctets;
  }

  /** Sets the session's handler. */
  attach(handler: PeerHandler): void {
    this.#handler = handler;
  }

  get bufferedOctets(): number {
    return this.#peer.bufferedOctets + this.#pendingOctets;
  }

  send(message: WireMessage): boolean {
    if (this.#isClosed) return true;
    this.#parts.push(
      this.#isTerminated
        ? withTerminator(message, this.#jsonEnd ?? CROSSBAR_END)
        : withLengthPrefix(message),
    );
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
    this.#input.pause(PauseReason.session);
  }

  resume(): void {
    this.#input.resume(PauseReason.session);
  }

  limitMessages(octets: number): void {
    this.#peer.limitMessages?.(octets);
  }

  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#flush();
    this.#end();
    this.#peer.close(code, reason);
  }

  onMessage(batch: WireMessage): void {
    if (batch.length === 0) this.#refuse("a batch holds no message");
    else this.#input.received(batch);
  }

  onGivenUp(end: GivenUp): void {
    this.#handler?.onGivenUp?.(end);
  }

  isLeaving(): boolean {
    return this.#handler?.isLeaving?.() ?? false;
  }

  onDrain(): void {
    this.#isWritable = true;
    this.#handler?.onDrain();
  }

  onClose(reason: string): void {
    this.#end();
    this.#handler?.onClose(reason);
  }

  /** Splits a batch, or the rest of one. */
  decode(batch: Uint8Array): number {
    let position = 0;
    // The messages sent in response go out as one batch, too.
    this.cork(() => {
      position = this.#isTerminated ? this.#readTerminated(batch) : this.#readLengthPrefixed(batch);
    });
    return position;
  }

  #readTerminated(batch: Uint8Array): number {
    this.#jsonEnd ??= firstEnd(batch);
    const octet = this.#jsonEnd ?? CROSSBAR_END;
    let start = 0;
    let mayContinue = true;
    while (mayContinue && start < batch.length) {
      const found = batch.indexOf(octet, start);
      const end = found < 0 ? batch.length : found;
      mayContinue = this.#deliver(batch.subarray(start, end));
      start = end + 1;
    }
    return start;
  }

  #readLengthPrefixed(batch: Uint8Array): number {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    let at = 0;
    let mayContinue = true;
    while (mayContinue && at < batch.length) {
      const start = at + LENGTH_OCTETS;
      const end = start <= batch.length ? start + view.getUint32(at) : Number.POSITIVE_INFINITY;
      if (end > batch.length) {
        this.#refuse("a batch ends within a message");
        return batch.length;
      }
      mayContinue = this.#deliver(batch.subarray(start, end));
      at = end;
    }
    return at;
  }

  /** False: the rest of the batch has to wait, or is discarded because the connection is closing. */
  #deliver(message: WireMessage): boolean {
    this.#handler?.onMessage(message);
    if (this.#peer.isClosing) this.#end();
    return this.#input.mayContinue(message.length);
  }

  #refuse(state: string): void {
    this.close(CloseCode.protocolError, `Cannot read WAMP messages: ${state}`);
  }

  #end(): void {
    this.#isClosed = true;
    this.#input.stop();
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

/** The octet that ends the first message of a batch of JSON; undefined: none does. */
function firstEnd(batch: Uint8Array): number | undefined {
  const ends = [CROSSBAR_END, RECORD_SEPARATOR].filter((octet) => batch.includes(octet));
  return ends.toSorted((one, other) => batch.indexOf(one) - batch.indexOf(other))[0];
}

/** A copy of a JSON message with the octet that ends it. */
function withTerminator(octets: WireMessage, end: number): Uint8Array {
  const part = Buffer.allocUnsafe(octets.length + 1);
  part.set(octets);
  part[octets.length] = end;
  return part;
}

/** A copy of a message with its length before it; messages are borrowed, but batches wait. */
function withLengthPrefix(octets: WireMessage): Uint8Array {
  const part = Buffer.allocUnsafe(LENGTH_OCTETS + octets.length);
  part.writeUInt32BE(octets.length);
  part.set(octets, LENGTH_OCTETS);
  return part;
}
