/**
 * The line of an access log for one request, in the combined format, with the time that it took and its end:
 *
 *     192.0.2.7 - - [28/Nov/2026:08:00:00 +0000] "GET /a?token=*** HTTP/1.1" 200 512 "-" "curl/8.5.0" 0.003 complete
 *
 * Request line, Referer and User-Agent are the client's words: quotes, backslashes and all octets but printable
 * ASCII are written as `\xHH`, so that no client can forge a field or a line. What may be a secret is left out.
 *
 * @module
 */

import { shorten } from "#base/printable.ts";
import { printedSecond } from "#base/printed-second.ts";
import type { LogFields } from "#observe/logger.ts";
import { addressOf } from "#transport/endpoint/peer-address.ts";

/** Longest text of a client in a line, in characters. */
const MOST_OF_TEXT = 1000;

/** A status that no server sends: the client went before its answer began. nginx writes the same. */
export const CLIENT_GONE = 499;

/** What is known of a request. The texts are Latin-1. */
export interface LoggedRequest {
  /** The client as it is printed in logs. */
  peer: string;
  /** Method, target and version; empty: the client sent none that can be read. */
  line: string;
  referer: string | null;
  userAgent: string | null;
}

/** How a request was answered. */
export interface LoggedAnswer {
  status: number;
  /** Octets behind the head, of which chunks are a part. */
  octets: number;
  seconds: number;
  /** Whether the whole answer was sent. */
  isComplete: boolean;
}

/** A request and its answer, for logs of text and of JSON. */
export function accessLine(request: LoggedRequest, answer: LoggedAnswer) {
  const { status, octets, isComplete } = answer;
  const address = addressOf(request.peer) ?? "unix:";
  const line = textOf(request.line);
  const referer = textOf(request.referer);
  const userAgent = textOf(request.userAgent);
  const seconds = Math.max(0, answer.seconds).toFixed(3);
  const begin = `${address} - - [${timeOf(Date.now())}] ${quoted(line)} ${status} ${octets}`;
  const end = `${seconds} ${isComplete ? "complete" : "cut"}`;
  const text = `${begin} ${quoted(referer)} ${quoted(userAgent)} ${end}`;
  const fields: LogFields = {
    address,
    request: line,
    status,
    octets,
    referer,
    userAgent,
    seconds: Number(seconds),
    complete: isComplete,
  };
  return { text, fields };
}

function textOf(words: string | null): string {
  if (words === null || words === "") return "-";
  return shorten(withoutSecrets(words), MOST_OF_TEXT).replace("\u2026", "...");
}

const PARAMETER = /([?&;#])([^=&;#?\s]*)=[^&;#\s]*/g;

const SECRET_NAME =
  /signature|token|secret|passw|ticket|api[_-]?key|credential|^(sig|pwd|pw|jwt|code|auth)$/i;

/** The id of a long-poll transport in a path: its end is the secret. */
const TRANSPORT_ID = /(\/[\da-f]{24})[\da-f]{32}(?![\da-z_-])/gi;

/** A URL, or a text with one, without ids of transports, values of parameters that may be secrets, and a user. */
function withoutSecrets(text: string): string {
  const anonymous = text.includes("@") ? text.replace(/(:\/\/)[^/?#\s]*@/g, "$1***@") : text;
  const shown = anonymous.replace(TRANSPORT_ID, "$1***");
  if (!shown.includes("=")) return shown;
  return shown.replace(PARAMETER, (whole: string, mark: string, name: string) =>
    SECRET_NAME.test(decoded(name)) ? `${mark}${name}=***` : whole,
  );
}

function decoded(name: string): string {
  return name.replace(/%([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function quoted(text: string): string {
  const escaped = text.replace(/[^\x20-\x7e]|["\\]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase();
    return `\\x${code.padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}

/** `28/Nov/2026:08:00:00 +0000`. */
const timeOf = printedSecond((time) => {
  const [, day, month, year, clock] = time.toUTCString().split(" ");
  return `${day}/${month}/${year}:${clock} +0000`;
});
