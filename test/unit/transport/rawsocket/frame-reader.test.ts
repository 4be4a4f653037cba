import { describe, expect, test } from "bun:test";

import { FrameReader } from "#transport/rawsocket/frame-reader.ts";

function read(maxOctets: number, ...chunks: string[]) {
  const reader = new FrameReader(maxOctets);
  const frames: string[] = [];
  let fault: string | null = null;
  for (const chunk of chunks) {
    fault = reader.push(Uint8Array.fromHex(chunk), {
      beginLongMessage: () => null,
      endLongMessage: () => true,
      mayBegin: () => true,
      takeFrame(type, payload) {
        frames.push(`${type}:${payload.toHex()}`);
        return true;
      },
    });
  }
  return { frames, fault };
}

describe("FrameReader", () => {
  test("cuts one chunk into its frames", () => {
    const { frames, fault } = read(512, "00000002aabb" + "01000001cc" + "02000000");
    expect(frames).toEqual(["0:aabb", "1:cc", "2:"]);
    expect(fault).toBeNull();
  });

  test("joins a frame that comes in parts", () => {
    const { frames } = read(512, "00", "000003", "aa", "bbcc000000", "01dd00000001ee");
    expect(frames).toEqual(["0:aabbcc", "0:dd", "0:ee"]);
  });

  test("hands out a view of the chunk when a frame lies within it", () => {
    const chunk = Uint8Array.fromHex("00000002aabb");
    new FrameReader(512).push(chunk, {
      beginLongMessage: () => null,
      endLongMessage: () => true,
      mayBegin: () => true,
      takeFrame(_type, payload) {
        expect(payload.buffer).toBe(chunk.buffer);
        return true;
      },
    });
  });

  test("takes a frame as long as announced and refuses one that is longer", () => {
    expect(read(2, "00000002aabb").frames).toEqual(["0:aabb"]);
    const sentence = "a frame of 3 octets is longer than the 2 taken";
    expect(read(2, "00000003").fault).toBe(sentence);
    expect(read(2, "0000", "0003").fault).toBe(sentence);
  });

  test("refuses reserved bits and unknown types", () => {
    expect(read(512, "80000000").fault).toBe("reserved bits of a frame are set");
    expect(read(512, "08000000").fault).toBe("reserved bits of a frame are set");
    expect(read(512, "03000000").fault).toBe("frame type 3 is unknown");
  });

  test("stops when no more frames are wanted", () => {
    let count = 0;
    new FrameReader(512).push(Uint8Array.fromHex("0000000000000000"), {
      beginLongMessage: () => null,
      endLongMessage: () => true,
      mayBegin: () => true,
      takeFrame() {
        count += 1;
        return false;
      },
    });
    expect(count).toBe(1);
  });

  test.each(["00000003aabbcc", "0000 0003aabbcc", "00000003 aabbcc"])(
    "reads a frame that may not begin once it may: %s",
    (chunks) => {
      const reader = new FrameReader(512);
      const frames: string[] = [];
      let mayBegin = false;
      const handler = {
        beginLongMessage: () => null,
        endLongMessage: () => true,
        mayBegin: (octets: number) => mayBegin && octets === 3,
        takeFrame: (type: number, payload: Uint8Array) =>
          frames.push(`${type}:${payload.toHex()}`) > 0,
      };
      let rest = Buffer.alloc(0);
      const push = (octets: Uint8Array) => {
        const unread = Buffer.concat([rest, octets]);
        expect(reader.push(unread, handler)).toBeNull();
        rest = unread.subarray(reader.position);
      };
      for (const chunk of chunks.split(" ")) push(Buffer.from(chunk, "hex"));
      expect(frames).toEqual([]);
      mayBegin = true;
      push(Buffer.alloc(0));
      expect(frames).toEqual(["0:aabbcc"]);
    },
  );
});
