import { describe, expect, test } from "bun:test";
import type { DeflateOptions } from "../../../../src/config/node-config.ts";
import { acceptedOffer } from "../../../../src/transport/websocket/deflate-offer.ts";
import { deflating } from "../../../support/websocket-defaults.ts";

const accept = (offer: string | null, path: Partial<DeflateOptions> = {}) =>
  acceptedOffer(offer, deflating(path));

describe("an offer of permessage-deflate", () => {
  test("is taken as it is by a path with the defaults", () => {
    expect(accept("permessage-deflate")).toBe("permessage-deflate");
    expect(accept("permessage-deflate; client_max_window_bits")).toBe("permessage-deflate");
    expect(accept("permessage-deflate; client_max_window_bits=10")).toBe("permessage-deflate");
  });

  test("has its window narrowed to that of the path, never widened", () => {
    const path = { max_window_bits: 12 };
    expect(accept("permessage-deflate", path)).toBe(
      "permessage-deflate; server_max_window_bits=12",
    );
    expect(accept("permessage-deflate; server_max_window_bits=10", path)).toBe(
      "permessage-deflate; server_max_window_bits=10",
    );
    expect(accept('permessage-deflate; server_max_window_bits="15"')).toBe(
      "permessage-deflate; server_max_window_bits=15",
    );
  });

  test("is asked to limit the client's window only when the client can", () => {
    const path = { request_max_window_bits: 11 };
    expect(accept("permessage-deflate", path)).toBeNull();
    expect(accept("permessage-deflate; client_max_window_bits", path)).toBe(
      "permessage-deflate; client_max_window_bits=11",
    );
    expect(accept("permessage-deflate; client_max_window_bits=9", path)).toBe(
      "permessage-deflate; client_max_window_bits=9",
    );
  });

  test("drops a context when the path or the client says so", () => {
    expect(accept("permessage-deflate; server_no_context_takeover")).toBe(
      "permessage-deflate; server_no_context_takeover",
    );
    const path = { no_context_takeover: true, request_no_context_takeover: true };
    expect(accept("permessage-deflate", path)).toBe(
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    );
    expect(accept("permessage-deflate; client_no_context_takeover")).toBe("permessage-deflate");
  });

  test("is declined for what cannot be kept: a window of 8 bits, a small one without context", () => {
    expect(accept("permessage-deflate; server_max_window_bits=8")).toBeNull();
    const both = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10";
    expect(accept(both)).toBeNull();
    expect(accept(both.replace("10", "15"))).toBe("permessage-deflate; server_no_context_takeover");
  });

  test.each([
    null,
    "",
    "x-webkit-deflate-frame",
    "permessage-deflate; unheard_of",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_max_window_bits=010",
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
  ])("is declined when it is %p", (offer) => {
    expect(accept(offer)).toBeNull();
  });

  test("gives way to the next one when it is declined", () => {
    expect(accept("foo, permessage-deflate; server_max_window_bits=8, permessage-deflate")).toBe(
      "permessage-deflate",
    );
  });
});
