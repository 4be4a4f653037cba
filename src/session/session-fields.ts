/**
 * Fields of the log lines that sessions of proxies and routers have in common.
 *
 * @module
 */

import { asRecord } from "#base/record.ts";
import type { LogFields } from "#observe/logger.ts";

/** What a HELLO asks for, which may be anything; null: there was none that could be read. */
export function askedFields(hello: readonly unknown[] | null): LogFields {
  if (hello === null) return {};
  const [, realm, details] = hello;
  return { realm: textOf(realm), authid: textOf(asRecord(details)["authid"]) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Seconds since a time of `performance.now`, to the millisecond. */
export function secondsSince(at: number): number {
  return Math.round(performance.now() - at) / 1000;
}
