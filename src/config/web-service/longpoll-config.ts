/**
 * The normalized Web service that speaks WAMP over HTTP long polling.
 *
 * @module
 */

import type {
  BufferOptions,
  IncompleteMessageOptions,
  SessionConfig,
  SessionEndOptions,
} from "#config/options/session-config.ts";
import type { CookieConfig } from "./cookie-config.ts";

/** `type: longpoll`. */
export interface LongPollServiceConfig extends SessionConfig {
  type: "longpoll";
  options: LongPollOptions;
  /** Undefined: no cookie is issued. */
  cookie?: CookieConfig;
  /** Port or socket file, and path: the same in all workers that share the port. */
  place: string;
}

/** Options of such a path. Times are milliseconds. `max_buffered` is its `queue_limit_bytes`. */
export interface LongPollOptions
  extends BufferOptions,
    IncompleteMessageOptions,
    SessionEndOptions {
  /** After this time a receive for which there is no message is answered. */
  request_timeout: number;
  /** A session without a request for so long is over. */
  session_timeout: number;
  /** Messages that may wait before the client counts as behind; 0, on routers: any number. */
  queue_limit_messages: number;
  /** Octets of one message, or of one batch. */
  max_message_size: number;
  allowed_origins: string[];
  allow_null_origin: boolean;
  /** Transports that are open at once, in one worker. */
  max_transports: number;
}
