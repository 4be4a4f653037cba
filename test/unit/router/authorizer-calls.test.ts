/** Questions of an authorizer that are long: how many are asked at once, and whose turn comes next. */

import { describe, expect, jest, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { settle, startAuthorizer } from "../../support/authorizer-harness.ts";
import { fakeTime } from "../../support/fake-time.ts";

/** A client about whom each question has 60,000 octets: four are within what one session may have. */
async function start(timeout = 60_000) {
  const harness = await startAuthorizer({ timeout });
  const joinLong = () => harness.join({ role: "user", authextra: { long: "x".repeat(60_000) } });
  /** The sessions of the questions that have come. */
  const asked = async (count: number) => {
    const questions = [];
    for (let i = 0; i < count; i++) questions.push(await harness.question());
    await settle();
    expect(harness.authorizer.take()).toEqual([]);
    return questions.map((one) => {
      const { session } = one.args[0] as { session: number };
      return { ...one, session, uri: one.args[1] };
    });
  };
  return { ...harness, joinLong, asked };
}

const subscribe = (id: number) => [M.SUBSCRIBE, id, {}, `a.b${id}`];

describe("long questions", () => {
  test("about a session come as others are answered, in their order", async () => {
    const { joinLong, asked } = await start();
    const client = await joinLong();
    for (let id = 1; id <= 7; id++) client.says(subscribe(id));
    const first = await asked(4);
    for (const { returns } of first) returns(true);
    const rest = await asked(3);
    expect([...first, ...rest].map(({ uri }) => uri)).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((id) => `a.b${id}`),
    );
    for (const { returns } of rest) returns(false);
    await settle();
    expect(client.take().map(([type]) => type)).toEqual([
      ...Array.from({ length: 4 }, () => M.SUBSCRIBED),
      ...Array.from({ length: 3 }, () => M.ERROR),
    ]);
  });

  test("about one session do not keep those about others waiting", async () => {
    const { client, joinLong, asked } = await start();
    const long = await joinLong();
    for (let id = 1; id <= 6; id++) long.says(subscribe(id));
    await asked(4);
    client.says(subscribe(1));
    const [question] = await asked(1);
    expect(question?.session).toBe(client.id);
  });

  test("about all sessions have two MiB, and sessions take turns", async () => {
    const { joinLong, asked } = await start();
    const client = await joinLong();
    const others = await Promise.all(Array.from({ length: 9 }, joinLong));
    for (const other of others) for (let id = 1; id <= 5; id++) other.says(subscribe(id));
    // 34 of 60,000 octets.
    const questions = await asked(34);
    client.says(subscribe(1));
    await asked(0);
    questions[0]?.returns(true);
    const [next] = await asked(1);
    expect(others.map(({ id }) => id)).toContain(next?.session ?? 0);
    let answered = 1;
    for (; answered < 34; answered++) {
      questions[answered]?.returns(true);
      const [following] = await asked(1);
      if (following?.session === client.id) break;
    }
    // The client's turn is the tenth at the latest.
    expect(answered).toBeLessThan(10);
  });

  test("that wait are withdrawn with their session", async () => {
    const { joinLong, asked, authorizer } = await start();
    const [one, other] = [await joinLong(), await joinLong()];
    for (let id = 1; id <= 6; id++) one.says(subscribe(id));
    await asked(4);
    one.disconnect();
    await settle();
    expect(authorizer.take()).toEqual([]);
    for (let id = 1; id <= 4; id++) other.says(subscribe(id));
    expect((await asked(4)).map(({ session }) => session)).toEqual(Array(4).fill(other.id));
  });

  test.each(["that are late", "of calls that are canceled"])(
    "%s count until they are answered",
    async (which) => {
      const { joinLong, asked, question, authorizer } = await start(30_000);
      const client = await joinLong();
      const pass = fakeTime();
      for (let id = 1; id <= 6; id++) client.says([M.CALL, id, {}, "a.b"]);
      const first = [await question(), await question(), await question(), await question()];
      if (which === "that are late") pass(30_000);
      else for (let id = 1; id <= 6; id++) client.says([M.CANCEL, id, {}]);
      for (let id = 1; id <= 6; id++) expect((await client.next())[0]).toBe(M.ERROR);
      client.says([M.CALL, 7, {}, "a.later"]);
      jest.useRealTimers();
      await asked(0);
      first[2]?.returns(true);
      expect((await asked(1)).map(({ uri }) => uri)).toEqual(["a.later"]);
      expect(authorizer.take()).toEqual([]);
    },
  );

  test("that are never answered count for a minute", async () => {
    const { joinLong, question, authorizer } = await start(1_000);
    const client = await joinLong();
    const pass = fakeTime();
    for (let id = 1; id <= 4; id++) client.says(subscribe(id));
    for (let id = 1; id <= 4; id++) await question();
    pass(1_000);
    for (let id = 1; id <= 4; id++) expect((await client.next())[0]).toBe(M.ERROR);
    pass(58_500);
    client.says(subscribe(5));
    pass(500);
    for (let id = 1; id <= 4; id++) expect((await authorizer.next())[0]).toBe(M.INTERRUPT);
    expect((await question()).args[1]).toBe("a.b5");
  });
});
