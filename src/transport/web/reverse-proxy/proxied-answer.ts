/**
 * ProxiedAnswer: the answer of an upstream server as it goes to the client while it comes.
 *
 *     interim answers (1xx)     each is passed on
 *     101                       the connection is a tunnel from now on
 *     the answer                its head, then its body up to the end that the head names
 *
 * @module
 */

import { BodyDecoder } from "#transport/http/body-decoder.ts";
import type { StreamedAnswer } from "#transport/http/streamed-answer.ts";
import { AnswerHead, type UpstreamAnswer, valuesOf } from "./upstream-answer.ts";
import { endToEnd } from "./upstream-request.ts";

/** Most interim answers to one request. */
const MAX_INTERIM_ANSWERS = 16;

/** What the answer to a request depends on. */
export interface AnsweredRequest {
  method: string;
  isWebSocket: boolean;
}

/** Receives what an answer means for its request. */
export interface AnswerReceiver {
  /** The head has come and is about to be passed on. */
  onAnswerBegin(): void;
  /** Octets for the client, which are borrowed. */
  onAnswerOctets(octets: Uint8Array): void;
  /** The answer is complete; the connection to the server takes another request, or not. */
  onAnswerEnd(isReusable: boolean): void;
  /** The protocol is switched; these octets came behind the head. */
  onTunnel(octets: Uint8Array): void;
  /** The answer is not valid, or its end is missing. */
  onAnswerFault(reason: string): void;
}

/** The answer to one request. */
export class ProxiedAnswer {
  readonly #request: AnsweredRequest;
  readonly #client: StreamedAnswer;
  readonly #receiver: AnswerReceiver;
  #head: AnswerHead;
  #interimAnswers = 0;
  #hasBegun = false;
  #persists = false;
  /** The rest of the body; null: it ends with the connection, or the head has not come. */
  #body: BodyDecoder | null = null;

  constructor(request: AnsweredRequest, client: StreamedAnswer, receiver: AnswerReceiver) {
    this.#request = request;
    this.#client = client;
    this.#receiver = receiver;
    this.#head = new AnswerHead(request.method);
  }

  /** Takes the server's next octets. */
  received(chunk: Uint8Array): void {
    if (this.#hasBegun) this.#takeBody(chunk);
    else this.#takeHead(chunk);
  }

  /** The server has ended its side, which ends a body without a length. */
  ended(): void {
    if (this.#hasBegun && this.#body === null) this.#receiver.onAnswerEnd(false);
    else this.#receiver.onAnswerFault("it ended its answer too early");
  }

  #takeHead(chunk: Uint8Array): void {
    const state = this.#head.push(chunk);
    if (state === "incomplete") return;
    const answer =
      state === "complete" ? this.#head.answer() : "the head of its answer is too long";
    const { octetsAfterHead } = this.#head;
    if (typeof answer === "string") this.#receiver.onAnswerFault(answer);
    else if (answer.status === 101) this.#switchProtocols(answer, octetsAfterHead);
    else if (answer.status < 200) this.#passInterim(answer, octetsAfterHead);
    else this.#begin(answer, octetsAfterHead);
  }

  #passInterim(answer: UpstreamAnswer, rest: Uint8Array): void {
    this.#interimAnswers += 1;
    if (this.#interimAnswers > MAX_INTERIM_ANSWERS) {
      this.#receiver.onAnswerFault("it sent too many interim answers");
      return;
    }
    this.#client.writeInterim(`${linesFor(answer).join("\r\n")}\r\n\r\n`);
    this.#head = new AnswerHead(this.#request.method);
    if (rest.length > 0) this.#takeHead(rest);
  }

  #switchProtocols(answer: UpstreamAnswer, rest: Uint8Array): void {
    const protocol = valuesOf(answer.fields, "upgrade")[0]?.toLowerCase();
    if (!this.#request.isWebSocket || protocol !== "websocket") {
      this.#receiver.onAnswerFault("it switched to a protocol that was not asked for");
      return;
    }
    this.#client.switchProtocols(linesFor(answer));
    this.#receiver.onTunnel(rest);
  }

  #begin(answer: UpstreamAnswer, rest: Uint8Array): void {
    const { framing, persists } = answer;
    this.#receiver.onAnswerBegin();
    this.#hasBegun = true;
    this.#persists = persists;
    this.#client.begin(linesFor(answer), framing.kind === "close" ? "chunked" : framing.kind);
    if (framing.kind === "none") {
      this.#end(rest);
      return;
    }
    if (framing.kind !== "close") this.#body = new BodyDecoder(framing);
    this.#takeBody(rest);
  }

  #takeBody(chunk: Uint8Array): void {
    if (this.#body === null) {
      if (chunk.length > 0) this.#receiver.onAnswerOctets(chunk);
      return;
    }
    const state = this.#body.push(chunk, (octets) => this.#receiver.onAnswerOctets(octets));
    if (state === "complete") this.#end(this.#body.octetsAfterBody);
    if (state === "malformed") {
      this.#receiver.onAnswerFault("the chunks of its answer are malformed");
    }
  }

  /** A server that sends more than its answer is not asked again over this connection. */
  #end(rest: Uint8Array): void {
    this.#receiver.onAnswerEnd(this.#persists && rest.length === 0);
  }
}

/** The status line and the fields of an answer for the client, but those for one connection. */
function linesFor({ status, reason, fields, framing }: UpstreamAnswer): string[] {
  const kept = endToEnd(fields);
  const isFinal = status >= 200;
  const needsDate = isFinal && !kept.some(({ name }) => name.toLowerCase() === "date");
  // The length of a body that is not sent; 1xx and 204 have none (RFC 9110, section 8.6).
  const keepsLength = isFinal && framing.kind === "none" && status !== 204;
  const passed = kept.filter(({ name }) => keepsLength || name.toLowerCase() !== "content-length");
  return [
    `HTTP/1.1 ${status} ${reason}`,
    ...passed.map(({ line }) => line),
    ...(needsDate ? [`Date: ${new Date().toUTCString()}`] : []),
    ...(framing.kind === "length" ? [`Content-Length: ${framing.octets}`] : []),
    ...(namesWebSocket(status, fields) ? ["Connection: Upgrade", "Upgrade: websocket"] : []),
  ];
}

/** Whether an answer switches to a WebSocket, or demands one (RFC 9110, section 15.5.22). */
function namesWebSocket(status: number, fields: readonly string[]): boolean {
  const isAboutUpgrade = status === 101 || status === 426;
  return (
    isAboutUpgrade && valuesOf(fields, "upgrade").some((value) => /\bwebsocket\b/i.test(value))
  );
}
