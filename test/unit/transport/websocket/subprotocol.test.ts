import { expect, test } from "bun:test";
import { chooseSubprotocol } from "../../../../src/transport/websocket/subprotocol.ts";

test("takes the first of the client's offer that the path speaks", () => {
  expect(chooseSubprotocol("wamp.2.cbor, wamp.2.json", ["json", "cbor"], true)).toEqual({
    serializer: "cbor",
    isBatched: false,
    protocol: "wamp.2.cbor",
  });
  expect(chooseSubprotocol("wamp.2.cbor,wamp.2.json", ["json"], true)).toEqual({
    serializer: "json",
    isBatched: false,
    protocol: "wamp.2.json",
  });
});

test("finds nothing in an offer of other protocols", () => {
  expect(chooseSubprotocol("chat, wamp.2.json.batch", ["json"], false)).toBeUndefined();
  expect(chooseSubprotocol("WAMP.2.JSON", ["json"], false)).toBeUndefined();
});

test("takes batches of a serializer that the path speaks", () => {
  expect(chooseSubprotocol("wamp.2.cbor.batched,wamp.2.json.batched", ["json"], true)).toEqual({
    serializer: "json",
    isBatched: true,
    protocol: "wamp.2.json.batched",
  });
});

test("takes no offer for JSON only where none is required and JSON is spoken", () => {
  expect(chooseSubprotocol(null, ["json"], true)).toBeUndefined();
  expect(chooseSubprotocol(null, ["cbor"], false)).toBeUndefined();
  expect(chooseSubprotocol(null, ["cbor", "json"], false)).toEqual({
    serializer: "json",
    isBatched: false,
    protocol: "",
  });
});
