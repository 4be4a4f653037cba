/** One row of the test of attributes: a service with an attribute, a request to it, and what shows that it counts. */

export interface AttributeRow {
  /** The attributes that it shows, such as `static.options.default_file`, with blanks between them. */
  shows: string;
  service: object;
  /** The request: a method, and what follows the path of the service. A function gets the answer to `before`. */
  ask: string | ((before: string) => string);
  headers?: Record<string, string>;
  body?: string | ((before: string) => string);
  /** A request to the same worker that comes before, and whose connection stays open; `until` this has come. */
  before?: { ask: string; headers?: Record<string, string>; body?: string; until: RegExp };
  status: number;
  /** Headers of the answer; null: there is none. */
  gets?: Record<string, string | RegExp | null>;
  /** The body, or a part of it. */
  text?: string | RegExp | ((before: string) => string);
  /** The answer does not end: what has to come of it. */
  until?: RegExp;
  /** The arguments of the events that it publishes on `com.example.topic`, in order. */
  events?: unknown[][];
}

/** Where the other servers are that rows need. */
export interface Upstreams {
  /** Answers with the request, as JSON: method, url and headers. `/slow` is answered never, `/half` in part. */
  http: number;
  https: number;
  /** The certificate of `https`. */
  certificate: string;
  /** Sends messages back. */
  webSocket: number;
  /** A port where nothing listens. */
  nowhere: number;
}
