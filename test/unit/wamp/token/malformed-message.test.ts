import { expect, test } from "bun:test";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";

test("names the serializer and the fault", () => {
  const error = new MalformedMessage("cbor", "it ends too early");
  expect(error).toBeInstanceOf(Error);
  expect(error.message).toBe("Cannot read a cbor message: it ends too early");
  expect(error.serializer).toBe("cbor");
  expect(error.name).toBe("MalformedMessage");
});
