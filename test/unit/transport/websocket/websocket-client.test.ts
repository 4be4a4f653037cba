import { expect, test } from "bun:test";
import { openClientWebSocket } from "#transport/websocket/websocket-client.ts";

test("a Unix path that a URL would escape is refused with a sentence, and no advice that cannot be taken", () => {
  const endpoint = { type: "unix", path: "/a b.sock", timeoutMs: 1000 } as const;
  const open = () => openClientWebSocket({ endpoint, url: "ws://a/" }, "", { protocols: [] });
  expect(open).toThrow(/: a WebSocket takes a Unix path of letters, digits and [^ ]+ only$/);
});
