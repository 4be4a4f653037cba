import { describe, expect, test } from "bun:test";

import { ConnectionTable } from "#transport/front-door/connection-table.ts";

const details = { peer: "tcp4:203.0.113.9:56324", isSecure: true, isUnixSocket: false };

/** A request with header lines, in the order in which they came. */
function request(...lines: string[]): Request {
  const headers = new Headers();
  for (const line of lines) {
    const [name = "", value = ""] = line.split(": ");
    headers.append(name, value);
  }
  return new Request("http://localhost/", { headers });
}

describe("ConnectionTable", () => {
  test("knows the first request of a connection, once", () => {
    const table = new ConnectionTable();
    const line = table.headerFor(table.add(details));
    expect(line).toMatch(/^X-Crossproxy-Connection: [0-9a-f]{32}$/);
    const [first, second] = [request(line), request(line)];
    table.meet(first);
    table.meet(second);
    expect(table.detailsOf(first)).toBe(details);
    expect(table.detailsOf(second)).toBeNull();
  });

  test("shows nobody an id, whoever it is from", () => {
    const table = new ConnectionTable();
    for (const line of [table.headerFor(table.add(details)), table.headerFor("mine")]) {
      const one = request(line, "A: b");
      table.meet(one);
      expect([...one.headers.keys()]).toEqual(["a"]);
    }
  });

  test("believes no request that names two connections", () => {
    const table = new ConnectionTable();
    const line = table.headerFor(table.add(details));
    for (const lines of [
      [line, "x-crossproxy-connection: 1"],
      ["X-Crossproxy-Connection: 1", line],
    ]) {
      const one = request(...lines);
      table.meet(one);
      expect(table.detailsOf(one)).toBeNull();
    }
  });

  test("forgets connections that are over", () => {
    const table = new ConnectionTable();
    const id = table.add(details);
    table.forget(id);
    const late = request(table.headerFor(id));
    table.meet(late);
    expect(table.detailsOf(late)).toBeNull();
  });
});
