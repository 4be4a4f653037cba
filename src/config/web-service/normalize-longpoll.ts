/**
 * Normalizes paths of type `longpoll`.
 *
 * @module
 */

import { authPath, normalizeSessionAuth } from "#config/auth/normalize-auth.ts";
import {
  normalizeBuffering,
  normalizeJoining,
  warnOfRouterOptions,
} from "#config/options/normalize-session-options.ts";
import {
  defaultSessionOptions,
  type SessionOptionsItem,
} from "#config/options/session-options-schema.ts";
import { LONGEST_MESSAGE } from "#config/options/websocket-options-schema.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import { acceptedSerializers } from "#config/transport/accepted-serializers.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import type { LongPollOptions, LongPollServiceConfig } from "./longpoll-config.ts";
import {
  defaultLongPollOptions,
  LONGEST_IDLE,
  LONGEST_RECEIVE,
  type LongPollItem,
  MOST_MESSAGES,
} from "./longpoll-schema.ts";
import { normalizeCookie } from "./normalize-cookie.ts";

type OptionsItem = NonNullable<LongPollItem["options"]>;

/** Those that routers, which cut slow clients off, do not honour. */
const QUEUE_LIMITS = ["queue_limit_bytes", "queue_limit_messages"] as const;

/** The normalized service; `url` is its path. */
export function normalizeLongPoll(
  item: LongPollItem,
  path: JsonPath,
  url: string,
  context: TransportContext,
): LongPollServiceConfig {
  const { report, address } = context;
  const options = item.options ?? defaultLongPollOptions;
  const at = [...path, "options"];
  const ofSession = sessionOptionsOf(options);
  warnOfRouterOptions(ofSession, at, context);
  const isRouter = context.workerType === "router";
  if (isRouter) warnOfQueueLimits(options, at, context);
  const normalized = normalizeOptions(options, ofSession);
  const origins = item.cookie === undefined ? {} : { cookieOrigins: options.allowed_origins };
  return {
    type: "longpoll",
    serializers: acceptedSerializers(item.serializers, path, report),
    auth: normalizeSessionAuth(item.auth, authPath(item, path), { ...context, ...origins }),
    backend: null,
    ...normalizeCookie(item.cookie, [...path, "cookie"], report),
    options: isRouter ? { ...normalized, queue_limit_messages: 0 } : normalized,
    joining: normalizeJoining(ofSession, at, context),
    place: `${address}${url}`,
  };
}

/** The options that all sessions have, as if they were those of another transport. */
function sessionOptionsOf(options: OptionsItem): SessionOptionsItem {
  return { ...defaultSessionOptions, ...options };
}

function normalizeOptions(options: OptionsItem, ofSession: SessionOptionsItem): LongPollOptions {
  const { max_message_size, max_transports, allowed_origins, allow_null_origin } = options;
  return {
    ...normalizeBuffering(ofSession),
    max_buffered: options.queue_limit_bytes || LONGEST_MESSAGE,
    request_timeout: 1000 * (options.request_timeout || LONGEST_RECEIVE),
    session_timeout: 1000 * (options.session_timeout || LONGEST_IDLE),
    queue_limit_messages: options.queue_limit_messages || MOST_MESSAGES,
    max_message_size,
    allowed_origins,
    allow_null_origin,
    max_transports,
  };
}

function warnOfQueueLimits(options: OptionsItem, path: JsonPath, context: TransportContext): void {
  for (const name of QUEUE_LIMITS) {
    if (options[name] === defaultLongPollOptions[name]) continue;
    const sentence = "not honoured: a router cuts a client off when 16 MiB wait for it";
    context.report.warn([...path, name], sentence);
  }
}
