import { describe, expect, test } from "bun:test";
import type { SessionConfig } from "#config/options/session-config.ts";
import { rateLimitedAccept } from "#transport/rate-limited-peer.ts";
import { TokenBucket } from "#transport/token-bucket.ts";
import type { Peer, PeerHandler } from "#wamp/peer.ts";
import { FakePeer } from "../../support/fake-peer.ts";
import { quiet } from "../../support/quiet-context.ts";

describe("TokenBucket", () => {
  test("is full at first, and fills again at its rate", () => {
    const bucket = new TokenBucket(10, 2, 0);
    expect([bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([0, 0, 100]);
    expect(bucket.waitMs(60)).toBe(40);
    expect(bucket.take(100)).toBe(100);
    expect(bucket.waitMs(200)).toBe(0);
  });

  test("never holds more than its size", () => {
    const bucket = new TokenBucket(10, 2, 0);
    expect([bucket.take(1e6), bucket.take(1e6), bucket.take(1e6)]).toEqual([0, 0, 100]);
  });
});

describe("rateLimitedAccept", () => {
  const limits = { max_connections: null, max_connections_per_address: null };
  const config = {} as SessionConfig;

  /** A peer with two messages at once, a thousand a second, and what its session sees. */
  function pair() {
    const received: unknown[] = [];
    const resumed = Promise.withResolvers<void>();
    class Client extends FakePeer {
      override resume(): void {
        super.resume();
        resumed.resolve();
      }
    }
    const client = new Client();
    let limited: Peer = client;
    const accept = (peer: Peer): PeerHandler => {
      limited = peer;
      return { onMessage: (message) => received.push(message), onDrain() {}, onClose() {} };
    };
    const pace = { ...limits, max_messages_per_second: 1000, max_messages_burst: 2 };
    client.attach(rateLimitedAccept(pace, accept, quiet)(client, config));
    return { client, limited, received, resumed: resumed.promise };
  }

  test("leaves everything as it is where no rate is given", () => {
    const accept = (): PeerHandler => ({ onMessage() {}, onDrain() {}, onClose() {} });
    const others = { ...limits, max_messages_per_second: null, max_messages_burst: 0 };
    expect(rateLimitedAccept(undefined, accept, quiet)).toBe(accept);
    expect(rateLimitedAccept(others, accept, quiet)).toBe(accept);
  });

  test("counts a long message when it begins", () => {
    const taken: string[] = [];
    const client = new FakePeer();
    const parts = { take: (octets: Uint8Array) => void taken.push(octets.toHex()) };
    const session: PeerHandler = {
      onMessage() {},
      onLongMessage: (_, octets) => (octets > 5 ? parts : null),
      onDrain() {},
      onClose() {},
    };
    const pace = { ...limits, max_messages_per_second: 1000, max_messages_burst: 1 };
    const handler = rateLimitedAccept(pace, () => session, quiet)(client, config);
    expect(handler.onLongMessage?.(Buffer.from("a"), 5)).toBeNull();
    expect(handler.onLongMessage?.(Buffer.from("a"), 6)).toBe(parts);
    expect(client.paused).toBe(false);
    expect(handler.onLongMessage?.(Buffer.from("a"), 6)).toBe(parts);
    expect(client.paused).toBe(true);
    client.resume();
    handler.onClose("over");
  });

  test("passes the parts of a long message on", () => {
    const parts: string[] = [];
    class PartPeer extends FakePeer {
      readonly isAmidMessage = true;
      beginMessage = (octets: number) => octets === 7;
      sendPart = (octets: Uint8Array) => parts.push(Buffer.from(octets).toString()) > 1;
      takeBackMessage = () => void parts.push("taken back");
    }
    let limited: Peer = new FakePeer();
    const accept = (peer: Peer): PeerHandler => {
      limited = peer;
      return { onMessage() {}, onDrain() {}, onClose() {} };
    };
    const pace = { ...limits, max_messages_per_second: 1000, max_messages_burst: 2 };
    rateLimitedAccept(pace, accept, quiet)(new PartPeer(), config);
    expect([limited.beginMessage?.(7), limited.beginMessage?.(8)]).toEqual([true, false]);
    const answers = ["a", "b"].map((part) => limited.sendPart?.(Buffer.from(part)));
    limited.takeBackMessage?.();
    const done = ["a", "b", "taken back"];
    expect([answers, parts, limited.isAmidMessage]).toEqual([[false, true], done, true]);
    rateLimitedAccept(pace, accept, quiet)(new FakePeer(), config);
    expect([limited.beginMessage?.(7), limited.isAmidMessage]).toEqual([false, false]);
  });

  test("stops reading beyond the burst for as long as it takes, and loses nothing", async () => {
    const { client, received, resumed } = pair();
    client.saysOctets("[1]");
    client.saysOctets("[2]");
    expect(client.paused).toBe(false);
    const begun = performance.now();
    for (let n = 3; n <= 32; n++) client.saysOctets(`[${n}]`);
    expect(client.paused).toBe(true);
    expect(received).toHaveLength(32);
    await resumed;
    expect(performance.now() - begun).toBeGreaterThan(25);
  });

  test("is not resumed by its session before the time is over", async () => {
    const { client, limited, resumed } = pair();
    for (let n = 0; n < 12; n++) client.saysOctets("[1]");
    limited.pause();
    limited.resume();
    expect(client.paused).toBe(true);
    await resumed;
    expect(client.paused).toBe(false);
  });

  test("stays paused for its session when its time is over", async () => {
    const { client, limited } = pair();
    limited.pause();
    const other = pair();
    for (let n = 0; n < 12; n++) client.saysOctets("[1]");
    for (let n = 0; n < 24; n++) other.client.saysOctets("[1]");
    // The other one began later and owes more, so that the first one's time is over as well.
    await other.resumed;
    expect(client.paused).toBe(true);
    limited.resume();
    expect(client.paused).toBe(false);
  });
});
