import { describe, expect, test } from "bun:test";
import type { ConnectionConfig } from "#config/node-config.ts";
import { RouteTable } from "#proxy/route-table.ts";

const connection = (id: string): ConnectionConfig => ({
  id,
  transport: {
    type: "rawsocket",
    endpoint: { type: "unix", path: `/run/${id}.sock`, timeoutMs: 1000 },
    serializer: "cbor",
    max_message_size: 2 ** 24,
  },
  auth: "anonymous-proxy",
});

const routes = new RouteTable({
  connections: { con1: connection("con1"), con2: connection("con2") },
  routes: { realm1: { user: ["con1", "con2"], guest: ["con2"] } },
});

describe("RouteTable", () => {
  test("lets several connections of one route take turns", () => {
    const ids = [1, 2, 3].map(() => routes.connectionForSession("realm1", "user").id);
    expect(ids).toEqual(["con1", "con2", "con1"]);
    expect(routes.connectionForSession("realm1", "guest").id).toBe("con2");
  });

  test("refuses a realm and an authrole that no route leads to", () => {
    expect(() => routes.connectionForSession("realm2", "user")).toThrow(
      expect.objectContaining({ uri: "wamp.error.no_such_realm" }),
    );
    expect(() => routes.connectionForSession("realm1", "admin")).toThrow(
      expect.objectContaining({ uri: "wamp.error.no_such_role" }),
    );
  });
});
