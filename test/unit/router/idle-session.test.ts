import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { SessionCounts } from "#observe/session-counts.ts";
import { RealmTable } from "#router/realm-table.ts";
import { RouterSession } from "#router/router-session.ts";
import type { Peer } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { noAuthenticators } from "../../support/no-authenticators.ts";
import { quiet } from "../../support/quiet-context.ts";
import { everything } from "../../support/router-harness.ts";

const SESSIONS = 2000;

const details = {
  peer: "unix:/fake",
  type: "rawsocket",
  serializer: "cbor",
  isSecure: false,
  isUnixSocket: true,
} as const;

function heapOctets(): number {
  Bun.gc(true);
  return heapStats().heapSize;
}

test("a session that does nothing takes less than 1,600 octets with its peer here", async () => {
  const realms = new RealmTable(
    [{ name: "realm1", roles: [{ name: "user", permissions: [everything] }] }],
    quiet,
  );
  const auth = { anonymous: { type: "static", role: "user" } } as const;
  const counts = new SessionCounts();
  const options = { ...noAuthenticators, log: quiet, counts, onEnd() {} };
  const hello = encodeMessage([1, "realm1", { roles: { caller: {}, subscriber: {} } }], "cbor");
  const join = () => {
    const welcomed = Promise.withResolvers<RouterSession>();
    const peer: Peer = {
      ...{ details, serializer: "cbor", maxSendOctets: 2 ** 24, bufferedOctets: 0 },
      send: () => {
        queueMicrotask(() => welcomed.resolve(session));
        return true;
      },
      ...{ close() {}, pause() {}, resume() {}, cork: (body) => body() },
    };
    const session = new RouterSession(peer, auth, realms, options);
    session.onMessage(hello);
    return welcomed.promise;
  };
  const open = () => Promise.all(Array.from({ length: SESSIONS }, join));
  const first = await open();
  const before = heapOctets();
  const second = await open();
  const octets = (heapOctets() - before) / SESSIONS;
  expect(octets).toBeLessThan(1600);
  expect(realms.get("realm1")?.size).toBe(first.length + second.length);
});
