/** The single messages of the WAMP specification's test suite, said to a router by a client that has joined. */

import { describe, expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { everything, openRouter } from "../../support/router-harness.ts";
import { octetVectors, validationVectors } from "../../support/wamp-vectors.ts";

const roles = [{ name: "anonymous", permissions: [everything] }];

/** What a client sees in answer: the types of the messages, ERROR and ABORT with their URIs. */
async function answerTo(serializer: "json" | "msgpack" | "cbor", say: Say): Promise<string> {
  const peer = await openRouter(roles).join({ serializer });
  say(peer);
  const seen = peer.take().map(([type, ...rest]) => {
    if (type === M.ERROR) return rest[3];
    if (type === M.ABORT) return rest[1];
    return String(type);
  });
  return [...seen, ...(peer.closed ? [`close ${peer.closed.code}`] : [])].join(", ");
}

type Say = (peer: { says(list: unknown[]): void; saysOctets(octets: Uint8Array): void }) => void;

const INVALID = "wamp.error.invalid_argument";
const VIOLATION = "wamp.error.protocol_violation, close 1002";

/** What the messages of clients are answered with, by their file; all others are for routers to send. */
const ANSWERS: Record<string, string> = {
  "basic/abort": "close 1000",
  "basic/call": "wamp.error.no_such_procedure",
  "basic/goodbye": String(M.GOODBYE),
  "basic/publish": "",
  "advanced/publish_with_publisher_exclusion_disabled": "",
  "basic/register": String(M.REGISTERED),
  "basic/subscribe": String(M.SUBSCRIBED),
  "basic/unregister": "wamp.error.no_such_registration",
  "basic/unsubscribe": "wamp.error.no_such_subscription",
  "basic/yield": "",
  "advanced/cancel": "",
};

/** Options that the router does not read; docs/compatibility.md says why. */
const UNREAD = new Set(["transaction_hash", "forward_for", "enc_algo"]);

function wantedAnswer(of: string, message: unknown[], violates: string | undefined): string {
  const { acknowledge } = message[2] as { acknowledge?: unknown };
  const isRight = violates === undefined || UNREAD.has(violates);
  if (of === "basic/event") return VIOLATION;
  if (of === "basic/subscribe") return isRight ? String(M.SUBSCRIBED) : INVALID;
  if (isRight) return acknowledge === true ? String(M.PUBLISHED) : "";
  // A publisher that waits for an answer gets one, and its session goes on.
  return acknowledge ? INVALID : VIOLATION;
}

describe("a message of the test suite", () => {
  const vectors = octetVectors().map((vector, index) => [index + 1, vector.of, vector] as const);
  test.each(vectors)(
    "%d, %s, is answered alike in every serializer",
    async (_index, of, vector) => {
      const { options = {} } = vector.attributes as { options?: { acknowledge?: boolean } };
      const wanted = options.acknowledge ? String(M.PUBLISHED) : (ANSWERS[of] ?? VIOLATION);
      for (const serializer of ["json", "msgpack", "cbor"] as const) {
        for (const hex of vector[serializer]) {
          const answer = await answerTo(serializer, (peer) =>
            peer.saysOctets(Buffer.from(hex, "hex")),
          );
          expect({ hex, answer }).toEqual({ hex, answer: wanted });
        }
      }
    },
  );

  const samples = validationVectors().map(({ of, message, violates }, index) => {
    return [index + 1, of, JSON.stringify(message.slice(1)), violates, message] as const;
  });
  test.each(samples)("%d, %s, %s", async (_index, of, _text, violates, message) => {
    const answer = await answerTo("json", (peer) => peer.says(message));
    expect(answer).toBe(wantedAnswer(of, message, violates));
  });
});
