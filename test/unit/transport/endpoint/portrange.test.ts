import { expect, test } from "bun:test";
import { listenInPortRange } from "#transport/endpoint/portrange.ts";
import { anyPort } from "../../../support/transports.ts";

const inUse = Object.assign(new Error("in use"), { code: "EADDRINUSE" });

/** Listens where no port of these is taken; gives the ports that were tried. */
function listen(portrange: [number, number] | undefined, taken: number[], reason: Error = inUse) {
  const tried: number[] = [];
  const endpoint = { ...anyPort, port: 4000, ...(portrange && { portrange }) };
  const server = () =>
    listenInPortRange(endpoint, (port) => {
      tried.push(port);
      if (taken.includes(port)) throw reason;
      return port;
    });
  return { tried, server };
}

test.each<[string, [number, number] | undefined, number[], number]>([
  ["its port without a range", undefined, [], 4000],
  ["the first port", [5000, 5002], [], 5000],
  ["the first free port", [5000, 5002], [5000, 5001], 5002],
  ["the only port", [5000, 5000], [], 5000],
])("an endpoint takes %s", (_, range, taken, port) => {
  const { tried, server } = listen(range, taken);
  expect(server()).toBe(port);
  expect(tried).toEqual([...taken, port]);
});

test("an endpoint fails once all ports are taken", () => {
  const { tried, server } = listen([5000, 5002], [5000, 5001, 5002]);
  expect(server).toThrow("in use");
  expect(tried).toEqual([5000, 5001, 5002]);
});

test("an endpoint tries no other port where the port is not the reason", () => {
  for (const reason of [new Error("other"), Object.assign(new Error("no"), { code: "EACCES" })]) {
    const { tried, server } = listen([5000, 5002], [5000], reason);
    expect(server).toThrow(reason.message);
    expect(tried).toEqual([5000]);
  }
});
