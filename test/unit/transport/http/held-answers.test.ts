import { expect, test } from "bun:test";
import { HeldAnswers } from "#transport/http/held-answers.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

test("a socket holds its last answer alone", () => {
  const before = HeldAnswers.octets;
  const socket = new ScriptedSocket();
  HeldAnswers.add(socket, new Uint8Array(1000));
  HeldAnswers.add(socket, new Uint8Array(300));
  expect(HeldAnswers.octets - before).toBe(300);
  HeldAnswers.delete(socket);
  expect(HeldAnswers.octets).toBe(before);
});
