/** Configurations of version 1: the rules of their permissions, the one warning, and places. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { loadNodeConfig } from "#config/load.ts";
import { printIssue } from "#config/text/config-issue.ts";
import { upgradePermission } from "#config/version-1.ts";
import { hasPython, PYTHON } from "../../support/wamp-clients.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "version-1-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Loads a text as a file of this name; issues are as they are printed, without the folder. */
async function load(name: string, text: string) {
  const file = join(folder, name);
  writeFileSync(file, text);
  const { config, faults, warnings } = await loadNodeConfig(file, {});
  const printed = [...faults, ...warnings].map((issue) =>
    printIssue(issue).replaceAll(`${folder}/`, ""),
  );
  return { config, printed };
}

const nothing = { call: false, register: false, publish: false, subscribe: false };
const secret = { caller: false, publisher: false };

/** What a permission of version 1 becomes, as `crossbar upgrade` has it too. */
const rules: [written: object, upgraded: object][] = [
  [
    { uri: "com.example.a", call: true },
    { uri: "com.example.a", match: "exact", allow: { ...nothing, call: true } },
  ],
  [
    { uri: "*", publish: true, subscribe: true, call: true, register: true },
    {
      uri: "",
      match: "prefix",
      allow: { call: true, register: true, publish: true, subscribe: true },
    },
  ],
  [
    { uri: "com.example.*", subscribe: true, publish: false },
    { uri: "com.example.", match: "prefix", allow: { ...nothing, subscribe: true } },
  ],
  [
    { uri: "com.*.a", register: true },
    { uri: "com..a", match: "wildcard", allow: { ...nothing, register: true } },
  ],
  [
    { uri: "com.*.a.*", call: false },
    { uri: "com..a.", match: "wildcard", allow: nothing },
  ],
  [
    { uri: "*.a", call: false },
    { uri: ".a", match: "wildcard", allow: nothing },
  ],
  [
    { uri: "**", call: false },
    { uri: "", match: "wildcard", allow: nothing },
  ],
  [{ uri: "" }, { uri: "", match: "exact", allow: nothing }],
  [{ uri: "com.example.b" }, { uri: "com.example.b", match: "exact", allow: nothing }],
].map(([written, upgraded]) => [written ?? {}, { ...upgraded, disclose: secret, cache: true }]);

describe("a permission", () => {
  test.each(rules)("%j", (written, upgraded) => {
    expect(JSON.stringify(upgradePermission(written))).toBe(JSON.stringify(upgraded));
    expect(upgradePermission(upgraded)).toBeNull();
  });

  test.skipIf(!hasPython)("becomes what `crossbar upgrade` makes of it", () => {
    const script = resolve(import.meta.dir, "../../python/upgraded.py");
    const stdin = Buffer.from(JSON.stringify(rules.map(([written]) => written)));
    const { stdout } = Bun.spawnSync([PYTHON, script], { stdin, stderr: "inherit" });
    expect(JSON.parse(stdout.toString())).toEqual(rules.map(([, upgraded]) => upgraded));
  });

  test.each([
    [{ uri: "a.", match: "prefix", allow: { call: true } }],
    [{ uri: "a.*", allow: { call: true } }],
    [{ uri: "a.", match: "prefix" }],
    [{ uri: "a.", allow: {}, call: true }],
    ["a."],
    [null],
    [["a."]],
  ])("in the form of version 2, or in none, stays: %j", (written) => {
    expect(upgradePermission(written)).toBeNull();
  });

  test("keeps what it says of version 2, and nothing that neither version knows", () => {
    const written = { uri: "a.*", call: true, match: "wildcard", cache: false, pubish: true };
    expect(upgradePermission(written)).toEqual({
      uri: "a.*",
      match: "wildcard",
      allow: { ...nothing, call: true },
      disclose: secret,
      cache: false,
    });
  });
});

const node = (version: object, permissions: unknown[]) => ({
  ...version,
  workers: [
    {
      type: "router",
      realms: [{ name: "realm1", roles: [{ name: "anonymous", permissions }] }],
    },
  ],
});

describe("a file", () => {
  const old = [
    { uri: "com.example.*", call: true, register: true },
    { uri: "com.example.topic", publish: true },
    { uri: "other.", match: "prefix", allow: { subscribe: true } },
  ];
  const warning = (file: string) =>
    ` is read as version 2; "crossproxy upgrade ${file}" writes a file of version 2`;

  test("without a version, or of version 1, is read as version 2, with one warning", async () => {
    const absent = await load("absent.json", JSON.stringify(node({}, old)));
    const one = await load("one.json", JSON.stringify(node({ version: 1 }, old)));
    const two = node(
      { version: 2 },
      old.map((one) => upgradePermission(one) ?? one),
    );
    const now = await load("two.json", JSON.stringify(two));
    expect(now.printed).toEqual([]);
    expect(absent.config?.workers).toEqual(now.config?.workers);
    expect(one.config?.workers).toEqual(now.config?.workers);
    expect(absent.printed).toEqual([
      `absent.json:1:1  $: a file without a version${warning("absent.json")}`,
    ]);
    expect(one.printed).toEqual([`one.json:1:2  $.version: version 1${warning("one.json")}`]);
  });

  test("has its faults where they are written", async () => {
    const text = `# old
workers:
- type: router
  realms:
  - name: realm1
    roles:
    - name: anonymous
      permissions:
      - &all {uri: "*", call: 1, register: true}
      - <<: *all
        publish: maybe
      - uri: 5
        call: true
      - {uri: a, pubish: true, call: true}
      - {call: true}
`;
    const { printed } = await load("places.yaml", text);
    const at = "$.workers[0].realms[0].roles[0].permissions";
    expect(printed.map((line) => line.replace(at, "@"))).toEqual([
      "places.yaml:9:31  @[0].allow.call: expected boolean, found 1",
      "places.yaml:9:31  @[1].allow.call: expected boolean, found 1",
      'places.yaml:11:18  @[1].allow.publish: expected boolean, found "maybe"',
      "places.yaml:12:14  @[2].uri: expected string, found 5",
      "places.yaml:15:9  @[4].uri: required attribute is missing",
      expect.stringContaining("places.yaml:2:1  $: a file without a version is read as version 2"),
      'places.yaml:14:18  @[3].pubish: unknown attribute, which is left out; did you mean "publish"?',
    ]);
  });

  test("keeps what version 2 does not know, for the usual checks", async () => {
    const wamplet = { type: "container", components: [{ type: "wamplet" }] };
    const { printed } = await load("old.json", JSON.stringify({ workers: [wamplet, 5] }));
    expect(printed[0]).toContain("components[0].package: required attribute is missing");
    expect(printed).toHaveLength(6);
  });

  test.each([3, 0, 1.5, "1", "2", null, true])("of version %p has one fault", async (version) => {
    const { config, printed } = await load(
      "other.json",
      JSON.stringify({ workers: [{ type: "router", x: 1 }], version }),
    );
    expect(config).toBeNull();
    expect(printed).toEqual([
      `other.json:1:48  $.version: expected 1 or 2, found ${JSON.stringify(version)}: this program reads no other version`,
    ]);
  });

  test.each(["[]", "null", "5"])("that is no object has no version: %s", async (text) => {
    const { printed } = await load("none.json", text);
    expect(printed).toHaveLength(1);
    expect(printed[0]).toContain("$: expected object");
  });
});
