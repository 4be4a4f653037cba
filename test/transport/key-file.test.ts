/** Keys in a file, which is read again when it changes. */

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeyFile } from "#transport/web/auth/key-file.ts";
import { awaitedLog } from "../support/awaited-log.ts";
import { afterTest } from "../support/cleanups.ts";
import { quiet } from "../support/quiet-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type IssuerKey, issuerKey, keySet } from "../support/tokens.ts";

const [one, two] = [await issuerKey("one"), await issuerKey("two")];

test("keys count once they are written, and go on while what is written cannot be read", async () => {
  const file = join(temporaryFolder({ "keys.json": keySet(one) }), "keys.json");
  const { log, lines, until } = awaitedLog();
  const keys = new KeyFile(file, log, 10);
  afterTest(() => keys.close());
  const knows = ({ kid, alg }: IssuerKey) =>
    Promise.resolve(keys.find({ kid, alg }, { payload: "", signature: "" })).then(
      () => true,
      () => false,
    );
  expect([await knows(one), await knows(two)]).toEqual([true, false]);
  writeFileSync(file, '{"keys":[');
  await until(/^warn keys of tokens not read again .*it is no JSON/);
  expect([await knows(one), await knows(two)]).toEqual([true, false]);
  writeFileSync(file, JSON.stringify(keySet(two)));
  await until(/^info keys of tokens read again/);
  expect([await knows(one), await knows(two)]).toEqual([false, true]);
  keys.close();
  const before = lines.length;
  const other = awaitedLog();
  const others = new KeyFile(file, other.log, 20);
  afterTest(() => others.close());
  writeFileSync(file, "{}");
  await other.until(/^warn/);
  expect(lines.length).toBe(before);
});

test("a file that cannot be read opens no path", () => {
  expect(() => new KeyFile(join(temporaryFolder(), "none.json"), quiet)).toThrow(
    /^Cannot read the keys from ".*none\.json": no such file$/,
  );
});
