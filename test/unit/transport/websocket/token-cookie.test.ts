import { describe, expect, test } from "bun:test";
import { ticketInCookie, tokenInCookie } from "#transport/websocket/token-cookie.ts";
import { tokenTicket } from "../../../support/tokens.ts";

const config = {
  name: "access_token",
  allowed_origins: ["https://app.example", "https://*.shop.example"],
};
const found = (headers: Record<string, string>) => tokenInCookie(new Headers(headers), config);

describe("the token in a cookie", () => {
  test.each([
    ["access_token=a.b.c", "a.b.c"],
    ["theme=dark; access_token=a.b.c;lang=de", "a.b.c"],
    ["  access_token=a.b.c", "a.b.c"],
    ['access_token="a.b.c"', "a.b.c"],
    ["access_token=a.b.c==", "a.b.c=="],
    // A cookie that was taken back.
    ["access_token=; access_token=a.b.c", "a.b.c"],
    ["access_token=", undefined],
    ['access_token=""', undefined],
    ["access_token", undefined],
    ["Access_Token=a.b.c", undefined],
    ["my_access_token=a.b.c; access_token2=a.b.c", undefined],
    ["x=access_token=a.b.c", undefined],
    ["", undefined],
  ])("of %j is %j", (cookie, token) => {
    expect(found({ Cookie: cookie })).toEqual(token === undefined ? undefined : { token });
  });

  test("does not count beside another one with its name", () => {
    const fault = { fault: 'there are several cookies "access_token"' };
    expect(found({ Cookie: "access_token=a.b.c; access_token=d.e.f" })).toEqual(fault);
    expect(found({ Cookie: "access_token=a.b.c; access_token=a.b.c" })).toEqual(fault);
  });

  test.each([
    ["https://app.example", true],
    ["https://www.shop.example", true],
    ["http://app.example", false],
    ["https://app.example.evil.example", false],
    ["https://evil.example", false],
    ["null", false],
    ["file://", false],
    ["", false],
  ])("of a page of %j counts: %p", (origin, counts) => {
    const token = found({ Cookie: "access_token=a.b.c", Origin: origin });
    expect(token).toEqual(counts ? { token: "a.b.c" } : undefined);
  });

  test.each([
    ["same-origin", true],
    ["none", true],
    ["same-site", false],
    ["cross-site", false],
  ])("of a request without an origin from %s counts: %p", (site, counts) => {
    const token = found({ Cookie: "access_token=a.b.c", "Sec-Fetch-Site": site });
    expect(token).toEqual(counts ? { token: "a.b.c" } : undefined);
  });

  test("is a ticket where the configuration says so, and nowhere else", () => {
    const headers = new Headers({ Cookie: "access_token=a.b.c" });
    const ticket = tokenTicket({ cookie: config });
    expect(ticketInCookie({ ticket }, headers)).toEqual({ cookieToken: { token: "a.b.c" } });
    for (const auth of [{ ticket: tokenTicket() }, {}, "passthrough"] as const) {
      expect(ticketInCookie(auth, headers)).toEqual({});
    }
  });
});
