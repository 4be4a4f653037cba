/**
 * AnswerHead: the head of an upstream server's answer, gathered from chunks of any size (RFC 9112, sections 4
 * to 6).
 *
 * An answer that can be read in two ways is no answer, because its connection has more than one client over
 * time. A line may end without CR, as CGI programs write it: clients get CR LF.
 *
 * @module
 */

import { OctetCollector } from "#transport/endpoint/octet-collector.ts";
import { isField } from "#transport/http/header-fields.ts";
import type { BodyFraming } from "#transport/http/http-request.ts";

/** Longest head in octets. */
const MAX_HEAD_OCTETS = 64 * 1024;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** How the end of an answer is found; `close`: it ends with its connection. */
export type AnswerFraming = BodyFraming | { kind: "close" } | { kind: "none" };

/** An answer whose head is well-formed. */
export interface UpstreamAnswer {
  status: number;
  reason: string;
  /** The lines of the fields as the server wrote them. */
  fields: readonly string[];
  framing: AnswerFraming;
  /** Whether the connection takes another request after the answer. */
  persists: boolean;
}

/** Gathers one head. */
export class AnswerHead {
  readonly #collected = new OctetCollector();
  readonly #method: string;
  #end = 0;

  /** `method`: that of the request, because the answer to HEAD has no body. */
  constructor(method: string) {
    this.#method = method;
  }

  /** Takes the next octets; to be called until it answers anything but incomplete. */
  push(chunk: Uint8Array): "incomplete" | "complete" | "too long" {
    const searched = this.#collected.length;
    this.#collected.append(chunk);
    this.#end = endOfHead(this.#collected.octets, Math.max(0, searched - 2));
    if ((this.#end || this.#collected.length) > MAX_HEAD_OCTETS) return "too long";
    return this.#end === 0 ? "incomplete" : "complete";
  }

  /** Octets that came after the head. */
  get octetsAfterHead(): Buffer {
    return this.#collected.octets.subarray(this.#end);
  }

  /** The answer, once the head is complete; a text says what is wrong with it. */
  answer(): UpstreamAnswer | string {
    const head = this.#collected.octets.latin1Slice(0, this.#end);
    const [line = "", ...fields] = head.replace(/(\r?\n){2}$/, "").split(/\r?\n/);
    const parts = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(line);
    if (parts === null) return "its answer has no status line of HTTP/1";
    if (!fields.every(isField)) return "a header of its answer is malformed";
    const [, minor, code, reason = ""] = parts;
    const status = Number(code);
    if (status === 101 && minor === "0") return "it switched protocols in HTTP/1.0";
    const framing = framingOf({ method: this.#method, status, fields, isHttp10: minor === "0" });
    if (typeof framing === "string") return framing;
    const closes = valuesOf(fields, "connection").some((value) => /\bclose\b/i.test(value));
    const persists = minor === "1" && !closes && framing.kind !== "close";
    return { status, reason, fields, framing, persists };
  }
}

/** Where the octets after the empty line begin; 0: it has not come. */
function endOfHead(octets: Buffer, from: number): number {
  for (let at = octets.indexOf(LINE_FEED, from); at >= 0; at = octets.indexOf(LINE_FEED, at + 1)) {
    if (octets[at + 1] === LINE_FEED) return at + 2;
    if (octets[at + 1] === CARRIAGE_RETURN && octets[at + 2] === LINE_FEED) return at + 3;
  }
  return 0;
}

/** What the framing of an answer follows from. */
interface FramedHead {
  method: string;
  status: number;
  fields: readonly string[];
  isHttp10: boolean;
}

function framingOf({ method, status, fields, isHttp10 }: FramedHead): AnswerFraming | string {
  const codings = valuesOf(fields, "transfer-encoding");
  const lengths = valuesOf(fields, "content-length");
  if (codings.length > 0 && lengths.length > 0) return "its answer has a length and a coding";
  if (lengths.length > 1 || !lengths.every((length) => /^\d{1,15}$/.test(length))) {
    return "its answer has no clear length";
  }
  const [coding] = codings;
  if (
    coding !== undefined &&
    (codings.length > 1 || coding.toLowerCase() !== "chunked" || isHttp10)
  ) {
    return "its answer has a transfer coding that was not asked for";
  }
  if (method === "HEAD" || status < 200 || status === 204 || status === 304)
    return { kind: "none" };
  if (coding !== undefined) return { kind: "chunked" };
  const [length] = lengths;
  return length === undefined ? { kind: "close" } : { kind: "length", octets: Number(length) };
}

/** The values of all fields with this name, in lower case, without blanks around them. */
export function valuesOf(fields: readonly string[], name: string): string[] {
  return fields
    .filter((field) => field.slice(0, name.length + 1).toLowerCase() === `${name}:`)
    .map((field) => field.slice(name.length + 1).replace(/^[\t ]+|[\t ]+$/g, ""));
}
