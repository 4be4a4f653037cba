import { describe, expect, test } from "bun:test";
import {
  answerHandshake,
  type HandshakeAnswerOptions,
} from "#transport/websocket/handshake-answer.ts";
import { deflating, webSocketDefaults } from "../../../support/default-options.ts";

/** The key and the accept value of RFC 6455, section 1.3. */
const key = "dGhlIHNhbXBsZSBub25jZQ==";
const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const plain: HandshakeAnswerOptions = {
  protocol: "wamp.2.json",
  options: webSocketDefaults,
  server: null,
  setCookie: null,
};
const headers = (more: Record<string, string> = {}) =>
  new Headers({ "Sec-WebSocket-Key": key, ...more });
const linesOf = (octets: Buffer) => octets.toString("latin1").split("\r\n");

describe("answerHandshake", () => {
  test("proves that the key was read, and names the subprotocol", () => {
    const { answer, codec } = answerHandshake(headers(), plain);
    expect(linesOf(answer)).toEqual([
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accept}`,
      "Sec-WebSocket-Protocol: wamp.2.json",
      "",
      "",
    ]);
    expect(codec).toBeNull();
  });

  test("takes white space around the key for none", () => {
    const { answer } = answerHandshake(headers({ "Sec-WebSocket-Key": ` ${key} ` }), plain);
    expect(linesOf(answer)).toContain(`Sec-WebSocket-Accept: ${accept}`);
  });

  test("has a line for each of what there is", () => {
    const settings = { protocol: "", server: "crossproxy/1", setCookie: "cbtid=x; Max-Age=60" };
    const { answer } = answerHandshake(headers(), { ...plain, ...settings });
    expect(linesOf(answer).slice(4, -2)).toEqual([
      "Set-Cookie: cbtid=x; Max-Age=60",
      "Server: crossproxy/1",
    ]);
  });

  test("agrees to compression where the path has it and the client offers it", () => {
    const options = { ...webSocketDefaults, compression: { deflate: deflating({}) } };
    const offer = headers({ "Sec-WebSocket-Extensions": "permessage-deflate" });
    const { answer, codec } = answerHandshake(offer, { ...plain, options });
    expect(linesOf(answer)).toContain("Sec-WebSocket-Extensions: permessage-deflate");
    expect(codec).not.toBeNull();
    expect(answerHandshake(headers(), { ...plain, options }).codec).toBeNull();
    expect(answerHandshake(offer, plain).codec).toBeNull();
  });
});
