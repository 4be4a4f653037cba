import { describe, expect, test } from "bun:test";

import { formatRecord, type LogRecord } from "#observe/log-format.ts";

const record: LogRecord = {
  time: new Date("2026-11-23T03:17:49.250Z"),
  level: "info",
  system: "Proxy",
  worker: "proxy1",
  pid: 15980,
  event: "session joined",
  fields: { session: 7, realm: "realm1", authid: "a b", none: null, missing: undefined },
};

test("prints Crossbar's standard format", () => {
  expect(formatRecord(record, "standard")).toBe(
    '2026-11-23T03:17:49+0000 [Proxy       15980] session joined session=7 realm=realm1 authid="a b" none=null',
  );
});

test("prints the system alone for syslogd and neither for none", () => {
  const bare = { ...record, system: "Controller", pid: 99, fields: {} };
  expect(formatRecord(bare, "syslogd")).toBe("[Controller     99] session joined");
  expect(formatRecord(bare, "none")).toBe("session joined");
});

test.each([
  ["Controller", "info", "[34m"],
  ["Router", "debug", "[33m"],
  ["Container", "info", "[32m"],
  ["Proxy", "info", "[37m"],
  ["Router", "warn", "[31m"],
  ["Proxy", "error", "[31m"],
] as const)("colors what is before the text of %s at level %s", (system, level, color) => {
  const one = { ...record, system, level, pid: 99, fields: {} };
  const head = `[${system.padEnd(10)}     99]`;
  const colored = `\u001b${color}${head}\u001b[39m session joined`;
  expect(formatRecord(one, "syslogd", true)).toBe(colored);
  expect(formatRecord(one, "none", true)).toBe("session joined");
  expect(formatRecord(one, "json", true)).toStartWith("{");
});

test("prints one JSON object in which a field cannot replace a part of the record", () => {
  const line = formatRecord({ ...record, fields: { level: "error", realm: "r" } }, "json");
  expect(JSON.parse(line)).toEqual({
    time: "2026-11-23T03:17:49.250Z",
    level: "info",
    system: "Proxy",
    worker: "proxy1",
    pid: 15980,
    event: "session joined",
    level_: "error",
    realm: "r",
  });
});

test("lets no value begin a line or reach the terminal as a control sequence", () => {
  const authid = 'x\n2026 [Router] forged\r\u001b[2J\u0085\u009b\u2028\u202e"';
  for (const format of ["standard", "syslogd", "none", "json"] as const) {
    const line = formatRecord({ ...record, event: `e\n${authid}`, fields: { authid } }, format);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
  }
});

test("gives a JSON value back as it was", () => {
  const authid = 'q"\\\n\u0085\u2028';
  expect(JSON.parse(formatRecord({ ...record, fields: { authid } }, "json")).authid).toBe(authid);
});

test("quotes what could be taken for another field, and the empty text", () => {
  const fields = { authid: "a=b", empty: "" };
  expect(formatRecord({ ...record, fields }, "none")).toBe('session joined authid="a=b" empty=""');
});

test("prints a text in place of event and fields, but in JSON, where its fields are whole", () => {
  const fields = { request: "x".repeat(900) };
  const whole = { ...record, event: "request answered", fields, text: '1.2.3.4 "GET"\n\\x0A' };
  expect(formatRecord(whole, "none")).toBe('1.2.3.4 "GET"\\n\\x0A');
  expect(formatRecord(whole, "standard")).toEndWith('] 1.2.3.4 "GET"\\n\\x0A');
  expect(JSON.parse(formatRecord(whole, "json"))).toMatchObject({
    event: "request answered",
    request: "x".repeat(900),
  });
});

describe("cuts", () => {
  const long = "x".repeat(1_000_000);

  test.each(["none", "json"] as const)("a long value, and names its length: %s", (format) => {
    const line = formatRecord({ ...record, fields: { authid: long } }, format);
    expect(line).toContain(`authid${format === "none" ? '="' : '":"'}xxx`);
    expect(line).toContain(`x… (1000000 characters)"`);
    expect(line.length).toBeLessThan(600);
  });

  test.each(["none", "json"] as const)("a long event: %s", (format) => {
    const line = formatRecord({ ...record, event: long, fields: {} }, format);
    expect(line).toContain("x… (1000000 characters)");
    expect(line.length).toBeLessThan(17_000);
  });

  test("no stack of a few kilobytes, and no character in the middle", () => {
    const stack = `Error: x\n${"    at f (file.ts:1:1)\n".repeat(100)}`;
    expect(formatRecord({ ...record, fields: { stack } }, "none")).not.toContain("characters");
    const authid = `${"x".repeat(299)}\u{1f600}y`;
    expect(formatRecord({ ...record, fields: { authid } }, "none")).toBe(
      `session joined authid="${"x".repeat(299)}… (302 characters)"`,
    );
  });
});
