/**
 * The options of messages that the router reads, with their types.
 *
 * An option of another type is refused with `wamp.error.invalid_argument`, or ends the session if that is of a
 * publication without `acknowledge`; null counts as absent, and options that are not listed here are ignored.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { messageTypeName } from "#wamp/message-type.ts";
import type { Incoming } from "./incoming.ts";
import type { MatchPolicy } from "./uri-match.ts";

/** How the callee of a registration is chosen: the values of the option `invoke`. */
export type InvokePolicy = "single" | "first" | "last" | "roundrobin" | "random";

/** The type of an option: `read` returns undefined for a value of another type. */
interface OptionType<T> {
  readonly expected: string;
  read(value: unknown): T | undefined;
}

const boolean: OptionType<boolean> = {
  expected: "true or false",
  read: (value) => (typeof value === "boolean" ? value : undefined),
};

/** Discloses only where it is true; as in Crossbar, which does not look at it, other values are no fault. */
const disclosure: OptionType<boolean> = {
  expected: "anything",
  read: (value) => value === true,
};

const text: OptionType<string> = {
  expected: "a string",
  read: (value) => (typeof value === "string" ? value : undefined),
};

/** A session id, or as in Crossbar another integer, which no session has. */
const sessionId: OptionType<number | bigint> = {
  expected: "a session id",
  read: (value) =>
    Number.isInteger(value) || typeof value === "bigint" ? (value as number | bigint) : undefined,
};

function integerFrom(lowest: number): OptionType<number> {
  return {
    expected: `an integer of at least ${lowest}`,
    read: (value) =>
      Number.isInteger(value) && Number(value) >= lowest ? Number(value) : undefined,
  };
}

function oneOf<const W extends string>(words: readonly W[]): OptionType<W> {
  return {
    expected: `one of ${words.join(", ")}`,
    read: (value) => words.find((word) => word === value),
  };
}

function listOf<T>(item: OptionType<T>, expected: string): OptionType<T[]> {
  return {
    expected,
    read(value) {
      if (!Array.isArray(value)) return undefined;
      const items = value.map((one) => item.read(one));
      return items.every((one) => one !== undefined) ? items : undefined;
    },
  };
}

const sessionIds = listOf(sessionId, "a list of integers");
const texts = listOf(text, "a list of strings");
const match = oneOf<MatchPolicy>(["exact", "prefix", "wildcard"]);

/** PUBLISH.Options. `retain` has no effect. */
export const PUBLISH_OPTIONS = {
  acknowledge: boolean,
  disclose_me: disclosure,
  exclude_me: boolean,
  exclude: sessionIds,
  exclude_authid: texts,
  exclude_authrole: texts,
  eligible: sessionIds,
  eligible_authid: texts,
  eligible_authrole: texts,
  retain: boolean,
};

/** SUBSCRIBE.Options. `get_retained` has no effect. */
export const SUBSCRIBE_OPTIONS = { match, get_retained: boolean };

/** REGISTER.Options. `concurrency` and `force_reregister` have no effect. */
export const REGISTER_OPTIONS = {
  match,
  invoke: oneOf<InvokePolicy>(["single", "first", "last", "roundrobin", "random"]),
  concurrency: integerFrom(1),
  force_reregister: boolean,
};

/** CALL.Options; `timeout` is milliseconds, 0: none. */
export const CALL_OPTIONS = {
  disclose_me: disclosure,
  receive_progress: boolean,
  timeout: integerFrom(0),
};

/** YIELD.Options. */
export const YIELD_OPTIONS = { progress: boolean };

type OptionTypes = Record<string, OptionType<unknown>>;

/** The options that a table describes; every option may be absent. */
export type OptionsOf<T extends OptionTypes> = {
  -readonly [K in keyof T]?: T[K] extends OptionType<infer V> ? V : never;
};

/**
 * The options of a message, at this index, that the table lists.
 *
 * @throws Failure (`wamp.error.invalid_argument`) for a value of another type.
 */
export function readOptions<T extends OptionTypes>(
  message: Incoming,
  index: number,
  types: T,
): OptionsOf<T> {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(message.dict(index))) {
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type === undefined || value === null) continue;
    const read = type.read(value);
    if (read === undefined) {
      const of = messageTypeName(message.type);
      throw new Failure(`Cannot read ${of}: option ${name} is not ${type.expected}`, {
        source: "client",
        uri: ErrorUri.invalidArgument,
      });
    }
    options[name] = read;
  }
  return options as OptionsOf<T>;
}
