/** The options of Web transports, and of the Web services of universal ones. */

import { expect, test } from "bun:test";
import { loadNode, transportsOf } from "../../support/loaded-node.ts";

/** Loads a Web transport, or the Web part of a universal one, with these options. */
async function load(type: "web" | "universal", options: object, endpoint: object) {
  const web = { paths: { "/": { type: "nodeinfo" } }, options };
  const transport = type === "web" ? { type, endpoint, ...web } : { type, endpoint, web };
  const realms = [{ name: "realm1", roles: [] }];
  const worker = { type: "router", realms, transports: [transport] };
  const { config, faults, warnings } = await loadNode({ version: 2, workers: [worker] });
  const place = /^\$\.workers\[0\]\.transports\[0\](\.web)?\.options/;
  const told = [...faults, ...warnings].map((one) => one.replace(place, ""));
  return { transport: transportsOf(config)[0], told };
}

const plain = { type: "tcp", port: 8080 };

for (const type of ["web", "universal"] as const) {
  test(`hsts of a ${type} transport without TLS is warned of`, async () => {
    for (const endpoint of [plain, { type: "unix", path: "web.sock" }]) {
      const { transport, told } = await load(type, { hsts: true, hsts_max_age: 5 }, endpoint);
      expect(told).toEqual([".hsts: has no effect: the endpoint has no TLS"]);
      expect(transport).not.toHaveProperty("hsts_max_age");
    }
  });

  test(`hsts_max_age of a ${type} transport is warned of without hsts`, async () => {
    const { told } = await load(type, { hsts_max_age: 5 }, plain);
    expect(told).toEqual([".hsts_max_age: has no effect: hsts is not given"]);
    expect((await load(type, { hsts: false, hsts_max_age: 5 }, plain)).told).toEqual([]);
  });

  test(`access_log of a ${type} transport is on only where it says so`, async () => {
    const { transport, told } = await load(type, { access_log: true }, plain);
    expect(told).toEqual([]);
    expect(transport).toHaveProperty("access_log", true);
    const { transport: other } = await load(type, { access_log: false }, plain);
    expect(other).not.toHaveProperty("access_log");
  });
}
