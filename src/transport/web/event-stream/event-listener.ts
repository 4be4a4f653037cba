/**
 * EventListener: one client of an event stream, from its request to the end of its connection.
 *
 * @module
 */

import type { EventStreamServiceConfig } from "#config/web-service/event-stream-config.ts";
import type { Logger } from "#observe/logger.ts";
import { slowClients } from "#observe/slow-clients.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import { StreamedAnswer } from "#transport/http/streamed-answer.ts";
import type { RequestAccess } from "#transport/web/auth/request-access.ts";
import type { BridgeAnswer } from "#transport/web/bridge/bridge-answer.ts";
import type { StreamedRequest } from "#transport/web/streaming-service.ts";
import { HEARTBEAT, type PrintedEvent } from "./event-text.ts";
import { type Positions, printPositions, type StreamStart } from "./stream-start.ts";
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

/** Answers after which a client may have more luck. */
const TEMPORARY = new Set([503, 504]);

const nothing = () => {};

/** A stream of which nothing is known but why there are no events. */
const withoutTopics = (comment: string): StreamStart => ({ comment, positions: [], missed: [] });

/** One listener; receives the events of its connection and those of its topics. */
export class EventListener implements ConnectionEvents, EventSink {
  readonly #answer: StreamedAnswer;
  readonly #path: ListenerOwner;
  readonly #peer: string;
  readonly #isHead: boolean;
  /** Whether it says that it takes events, as every EventSource does. */
  readonly #takesEvents: boolean;
  /** Events that come before all topics are subscribed to. */
  #early: { topic: number; event: PrintedEvent }[] = [];
  #earlyOctets = 0;
  /** Whether a topic has ended before the stream began. */
  #hasMissed = false;
  /** What it has got of each topic. */
  #positions: Positions = [];
  /** Missed events that it has got, for a moment: the router may send them too. Null: none. */
  #resent: Set<string> | null = null;
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
    this.#takesEvents = /\btext\/event-stream\b/i.test(request.headers.get("accept") ?? "");
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

  /**
   * Answers with a page in place of events. Where there may be events later, an EventSource gets a stream that ends
   * with the reason: after any other status it would not come again.
   */
  refuse(answer: BridgeAnswer): void {
    if (this.#state !== "joining") return;
    if (TEMPORARY.has(answer.status) && this.#takesEvents && !this.#isHead) {
      this.#early = [];
      const { "Retry-After": _, ...headers } = answer.headers;
      const type = { "Content-Type": "text/event-stream" };
      this.begin({ ...headers, ...type }, withoutTopics(Buffer.from(answer.body).toString()));
      this.onFeedEnd();
      return;
    }
    this.#finish();
    this.#answer.answer(answer);
  }

  /** Begins the stream. */
  begin(headers: Readonly<Record<string, string>>, start: StreamStart): void {
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
    this.#beginWith(start);
    for (const { topic, event } of this.#early.splice(0)) this.onTopicEvent(topic, event);
    if (this.#hasMissed) this.onFeedEnd();
  }

  onTopicEvent(topic: number, event: PrintedEvent): void {
    if (this.#state === "joining") this.#keep(topic, event);
    else if (this.#state !== "listening") return;
    else if (this.#isExpired()) this.onFeedEnd();
    else if (!this.#resent?.has(nameOf(topic, event))) this.#sendEvent(topic, event);
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
    this.#resent = null;
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

  /**
   * Sends the head of the stream, and what the client has missed. When too much waits for the client the stream ends,
   * and the client comes again for the rest.
   */
  #beginWith({ comment, positions, missed }: StreamStart): void {
    const { retry, max_buffered } = this.#path.options;
    const delay = Math.round(retry * (1 + SPREAD * Math.random()));
    this.#positions = [...positions];
    const id = printPositions(positions);
    const lines = [`retry: ${delay}`, `: ${comment}`, ...(id === null ? [] : [`id: ${id}`])];
    this.#send(Buffer.from(`${lines.join("\n")}\n\n`));
    const resent = new Set<string>();
    for (const { topic, event } of missed) {
      const waiting = this.#answer.waitingOctets + event.octets.length;
      if (resent.size > 0 && waiting > max_buffered) this.onFeedEnd();
      if (this.#state !== "listening") return;
      resent.add(nameOf(topic, event));
      this.#sendEvent(topic, event);
    }
    if (resent.size > 0) this.#resent = resent;
  }

  /** All listeners of one topic alone are sent the same octets. */
  #sendEvent(topic: number, event: PrintedEvent): void {
    if (this.#positions[topic] === null) {
      this.#send(event.data);
      return;
    }
    this.#positions[topic] = event.publication;
    if (this.#positions.length === 1) this.#send(event.octets);
    else {
      const id = Buffer.from(`id: ${printPositions(this.#positions)}\n`);
      this.#send(Buffer.concat([id, event.data]));
    }
  }

  #send(octets: Uint8Array): void {
    this.#answer.write(octets);
    this.#limit(this.#answer.waitingOctets);
  }

  #keep(topic: number, event: PrintedEvent): void {
    this.#early.push({ topic, event });
    this.#earlyOctets += event.octets.length;
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

/** One event of one topic. */
function nameOf(topic: number, { publication }: PrintedEvent): string {
  return `${topic} ${publication}`;
}
