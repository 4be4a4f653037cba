import { expect, setSystemTime, test } from "bun:test";
import { join } from "node:path";
import { accessLine, type LoggedAnswer, type LoggedRequest } from "#transport/http/access-line.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { titled } from "../../../support/titles.ts";

const request: LoggedRequest = {
  peer: "tcp4:192.0.2.7:4711",
  line: "GET /a HTTP/1.1",
  referer: null,
  userAgent: null,
};
const answer: LoggedAnswer = { status: 200, octets: 5, seconds: 0.0034, isComplete: true };

const withoutTime = (line: string) =>
  line.replace(/\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\]/, "[time]");

const lineOf = (changes: Partial<LoggedRequest>, end: Partial<LoggedAnswer> = {}) =>
  withoutTime(accessLine({ ...request, ...changes }, { ...answer, ...end }).text);

const rows: [Partial<LoggedRequest>, Partial<LoggedAnswer>, string][] = [
  [{}, {}, '192.0.2.7 - - [time] "GET /a HTTP/1.1" 200 5 "-" "-" 0.003 complete'],
  [{ peer: "tcp6:[::1]:1" }, {}, '::1 - - [time] "GET /a HTTP/1.1" 200 5 "-" "-" 0.003 complete'],
  [{ peer: "unix:/a b" }, {}, 'unix: - - [time] "GET /a HTTP/1.1" 200 5 "-" "-" 0.003 complete'],
  [{ line: "" }, { status: 400 }, '192.0.2.7 - - [time] "-" 400 5 "-" "-" 0.003 complete'],
  [
    { referer: "http://h/", userAgent: "curl/8" },
    { isComplete: false, seconds: 12 },
    '192.0.2.7 - - [time] "GET /a HTTP/1.1" 200 5 "http://h/" "curl/8" 12.000 cut',
  ],
  [{}, { seconds: -0.001 }, '192.0.2.7 - - [time] "GET /a HTTP/1.1" 200 5 "-" "-" 0.000 complete'],
];

test.each(titled(rows, 2))("a line: %s", (_title, changes, end, line) => {
  expect(lineOf(changes, end)).toBe(line);
});

test("docs/operations.md shows a line as it is", async () => {
  const guide = await Bun.file(join(import.meta.dir, "../../../../docs/operations.md")).text();
  const [, shown = ""] = /```text\n(192\.0\.2\.7 .*)\n```/.exec(guide) ?? [];
  const line = "GET /a?token=secret HTTP/1.1";
  const changes = { line, userAgent: "curl/8.5.0" };
  expect(lineOf(changes, { octets: 512 })).toBe(withoutTime(shown));
  setSystemTime(new Date("2026-11-28T08:00:00Z"));
  afterTest(() => setSystemTime());
  expect(accessLine({ ...request, ...changes }, { ...answer, octets: 512 }).text).toBe(shown);
});

test("no octet of a client ends a field or a line", () => {
  const every = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code));
  const line = lineOf({ line: every, referer: every, userAgent: every });
  expect(line).toMatch(/^[\x20-\x7e]+$/);
  expect(line.split('"')).toHaveLength(7);
  expect(line).toContain("\\x0A");
  expect(line).toContain("!\\x22#");
  expect(line).toContain("[\\x5C]");
  expect(line).toContain("~\\x7F\\x80");
});

test.each([
  [
    "/a?key=k&timestamp=t&seq=1&nonce=2&signature=abc=",
    "/a?key=k&timestamp=t&seq=1&nonce=2&signature=***",
  ],
  ["/a?token=t&b=c", "/a?token=***&b=c"],
  ["/a?b=c;Access_Token=t", "/a?b=c;Access_Token=***"],
  ["/a?%73ignature=abc", "/a?%73ignature=***"],
  [
    "/a?password=p&api-key=q&X-Amz-Credential=r",
    "/a?password=***&api-key=***&X-Amz-Credential=***",
  ],
  ["/a?code=1&decoder=2&sig=3&signal=4", "/a?code=***&decoder=2&sig=***&signal=4"],
  ["http://user:pass@word@host/a", "http://***@host/a"],
  [
    "/lp/00112233445566778899aabbccddeeff00112233445566778899aabb/send?x=1",
    "/lp/00112233445566778899aabb***/send?x=1",
  ],
  ["/token=path", "/token=path"],
])("of %s no secret is shown", (target, shown) => {
  const line = lineOf({ line: `GET ${target} HTTP/1.1`, referer: target });
  expect(line).toContain(`"GET ${shown} HTTP/1.1" 200 5 "${shown}"`);
});

test("a text of 1000 characters is whole", () => {
  const userAgent = "x".repeat(1000);
  expect(lineOf({ userAgent })).toContain(`"${userAgent}"`);
});

test("a long text is cut, and its length named, after its secrets are left out", () => {
  const { text, fields } = accessLine(
    { ...request, line: `GET /?token=${"s".repeat(990)}&b=${"x".repeat(2000)}` },
    answer,
  );
  expect(text).not.toContain("ss");
  expect(text).toContain('xx... (2018 characters)" 200');
  expect(String(fields["request"])).toEndWith("xx... (2018 characters)");
});
