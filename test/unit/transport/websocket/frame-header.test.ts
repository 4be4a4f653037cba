import { expect, test } from "bun:test";
import {
  FIN,
  MAX_FRAME_HEADER_OCTETS,
  Opcode,
  RSV1,
  writeFrameHeader,
  writeMaskedFrameHeader,
} from "#transport/websocket/frame-header.ts";

test.each([
  [0, "8200"],
  [125, "827d"],
  [126, "827e007e"],
  [65_535, "827effff"],
  [65_536, "827f0000000000010000"],
  [0xffff_ffff, "827f00000000ffffffff"],
])("the head of a frame of %d octets is %s", (length, hex) => {
  const target = Buffer.alloc(3 + MAX_FRAME_HEADER_OCTETS, 0xee);
  const octets = writeFrameHeader(target, 3, FIN | Opcode.binary, length);
  expect(target.subarray(3, 3 + octets).toString("hex")).toBe(hex);
  expect(
    [...target.subarray(0, 3), ...target.subarray(3 + octets)].every((one) => one === 0xee),
  ).toBe(true);
});

test.each([
  [0, "828001020384"],
  [126, "82fe007e01020384"],
  [65_536, "82ff000000000001000001020384"],
])("the head of a masked frame of %d octets is %s", (length, hex) => {
  const target = Buffer.alloc(MAX_FRAME_HEADER_OCTETS);
  const octets = writeMaskedFrameHeader(target, FIN | Opcode.binary, length, 0x01_02_03_84);
  expect(target.subarray(0, octets).toString("hex")).toBe(hex);
});

test("a compressed message is marked on its first frame", () => {
  const target = Buffer.alloc(MAX_FRAME_HEADER_OCTETS);
  writeFrameHeader(target, 0, RSV1 | Opcode.text, 1);
  expect(target[0]).toBe(0x41);
});
