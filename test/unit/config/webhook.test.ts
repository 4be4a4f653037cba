/** Paths of type `webhook`. */

import { expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { titled } from "../../support/titles.ts";

const at = "$.workers[1].transports[0].paths.hook";
const options = { topic: "com.example.news" };
const service = { type: "webhook", realm: "realm1", role: "anonymous", options };
const load = (changes: object, env = {}) => loadNode(nodeWith(at, { ...service, ...changes }), env);
const loaded = (config: unknown) =>
  (config as { workers: { transports: { paths: Record<string, object> }[] }[] }).workers[1]
    ?.transports[0]?.paths["hook"];

test("is normalized with its defaults", async () => {
  const { config, faults, warnings } = await load({});
  expect([...faults, ...warnings]).toEqual([]);
  const defaults = { post_body_limit: 1_048_576, success_response: "OK", error_response: "NOT OK" };
  expect(loaded(config)).toEqual({
    ...service,
    options: { ...options, ...defaults, github_secret: null },
  });
});

test("takes every option, and the secret out of the environment", async () => {
  const all = { post_body_limit: 1000, success_response: "", error_response: "no" };
  const written = { ...options, ...all, debug: true, github_secret: `\${SECRET}` };
  const { config, faults, warnings } = await load(
    { id: "hook1", options: written },
    { SECRET: "topsecret" },
  );
  expect([...faults, ...warnings]).toEqual([]);
  expect(loaded(config)).toMatchObject({
    options: { ...options, ...all, github_secret: "topsecret" },
  });
});

test.each(
  titled(
    [
      [{ realm: undefined }, ".realm: required attribute is missing"],
      [{ role: undefined }, ".role: required attribute is missing"],
      [{ options: undefined }, ".options: required attribute is missing"],
      [
        { options: { ...options, post_body_limit: 1_048_577 } },
        ".options.post_body_limit: expected an integer from 0 to 1048576",
      ],
      [{ options: { ...options, key: "a" } }, '.options.key: unknown attribute "key"'],
      [
        { options: { ...options, github_secret: "" } },
        ".options.github_secret: expected a text, found an empty one",
      ],
      [
        { options: { ...options, github_secret: 4711 } },
        '.options.github_secret: expected a text or {"file": "…"}, found a number',
      ],
    ],
    1,
  ),
)("refuses %s", async (_title, changes, fault) => {
  const { faults } = await load(changes as object);
  expect(faults).toEqual([expect.stringContaining(`${at}${fault}`)]);
});

test.each(
  titled(
    [
      [{ options: {} }, ".options: topic is missing; requests for it are answered with 501"],
      [
        { options: { topic: "a b" } },
        '.options.topic: "a b" is no URI; requests for it are answered with 501',
      ],
      [{ realm: "realm9" }, '.realm: no route "realm9" exists, so nothing is published'],
      [{ role: "x" }, '.role: route "realm1" lacks role "x", so nothing is published'],
    ],
    1,
  ),
)("warns of %s", async (_title, changes, warning) => {
  const { faults, warnings } = await load(changes as object);
  expect([...faults, ...warnings]).toEqual([`${at}${warning}`]);
});
