/** Paths of type `nodeinfo`. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { titled } from "../../support/titles.ts";

const at = "$.workers[1].transports[0].paths.info";
const load = (changes: object, env = {}) =>
  loadNode(nodeWith(at, { type: "nodeinfo", ...changes }), env);
const loaded = (config: unknown) =>
  (config as { workers: { transports: { paths: { info: object } }[] }[] }).workers[1]?.transports[0]
    ?.paths.info;

describe("the page of a node", () => {
  test("is for every client unless something else is said", async () => {
    const { config, faults, warnings } = await load({ id: "info1" });
    expect([...faults, ...warnings]).toEqual([]);
    expect(loaded(config)).toEqual({ type: "nodeinfo", require_ip: null, token: null });
  });

  test("takes addresses, and a token out of the environment or a file", async () => {
    const require_ip = ["10.0.0.7", "fd00::/8", "10.0.0.0/255.0.0.0"];
    const variable = await load({ require_ip, token: `\${TOKEN}` }, { TOKEN: "s3cret" });
    expect([...variable.faults, ...variable.warnings]).toEqual([]);
    expect(loaded(variable.config)).toEqual({
      type: "nodeinfo",
      require_ip: ["10.0.0.7", "fd00::/8", "10.0.0.0/8"],
      token: "s3cret",
    });
    const file = `${temporaryFolder({ token: "s4cret\n" })}/token`;
    expect(loaded((await load({ token: { file } })).config)).toMatchObject({ token: "s4cret" });
  });

  test.each(
    titled<[object, string]>([
      [{ require_ip: ["nowhere"] }, "require_ip[0]: expected an IP address or a range"],
      [{ token: "" }, "token: expected a text"],
      [{ token: 5 }, 'token: expected a text or {"file": "…"}, found a number'],
      [{ tokens: "a" }, 'tokens: unknown attribute "tokens"; did you mean "token"?'],
    ]),
  )("%s is refused", async (_, changes, sentence) => {
    const { faults } = await load(changes);
    expect(faults).toEqual([expect.stringContaining(`${at}.${sentence}`)]);
  });
});
