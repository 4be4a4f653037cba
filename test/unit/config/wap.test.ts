/** Paths of type `wap` and `catalog`. */

import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { titled } from "../../support/titles.ts";

const at = "$.workers[1].transports[0].paths.pages";
const templates = temporaryFolder();
const route = {
  path: "/square/<int:x>",
  method: "GET",
  call: "com.example.square",
  render: "a.html",
};
const service = {
  type: "wap",
  templates,
  routes: [route],
  wamp: { realm: "realm1", authrole: "anonymous" },
};
const load = (changes: object) => loadNode(nodeWith(at, { ...service, ...changes }));
const loaded = (config: unknown) =>
  (config as { workers: { transports: { paths: Record<string, object> }[] }[] }).workers[1]
    ?.transports[0]?.paths["pages"];

describe("wap", () => {
  test("is normalized with its defaults, and the rules of whole paths", async () => {
    const paths = ["/", "", "a/<x>", "/a//b"];
    const routes = paths.map((path) => ({ path, method: "POST", render: "b.html" }));
    const { config, faults, warnings } = await load({ routes: [route, ...routes] });
    expect([...faults, ...warnings]).toEqual([]);
    const rules = ["/pages", "/pages/", "/pages/a/<x>", "/pages//a//b"];
    expect(loaded(config)).toEqual({
      type: "wap",
      templates,
      sandbox: true,
      realm: "realm1",
      role: "anonymous",
      routes: [
        { ...route, path: undefined, rule: "/pages//square/<int:x>", isOffered: true },
        ...rules.map((rule) => ({
          rule,
          method: "POST",
          call: null,
          render: "b.html",
          isOffered: true,
        })),
      ],
    });
  });

  test("gives its worker the options of the Python that may render", async () => {
    const options = { python: "/usr/bin/python3", env: { inherit: false } };
    const base = nodeWith("$.workers[1].options", options);
    const { config, warnings } = await loadNode(nodeWith(at, service, base));
    expect(warnings.filter((one) => one.includes(".options"))).toEqual([]);
    expect(config?.workers[1]).toMatchObject({
      templates: { ...options, env: { inherit: false, vars: {} } },
    });
    const late = { ...options, ready_timeout: 1 };
    const ready = await loadNode(nodeWith("$.workers[1].options", late, nodeWith(at, service)));
    expect(ready.warnings.filter((one) => one.includes(".options"))).toEqual([
      "$.workers[1].options.ready_timeout: not honoured: the worker runs no components in Python",
    ]);
    expect(config?.workers[0]).not.toHaveProperty("templates");
    const without = await loadNode(base);
    expect(without.config?.workers[1]).not.toHaveProperty("templates");
    expect(without.warnings).toContainEqual(
      "$.workers[1].options.python: not honoured: the worker runs nothing in Python",
    );
  });

  test("has the rules of paths at the root, and below nested paths", async () => {
    const inner = { type: "path", paths: { "/": service, deep: service } };
    const { config } = await loadNode(nodeWith(at.replace(/pages$/, "inner"), inner));
    expect(JSON.stringify(config)).toContain('"rule":"/inner//square/<int:x>"');
    expect(JSON.stringify(config)).toContain('"rule":"/inner/deep//square/<int:x>"');
  });

  test.each(
    titled(
      [
        [{ templates: undefined }, ".templates: required attribute is missing"],
        [{ templates: "none" }, '.templates: Cannot read templates in "'],
        [{ routes: undefined }, ".routes: required attribute is missing"],
        [{ wamp: { realm: "realm1" } }, ".wamp.authrole: required attribute is missing"],
        [{ routes: [{ ...route, method: "PUT" }] }, '.routes[0].method: expected "GET" or "POST"'],
        [
          { routes: [{ ...route, render: undefined }] },
          ".routes[0].render: required attribute is missing",
        ],
        [
          { routes: [{ ...route, path: "/<x" }] },
          '.routes[0].path: expected a rule of Werkzeug, and "<x" is malformed',
        ],
        [{ routes: [{ ...route, path: "/<a:x>" }] }, 'there is no converter "a"'],
        [{ options: {} }, '.options: unknown attribute "options"'],
        [{ templates: { package: "a" } }, ".templates.resource: required attribute is missing"],
      ],
      1,
    ),
  )("refuses %s", async (_title, changes, fault) => {
    const { faults } = await load(changes);
    expect(faults).toEqual([expect.stringContaining(fault)]);
  });

  test.each(
    titled(
      [
        [
          { wamp: { realm: "none", authrole: "a" } },
          '.wamp.realm: no route "none" exists, so nothing is called',
        ],
        [
          { wamp: { realm: "realm1", authrole: "none" } },
          '.wamp.authrole: route "realm1" lacks role "none", so nothing is called',
        ],
        [
          { routes: [{ ...route, call: "a b" }] },
          '.routes[0].call: "a b" is no URI; requests for it are answered with 501',
        ],
        [
          { templates: { package: "a", resource: "b" } },
          ".templates: not honoured: templates of a Python package; requests for it are answered with 501",
        ],
      ],
      1,
    ),
  )("warns of %s", async (_title, changes, warning) => {
    const { faults, warnings } = await load(changes);
    expect([faults, warnings]).toEqual([[], [`${at}${warning}`]]);
  });
});

describe("catalog", () => {
  const schema = resolve(import.meta.dir, "../../fixtures/catalog/shop.bfbs");
  const loadCatalog = (filename: string) => loadNode(nodeWith(at, { type: "catalog", filename }));

  test.each([
    ["a file", schema, [schema]],
    ["files with commas between them", `${schema},${schema}`, [schema, schema]],
    ["a folder", resolve(schema, ".."), [schema]],
  ])("takes %s", async (_what, filename, files) => {
    const { config, faults } = await loadCatalog(filename);
    expect(faults).toEqual([]);
    expect(loaded(config)).toEqual({ type: "catalog", files });
  });

  test("refuses what is not there", async () => {
    const { faults } = await loadCatalog("none.bfbs");
    expect(faults).toEqual([`${at}.filename: Cannot show "none.bfbs": no such file or folder`]);
  });
});
