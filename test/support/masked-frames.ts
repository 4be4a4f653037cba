/** The frames that a WebSocket client sends. */

/** One frame, without its mask. */
export interface MaskedFrame {
  /** Its first octet: FIN, RSV1 to RSV3, opcode. */
  head: number;
  key: string;
  payload: Buffer;
  /** Where the next frame begins. */
  end: number;
}

/** The first frame of a stream; undefined when it is not whole. */
export function firstMaskedFrame(stream: Buffer): MaskedFrame | undefined {
  if (stream.length < 2) return undefined;
  const [head = 0, second = 0] = stream;
  if (second < 0x80) throw new Error("a client sent a frame without a mask");
  const size = second & 127;
  const keyAt = 2 + ({ 126: 2, 127: 8 }[size] ?? 0);
  const start = keyAt + 4;
  if (stream.length < start) return undefined;
  let length = size;
  if (size === 126) length = stream.readUInt16BE(2);
  if (size === 127) length = Number(stream.readBigUInt64BE(2));
  const end = start + length;
  if (stream.length < end) return undefined;
  const key = stream.subarray(keyAt, start);
  const payload = Buffer.from(stream.subarray(start, end));
  for (let at = 0; at < length; at++) payload[at] = (payload[at] ?? 0) ^ (key[at & 3] ?? 0);
  return { head, key: key.toString("hex"), payload, end };
}

/** All frames of a stream that ends with one. */
export function maskedFrames(stream: Buffer): MaskedFrame[] {
  const frames: MaskedFrame[] = [];
  let rest = stream;
  while (rest.length > 0) {
    const frame = firstMaskedFrame(rest);
    if (frame === undefined)
      throw new Error(`a frame is not whole: ${rest.toString("hex", 0, 20)}`);
    frames.push(frame);
    rest = rest.subarray(frame.end);
  }
  return frames;
}

/** A frame of a server, which has no mask. */
export function unmaskedFrame(head: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  let header = Buffer.from([head, length]);
  if (length > 0xffff) {
    header = Buffer.from([head, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.writeBigUInt64BE(BigInt(length), 2);
  } else if (length >= 126) {
    header = Buffer.from([head, 126, length >> 8, length & 0xff]);
  }
  return Buffer.concat([header, payload]);
}
