/** Clients that do not reconnect after GOODBYE, recognized by the HELLO that they really send. */

import { expect, test } from "bun:test";
import { reconnectsOnlyAfterBareClose } from "#proxy/session/reconnecting-clients.ts";
import { hasPython, joinAutobahn, joinPython, joinWampy } from "../support/wamp-clients.ts";

/** The HELLO of a client, which is refused with ABORT, so that the client ends. */
async function helloOf(join: (url: string) => Promise<unknown>): Promise<unknown[]> {
  const said = Promise.withResolvers<unknown[]>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, self) =>
      self.upgrade(request, { headers: { "Sec-WebSocket-Protocol": "wamp.2.json" } })
        ? undefined
        : new Response(null, { status: 400 }),
    websocket: {
      message(socket, data) {
        said.resolve(JSON.parse(String(data)));
        socket.send('[3,{},"wamp.error.no_such_realm"]');
        socket.close();
      },
    },
  });
  const joining = join(`ws://127.0.0.1:${server.port}/`).catch(() => {});
  const hello = await said.promise;
  await joining;
  await server.stop(true);
  return hello;
}

test("autobahn for JavaScript and wampy are recognized", async () => {
  expect(reconnectsOnlyAfterBareClose(await helloOf((url) => joinAutobahn(url, "json")))).toBe(
    true,
  );
  expect(reconnectsOnlyAfterBareClose(await helloOf((url) => joinWampy(url, "json")))).toBe(true);
});

test.if(hasPython)("autobahn for Python is not", async () => {
  expect(reconnectsOnlyAfterBareClose(await helloOf((url) => joinPython(url, "json")))).toBe(false);
});

test.each([[{}], [{ roles: {} }], [{ agent: "x", roles: { caller: {} } }], [undefined]])(
  "another client gets GOODBYE: %j",
  (details) => {
    expect(reconnectsOnlyAfterBareClose([1, "realm1", details])).toBe(false);
  },
);
