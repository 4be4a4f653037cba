/** When keys are downloaded, and how long they count. */

import { describe, expect, test } from "bun:test";
import type { JWTVerifyGetKey } from "jose";
import type { PublicKeySet } from "#base/public-key-set.ts";
import { DownloadedKeys } from "#transport/web/auth/downloaded-keys.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { type IssuerKey, issuerKey, keySet } from "../../../support/tokens.ts";

const [one, two] = [await issuerKey("one"), await issuerKey("two")];
const url = "https://login.example/keys?secret=1";

/** Keys whose server is the test. */
function start({ refresh_interval = 300_000, lifetime = 3_600_000 } = {}) {
  const asked: PromiseWithResolvers<PublicKeySet>[] = [];
  const download = () => {
    const answer = Promise.withResolvers<PublicKeySet>();
    asked.push(answer);
    return answer.promise;
  };
  const { log, logged } = keptLog("warn", "info");
  const keys = new DownloadedKeys({ type: "url", url, refresh_interval, lifetime }, download, log);
  afterTest(() => keys.close());
  return {
    keys,
    asked,
    logged,
    /** Answers the last download. */
    serve: async (...served: IssuerKey[]) => {
      asked.at(-1)?.resolve(keySet(...served) as never);
      await settled();
    },
    fail: async (reason = "away") => {
      asked.at(-1)?.reject(new Error(reason));
      await settled();
    },
  };
}

/** Lets what waits for promises go on. */
async function settled() {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** What becomes of a token with this key. */
function find(find: JWTVerifyGetKey, { alg, kid }: { alg: string; kid: string }): Promise<string> {
  const token = { payload: "", signature: "" };
  return Promise.resolve(find({ alg, kid }, token)).then(
    () => "found",
    (thrown) => thrown.code ?? thrown.constructor.name,
  );
}

const UNKNOWN = "ERR_JWKS_NO_MATCHING_KEY";

test("tokens wait for the first download, of which there is one", async () => {
  const { keys, asked, serve } = start();
  const found = [find(keys.find, one), find(keys.find, one)];
  await serve(one);
  expect(await Promise.all(found)).toEqual(["found", "found"]);
  expect(asked.length).toBe(1);
});

test("keys are downloaded again from time to time", async () => {
  const pass = fakeTime();
  const { keys, asked, serve, logged } = start();
  await serve(one);
  pass(299_999);
  expect(asked.length).toBe(1);
  pass(1);
  expect(asked.length).toBe(2);
  await serve(two);
  expect(await find(keys.find, two)).toBe("found");
  pass(10_000);
  expect(asked.length).toBe(2);
  expect(logged).toEqual([]);
});

describe("an unknown key", () => {
  test("causes one download, for which its tokens wait", async () => {
    const pass = fakeTime();
    const { keys, asked, serve } = start();
    await serve(one);
    pass(10_000);
    const found = [find(keys.find, two), find(keys.find, two), find(keys.find, one)];
    await settled();
    expect(asked.length).toBe(2);
    // A known key does not wait.
    expect(await found[2]).toBe("found");
    await serve(one, two);
    expect(await Promise.all(found)).toEqual(["found", "found", "found"]);
  });

  test("causes no other one before a pause", async () => {
    const pass = fakeTime();
    const { keys, asked, serve } = start();
    await serve(one);
    for (const at of [1, 9_998]) {
      pass(at);
      expect([await find(keys.find, two), asked.length]).toEqual([UNKNOWN, 1]);
    }
    pass(1);
    const late = find(keys.find, two);
    await settled();
    await serve(one);
    expect([await late, asked.length]).toEqual([UNKNOWN, 2]);
    expect([await find(keys.find, two), asked.length]).toEqual([UNKNOWN, 2]);
  });

  test("stays unknown where the download fails", async () => {
    const pass = fakeTime();
    const { keys, fail, serve } = start();
    await serve(one);
    pass(10_000);
    const late = find(keys.find, two);
    await settled();
    await fail();
    expect(await late).toBe(UNKNOWN);
    expect(await find(keys.find, one)).toBe("found");
  });
});

describe("while no download succeeds", () => {
  test("no token is accepted, and the server is asked again after a pause", async () => {
    const pass = fakeTime();
    const { keys, asked, fail, serve } = start();
    const first = find(keys.find, one);
    await fail();
    expect(await first).toBe("KeysUnavailable");
    expect([await find(keys.find, one), asked.length]).toEqual(["KeysUnavailable", 1]);
    pass(10_000);
    expect(asked.length).toBe(2);
    await serve(one);
    expect(await find(keys.find, one)).toBe("found");
  });

  test("the last keys count for their lifetime, and no longer", async () => {
    const pass = fakeTime();
    const { keys, asked, fail, serve } = start({ refresh_interval: 1_000, lifetime: 60_000 });
    await serve(one);
    for (let second = 1; second <= 60; second++) {
      pass(1_000);
      await fail();
      expect(await find(keys.find, one)).toBe("found");
    }
    expect(asked.length).toBe(61);
    pass(1);
    expect(await find(keys.find, one)).toBe("KeysUnavailable");
    pass(999);
    await serve(two);
    expect([await find(keys.find, one), await find(keys.find, two)]).toEqual([UNKNOWN, "found"]);
  });

  test("the log says so once, and when it is over, without the query of the URL", async () => {
    const pass = fakeTime();
    const { fail, serve, logged } = start({ refresh_interval: 1_000 });
    await fail("it answered with status 500");
    pass(1_000);
    await fail();
    pass(1_000);
    await serve(one);
    const shown = { url: "https://login.example/keys" };
    expect(logged).toEqual([
      ["keys of tokens not downloaded", { ...shown, reason: "it answered with status 500" }],
      ["keys of tokens downloaded again", shown],
    ]);
  });
});

test("a key that cannot be used causes no download", async () => {
  const pass = fakeTime();
  const { keys, asked, serve } = start();
  await serve({ ...one, jwk: { ...one.jwk, x: "AA" } });
  pass(10_000);
  expect(await find(keys.find, one)).not.toBe(UNKNOWN);
  expect(asked.length).toBe(1);
});

test("a download that is under way at the end is the last, and nobody hears of it", async () => {
  const pass = fakeTime();
  const { keys, asked, fail, logged } = start();
  keys.close();
  await fail();
  pass(600_000);
  expect([asked.length, logged]).toEqual([1, []]);
});

test("nothing is downloaded after the end", async () => {
  const pass = fakeTime();
  const { keys, asked, serve } = start();
  await serve(one);
  keys.close();
  pass(600_000);
  expect(asked.length).toBe(1);
});
