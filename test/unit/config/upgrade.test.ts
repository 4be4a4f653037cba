/** The text that `crossproxy upgrade` writes. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { loadNodeConfig } from "#config/load.ts";
import { upgradeConfigFile } from "#config/upgrade/upgrade-config-file.ts";
import { titled } from "../../support/titles.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "upgrade-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function upgrade(name: string, text: string) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return upgradeConfigFile(file);
}

/** What a text becomes. */
async function upgraded(name: string, text: string): Promise<string> {
  const result = await upgrade(name, text);
  if (result.kind !== "upgraded") throw new Error(`expected an upgrade, found ${result.kind}`);
  return result.text;
}

describe("JSON keeps its layout, its order and its numbers", () => {
  test("on lines of their own", async () => {
    const text = `{
    "workers": [
        {
            "type": "router",
            "realms": [
                {
                    "name": "realm1",
                    "roles": [
                        {
                            "name": "anonymous",
                            "permissions": [
                                {
                                    "uri": "com.*",
                                    "publish": true,
                                    "call": true
                                },
                                {"uri": "*", "call":   true},
                                { "uri": "a", "match": "exact", "allow": { "call": true } }
                            ]
                        }
                    ]
                }
            ]
        }
    ],
    "controller": {"2": 1.50, "1": 12345678901234567890}
}
`;
    expect(await upgraded("lines.json", text)).toBe(`{
    "version": 2,
    "workers": [
        {
            "type": "router",
            "realms": [
                {
                    "name": "realm1",
                    "roles": [
                        {
                            "name": "anonymous",
                            "permissions": [
                                {
                                    "uri": "com.",
                                    "match": "prefix",
                                    "allow": {
                                        "call": true,
                                        "register": false,
                                        "publish": true,
                                        "subscribe": false
                                    },
                                    "disclose": {
                                        "caller": false,
                                        "publisher": false
                                    },
                                    "cache": true
                                },
                                {"uri": "", "match": "prefix", "allow": {"call": true, "register": false, "publish": false, "subscribe": false}, "disclose": {"caller": false, "publisher": false}, "cache": true},
                                { "uri": "a", "match": "exact", "allow": { "call": true } }
                            ]
                        }
                    ]
                }
            ]
        }
    ],
    "controller": {"2": 1.50, "1": 12345678901234567890}
}
`);
  });

  test.each(
    titled(
      [
        ["{}", '{"version": 2}'],
        ['{"workers": []}', '{"version": 2, "workers": []}'],
        ['{ "workers": [] }', '{ "version": 2, "workers": [] }'],
        ['{"workers":[],"version":1}', '{"workers":[],"version":2}'],
        ['{\r\n\t"workers": []\r\n}', '{\r\n\t"version": 2,\r\n\t"workers": []\r\n}'],
        ['{"version": 1.0}', '{"version": 2}'],
        [
          node('{"uri":"a","call":1e0,"x":[1,{"call":2}],"disclose":{"caller":true}}'),
          node(
            '{"uri":"a","match":"exact","allow":{"call":1e0,"register":false,"publish":false,"subscribe":false},"disclose":{"caller":true},"cache":true}',
            '"version": 2, ',
          ),
        ],
        [
          node('{"call": true}'),
          node(
            '{"allow": {"call": true, "register": false, "publish": false, "subscribe": false}, "disclose": {"caller": false, "publisher": false}, "cache": true}',
            '"version": 2, ',
          ),
        ],
      ],
      1,
    ),
  )("%s", async (_title, text, expected) => {
    expect(await upgraded("node.json", text)).toBe(expected);
  });
});

function node(permission: string, version = ""): string {
  return `{${version}"workers":[{"type":"router","realms":[{"roles":[{"permissions":[${permission}]}]}]}]}`;
}

describe("YAML keeps its comments, anchors, quotation marks and numbers", () => {
  test("also in permissions", async () => {
    const text = `# The node.

# The workers.
workers:
- type: router   # one
  realms:
  - name: 'realm1'
    roles:
    - name: anonymous
      permissions: &permissions
      # Everything.
      - &all
        uri: "*"   # any
        call: yes  # every procedure
        register: yes
      - <<: *all
        uri: 1.*
        publish: on
      - {uri: a.b, subscribe: true}
      - uri: c.
        match: prefix
        allow: {call: true}
    - name: other
      permissions: *permissions
  transports:
  - type: websocket
    endpoint: {type: tcp, port: 8080}
    options:
      max_message_size: 0x100000
`;
    expect(await upgraded("node.yaml", text)).toBe(`# The node.

version: 2
# The workers.
workers:
- type: router   # one
  realms:
  - name: 'realm1'
    roles:
    - name: anonymous
      permissions: &permissions
      # Everything.
      - &all
        uri: "" # any
        match: "prefix"
        allow:
          call: yes # every procedure
          register: yes
          publish: false
          subscribe: false
        disclose:
          caller: false
          publisher: false
        cache: true
      - uri: "1."
        match: "prefix"
        allow:
          call: true
          register: true
          publish: on
          subscribe: false
        disclose:
          caller: false
          publisher: false
        cache: true
      - {uri: a.b, match: "exact", allow: {call: false, register: false, publish: false, subscribe: true}, disclose: {caller: false, publisher: false}, cache: true}
      - uri: c.
        match: prefix
        allow: {call: true}
    - name: other
      permissions: *permissions
  transports:
  - type: websocket
    endpoint: {type: tcp, port: 8080}
    options:
      max_message_size: 0x100000
`);
  });

  test.each([
    ["{}\n", "{version: 2}\n"],
    ["{a: 1}", "{version: 2, a: 1}"],
    ["# file\nb: 1\n", "# file\nversion: 2\nb: 1\n"],
    ["a: 1", "version: 2\na: 1"],
    ["b: &a 1\nversion: *a\n", "b: &a 1\nversion: 2\n"],
    ["version: !!int '1'\n", "version: !!int 2\n"],
    ["version: 1 # old\nworkers: []\n", "version: 2 # old\nworkers: []\n"],
    ["---\nworkers: []\nversion: 1\n", "---\nworkers: []\nversion: 2\n"],
    ["workers:\r\n  - type: proxy\r\n", "version: 2\r\nworkers:\r\n  - type: proxy\r\n"],
    [
      "controller: &c {id: !!str 010}\nworkers: []\nx: *c\n",
      "version: 2\ncontroller: &c {id: !!str 010}\nworkers: []\nx: *c\n",
    ],
    ["a: |\n  b\n   c\nb: >-\n  d\n  e\n", "version: 2\na: |\n  b\n   c\nb: >-\n  d\n  e\n"],
  ])("%j", async (text, expected) => {
    expect(await upgraded("short.yaml", text)).toBe(expected);
  });

  test("and is not written where an anchor would be lost", async () => {
    const text = `workers:
- type: router
  realms:
  - roles:
    - permissions:
      - {uri: &uri "com.*", call: true}
    - name: *uri
`;
    await expect(upgrade("anchor.yaml", text)).rejects.toThrow(
      "write out its anchors and aliases first",
    );
  });
});

describe("a file that", () => {
  test("is of version 2 is left alone", async () => {
    expect(await upgrade("two.json", '{"version": 2, "x": 1}')).toEqual({ kind: "unchanged" });
    expect(await upgrade("two.yaml", "version: 2\n")).toEqual({ kind: "unchanged" });
  });

  test.each([
    ["three.json", '{"version": 3}', "expected 1 or 2, found 3"],
    ["broken.json", "{", "expected an attribute name"],
    ["list.yaml", "- 1\n", "expected object, found list"],
    ["two.yaml", "a: 1\n---\nb: 1\n", "it holds 2 documents"],
  ])("cannot be read is refused with its fault: %s", async (name, text, sentence) => {
    const result = await upgrade(name, text);
    if (result.kind !== "faulty") throw new Error(`expected faults, found ${result.kind}`);
    expect(result.faults).toHaveLength(1);
    expect(result.faults[0]?.sentence).toContain(sentence);
  });
});

describe("every node of version 1", () => {
  const permission = fc.record(
    {
      uri: fc.constantFrom("*", "a.*", "a.*.b", "a.b", "", "1.5", "yes*", "é.*", 'a"b'),
      call: fc.boolean(),
      register: fc.boolean(),
      publish: fc.boolean(),
      subscribe: fc.boolean(),
    },
    { requiredKeys: ["uri"] },
  );
  const newPermission = fc.record({
    uri: fc.constantFrom("a.", "a.*"),
    allow: fc.record({ call: fc.boolean() }, { requiredKeys: [] }),
  });
  const role = fc.record({
    name: fc.constantFrom("anonymous", "user"),
    permissions: fc.array(fc.oneof(permission, newPermission), { maxLength: 4 }),
  });
  const old = fc
    .record({
      version: fc.constantFrom(1, null),
      roles: fc.uniqueArray(role, { selector: ({ name }) => name, maxLength: 2 }),
    })
    .map(({ version, roles }) => ({
      ...(version !== null && { version }),
      workers: [{ type: "router", realms: [{ name: "realm1", roles }] }],
    }));
  const layout = fc.constantFrom<[string, (value: object) => string]>(
    ["node.json", (value) => JSON.stringify(value)],
    ["node.json", (value) => JSON.stringify(value, null, 2)],
    ["node.json", (value) => JSON.stringify(value, null, "\t")],
    ["node.yaml", (value) => JSON.stringify(value)],
    ["node.yaml", (value) => Bun.YAML.stringify(value, null, 2)],
  );

  test("is the same configuration in version 2, where nothing is left to do", async () => {
    await fc.assert(
      fc.asyncProperty(old, layout, async (value, [name, write]) => {
        const before = write(value);
        const after = await upgraded(name, before);
        const file = join(folder, name);
        const one = await loadNodeConfig(file, {});
        expect(one.faults).toEqual([]);
        expect(one.warnings).toHaveLength(1);
        expect(await upgrade(name, after)).toEqual({ kind: "unchanged" });
        const two = await loadNodeConfig(file, {});
        expect(two).toMatchObject({ config: one.config, faults: [], warnings: [] });
      }),
      { numRuns: 200 },
    );
  });
});
