/**
 * Normalizes RawSockets, of a transport or within a universal one.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import { authPath, normalizeSessionAuth } from "#config/auth/normalize-auth.ts";
import { normalizeRawSocketOptions } from "#config/options/normalize-rawsocket-options.ts";
import {
  normalizeJoining,
  warnOfRouterOptions,
} from "#config/options/normalize-session-options.ts";
import type { RawSocketOptions } from "#config/options/rawsocket-config.ts";
import { defaultRawSocketOptions } from "#config/options/rawsocket-options-schema.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import { acceptedSerializers } from "./accepted-serializers.ts";
import type { TransportContext } from "./transport-context.ts";
import type { RawSocketItem } from "./transport-schema.ts";

/** The normalized RawSocket part of a transport, or null for one whose `auth` has faults. */
export function normalizeRawSocket(
  item: RawSocketItem,
  path: JsonPath,
  context: TransportContext,
): (SessionConfig & { options: RawSocketOptions }) | null {
  const options = item.options ?? defaultRawSocketOptions;
  const at = [...path, "options"];
  warnOfRouterOptions(options, at, context);
  if (item.auth !== undefined && item.auth !== "passthrough" && !isRecord(item.auth)) return null;
  const auth = normalizeSessionAuth(item.auth, authPath(item, path), context);
  if (auth !== "passthrough" && auth.ticket?.type === "jwt" && auth.ticket.cookie !== undefined) {
    const cookie = [...path, "auth", "ticket", "cookie"];
    context.report.warn(cookie, "has no effect: clients over RawSocket send no cookies");
  }
  return {
    serializers: acceptedSerializers(item.serializers, path, context.report),
    auth,
    backend: null,
    options: normalizeRawSocketOptions(options),
    joining: normalizeJoining(options, at, context),
  };
}
