import { describe, expect, test } from "bun:test";
import { HeaderFields, hasToken, isField, scanFields } from "#transport/http/header-fields.ts";

/** The fields in lines with their ends, before an empty line. */
function read(lines: string) {
  return HeaderFields.of(lines, scanFields(Buffer.from(`${lines}\r\n`, "latin1"), 0));
}

function fieldsOf(...lines: string[]): HeaderFields {
  const fields = read(lines.map((line) => `${line}\r\n`).join(""));
  if (typeof fields === "string") throw new Error(`refused as ${fields}`);
  return fields;
}

describe("header fields", () => {
  test("are found in any case, without the spaces and tabs around their values", () => {
    const fields = fieldsOf(
      "Host: a",
      "ACCEPT-Encoding:\t gzip, br \t",
      "x_y:\xa0z",
      "Empty:",
      "If-Range: ",
    );
    expect(
      ["host", "accept-encoding", "x_y", "empty", "if-range"].map((name) => fields.get(name)),
    ).toEqual(["a", "gzip, br", "\xa0z", "", ""]);
    expect(["host", "empty", "hos", "hosts", "x\x7fy"].map((name) => fields.has(name))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(fields.get("accept")).toBeNull();
  });

  test("of the same name are joined as the fetch standard's are", () => {
    const lines = [
      "Cookie: a=1",
      "X: 1",
      "COOKIE:b=2 ",
      "x:",
      "X:3",
      "set-cookie: q",
      "Set-Cookie: w",
    ];
    const standard = new Headers(lines.map((line) => line.split(":") as [string, string]));
    for (const name of ["cookie", "x", "set-cookie"]) {
      expect(fieldsOf(...lines).get(name)).toBe(standard.get(name));
    }
  });

  test("are at most 198", () => {
    const lines = (count: number) => "A: b\r\n".repeat(count);
    expect(read(lines(198))).toBeInstanceOf(HeaderFields);
    expect(read(lines(199))).toBe("too long");
    expect(read(`A\r\n${lines(198)}`)).toBe("too long");
    expect(read(`A\r\n${lines(197)}`)).toBe("malformed field");
  });

  test("are malformed with the line end of another system", () => {
    for (const lines of ["A: b\n", "A: b\rC: d\r\n", "A: b\nC: d\r\n", "A: b\r\n C: d\r\n"]) {
      expect(read(lines)).toBe("malformed field");
    }
  });
});

test.each([
  ["A: b", true],
  ["A:", true],
  ["A", false],
  ["A: b\r\nC: d", false],
  ["A: b\n", false],
])("whether %j is one header field: %p", (line, isOne) => {
  expect(isField(line)).toBe(isOne);
});

test.each([
  ["close", true],
  ["Keep-Alive,\tCLOSE ", true],
  [",,close,", true],
  ["closed", false],
  ["close\xa0", false],
  ["clo se", false],
  ["", false],
  [undefined, false],
])("the list %j has the token: %p", (list, isThere) => {
  const headers = fieldsOf(...(list === undefined ? [] : [`Connection: ${list}`]));
  expect(hasToken(headers, "connection", "close")).toBe(isThere);
});
