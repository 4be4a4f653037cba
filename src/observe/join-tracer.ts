/**
 * JoinTracer: records joins as spans; a worker has one only where `controller.traces` asks for it.
 *
 * @module
 */

/** What a span has of a client from the beginning. */
export interface TracedClient {
  /** In Crossbar's notation: `tcp4:192.0.2.7:49816`. */
  peer: string;
  type: string;
  serializer: string;
  /** The span of a server before this node that the client's request belongs to; absent: none. */
  traceparent?: string;
}

/** What a span has of a session that has joined; null: the router has not said it. */
export interface TracedIdentity {
  session: number | null;
  realm: string | null;
  authrole: string | null;
  authmethod: string | null;
}

/** A span that ends with a word for its outcome. */
export interface ConnectSpan {
  /** `fault`: a sentence, where this node or a router is at fault; null: neither is. */
  ended(outcome: string, fault: string | null): void;
}

/** The span of one join, from HELLO on. */
export interface JoinSpan extends ConnectSpan {
  asked(realm: string): void;
  joined(identity: TracedIdentity): void;
  /** Begins the span of connecting to a router, by the id of its connection. */
  connects(connection: string): ConnectSpan;
}

/** What records joins. */
export interface JoinTracer {
  /** A client has said HELLO. */
  begins(client: TracedClient): JoinSpan;
}
