/** HTTP by hand: octets as a test writes them, on one connection. */

import { connect } from "node:net";

/** One answer as it came. */
export interface RawAnswer {
  status: number;
  headers: Headers;
  body: string;
}

/** Sends these octets and resolves with all answers once the other side has closed. */
export async function rawHttp(
  at: number | string,
  ...requests: (string | Buffer)[]
): Promise<RawAnswer[]> {
  const where = typeof at === "string" ? { path: at } : { port: at, host: "127.0.0.1" };
  const socket = connect({ ...where, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const over = new Promise<void>((resolve) => socket.once("end", resolve).once("close", resolve));
  socket.on("error", () => {});
  socket.write(Buffer.concat(requests.map((one) => Buffer.from(one))));
  await over;
  socket.end();
  return answersIn(Buffer.concat(chunks));
}

/** A request with a body. */
export function post(path: string, body: string, headers: Record<string, string> = {}): string {
  const length = Buffer.byteLength(body);
  const fields = { Host: "localhost", "Content-Length": String(length), ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

function answersIn(octets: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = octets;
  for (let end = rest.indexOf("\r\n\r\n"); end >= 0; end = rest.indexOf("\r\n\r\n")) {
    const [line = "", ...fields] = rest.toString("latin1", 0, end).split("\r\n");
    const headers = new Headers(
      fields.map((field): [string, string] => {
        const colon = field.indexOf(":");
        return [field.slice(0, colon), field.slice(colon + 1).trim()];
      }),
    );
    const length = Number(headers.get("content-length") ?? 0);
    const body = rest.toString("utf8", end + 4, end + 4 + length);
    answers.push({ status: Number(line.split(" ")[1]), headers, body });
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}
