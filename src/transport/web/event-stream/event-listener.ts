/**
 * EventListener: one client of an event stream, from its request to the end of its connection.
 *
 * @module
 */

import type { EventStreamServiceConfig } from "#config/web-service/event-stream-config.ts";
import type { Logger } from "#observe/logger.ts";
import { slowClients } from "#observe/slow-clients.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { StreamedAnswer } from "#transport/http/streamed-answer.ts";
import type { RequestAccess } from "#transport/web/auth/request-access.ts";
import type { StreamedRequest } from "#transport/web/streaming-service.ts";
import { HEARTBEAT } from "./event-text.ts";
import type { EventSink } from "./topic-feed.ts";

/** Reconnecting clients are spread over this part of `retry`, so that they do not all come at once. */
const SPREAD = 0.5;

/** The path of a listener. */
export interface ListenerOwner {
  readonly options: EventStreamServiceConfig["options"];
  readonly log: Logger;
  /** Called once, when the client has gone or is answered with a page. */
  noteOver(listener: EventListener): void;
}

const nothing = () => {};

/** One listener; receives the events of its connection and those of its topics. */
export class EventListener implements ConnectionEvents, EventSink {
  readonly #answer: StreamedAnswer;
  readonly #path: ListenerOwner;
  readonly #peer: string;
  readonly #isHead: boolean;
  /** Events that come before all topics are subscribed to. */
  #early: Uint8Array[] = [];
  #earlyOctets = 0;
  /** Whether a topic has ended before the stream began. */
  #hasMissed = false;
  #leave: (() => void)[] = [];
  /** How long the client may listen. */
  #access: Pick<RequestAccess, "until" | "holds"> = {};
  #state: "joining" | "listening" | "over" = "joining";

  constructor(
    { socket, request, readNextRequest, octetsAfterHead }: StreamedRequest,
    path: ListenerOwner,
  ) {
    const { stall_timeout, max_outgoing } = path.options;
    this.#path = path;
    this.#peer = request.peer;
    this.#isHead = request.method === "HEAD";
    this.#answer = new StreamedAnswer({
      socket,
      request,
      readNextRequest,
      onDrained: nothing,
      stallTimeoutMs: stall_timeout,
      maxOutgoing: max_outgoing,
      onOverflow: (waiting) => this.#logCut(waiting),
    });
    const { framing } = request;
    const hasNoBody = framing.kind === "length" && framing.octets === 0;
    if (hasNoBody) this.#answer.endRequest(octetsAfterHead);
  }

  /** Whether the client is answered with a page, or has gone. */
  get isOver(): boolean {
    return this.#state === "over";
  }

  /** Ends the stream when the right of its request does. */
  listenWith(access: RequestAccess): void {
    this.#access = access;
  }

  /** Leaves a topic when the client goes; at once if it has gone. */
  addTopic(leave: () => void): void {
    if (this.isOver) leave();
    else this.#leave.push(leave);
  }

  /** Answers with a page in place of events. */
  refuse(answer: HttpAnswer): void {
    if (this.#state !== "joining") return;
    this.#finish();
    this.#answer.answer(answer);
  }

  /** Begins the stream. `comment` is sent first, for readers of the stream. */
  begin(headers: Readonly<Record<string, string>>, comment: string): void {
    if (this.#state !== "joining") return;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const date = `Date: ${new Date().toUTCString()}`;
    this.#answer.begin(["HTTP/1.1 200 OK", ...lines, date], "close");
    if (this.#isHead) {
      this.#finish();
      this.#answer.finish();
      return;
    }
    this.#state = "listening";
    const { retry } = this.#path.options;
    const delay = Math.round(retry * (1 + SPREAD * Math.random()));
    this.#answer.write(Buffer.from(`retry: ${delay}\n: ${comment}\n\n`));
    for (const octets of this.#early.splice(0)) this.#send(octets);
    if (this.#hasMissed) this.onFeedEnd();
  }

  onEventText(octets: Uint8Array): void {
    if (this.#state === "joining") this.#keep(octets);
    else if (this.#state !== "listening") return;
    else if (this.#isExpired()) this.onFeedEnd();
    else this.#send(octets);
  }

  /** No event follows, as when the router is lost: the stream ends, so that the client comes again. */
  onFeedEnd(): void {
    this.#hasMissed = true;
    if (this.#state !== "listening") return;
    this.#finish();
    this.#answer.finish();
  }

  /** Keeps the connection open. */
  beat(): void {
    if (this.#state !== "listening") return;
    if (this.#isExpired() || this.#access.holds?.() === false) this.onFeedEnd();
    else if (this.#answer.waitingOctets > 0) this.#answer.watchStall();
    else this.#send(HEARTBEAT);
  }

  received(chunk: Uint8Array): void {
    this.#answer.received(chunk);
  }

  drained(): void {
    this.#answer.drained();
  }

  /** A client that ends its side does not listen any more. */
  ended(): void {
    if (this.isOver) this.#answer.ended();
    else {
      this.#finish();
      this.#answer.cut();
    }
  }

  closed(): void {
    this.#answer.closed();
    this.#finish();
  }

  #isExpired(): boolean {
    const { until } = this.#access;
    return until !== undefined && Date.now() >= until;
  }

  #send(octets: Uint8Array): void {
    this.#answer.write(octets);
    this.#limit(this.#answer.waitingOctets);
  }

  #keep(octets: Uint8Array): void {
    this.#early.push(octets);
    this.#earlyOctets += octets.length;
    this.#limit(this.#earlyOctets);
  }

  /** Cuts off a listener for which too much waits. */
  #limit(waiting: number): void {
    if (waiting <= this.#path.options.max_buffered) return;
    this.#logCut(waiting);
    this.#finish();
    this.#answer.cut();
  }

  #logCut(waiting: number): void {
    slowClients.cutOff += 1;
    this.#path.log.warn("listener did not read", { peer: this.#peer, waiting });
  }

  #finish(): void {
    if (this.isOver) return;
    this.#state = "over";
    this.#early = [];
    for (const leave of this.#leave.splice(0)) leave();
    this.#path.noteOver(this);
  }
}
