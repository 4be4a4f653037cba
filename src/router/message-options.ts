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
import { NO_ENTRIES } from "#wamp/serializer/write-value.ts";
import { type Incoming, violation } from "./incoming.ts";
import type { MatchPolicy } from "./uri-match.ts";

/** How the callee of a registration is chosen: the values of the option `invoke`. */
export type InvokePolicy = (typeof INVOKE_POLICIES)[number];

/** All of them; `least_loaded` is an extension. */
export const INVOKE_POLICIES = [
  "single",
  "first",
  "last",
  "roundrobin",
  "random",
  "least_loaded",
] as const;

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

/**
 * A payload that only the applications read (WAMP specification, section "Payload Passthru Mode"); `enc_` are the
 * names of Crossbar and autobahn.
 */
const PASSTHRU_OPTIONS = {
  ppt_scheme: text,
  ppt_serializer: text,
  ppt_cipher: text,
  ppt_keyid: text,
  enc_algo: text,
  enc_key: text,
  enc_serializer: text,
};

/** PUBLISH.Options. */
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
  ...PASSTHRU_OPTIONS,
};

/** SUBSCRIBE.Options. */
export const SUBSCRIBE_OPTIONS = { match, get_retained: boolean };

/** REGISTER.Options. */
export const REGISTER_OPTIONS = {
  match,
  invoke: oneOf<InvokePolicy>(INVOKE_POLICIES),
  concurrency: integerFrom(1),
  force_reregister: boolean,
  forward_timeout: boolean,
};

/** CALL.Options; `timeout` is milliseconds, 0: none. */
export const CALL_OPTIONS = {
  disclose_me: disclosure,
  receive_progress: boolean,
  progress: boolean,
  timeout: integerFrom(0),
  ...PASSTHRU_OPTIONS,
};

/** YIELD.Options. */
export const YIELD_OPTIONS = { progress: boolean, ...PASSTHRU_OPTIONS };

/** The part of ERROR.Details that the router reads. */
export const ERROR_DETAILS = PASSTHRU_OPTIONS;

/** The options of payload passthru mode. */
export type PassthruOptions = OptionsOf<typeof PASSTHRU_OPTIONS>;

const PASSTHRU_NAMES = Object.keys(PASSTHRU_OPTIONS) as (keyof PassthruOptions)[];

/** What a receiver is told of a payload that only applications read; undefined: it is none. */
export function passthruDetails(options: PassthruOptions): PassthruOptions | undefined {
  if (options.ppt_scheme === undefined && options.enc_algo === undefined) return undefined;
  const details: PassthruOptions = {};
  for (const name of PASSTHRU_NAMES) {
    const value = options[name];
    if (value !== undefined) details[name] = value;
  }
  return details;
}

/** Refuses a payload that only applications read of a client that has not announced the feature. */
export function refuseUnannouncedPassthru(
  message: string,
  { ppt_scheme: scheme }: PassthruOptions,
  isAnnounced: boolean,
): void {
  if (scheme === undefined || isAnnounced) return;
  throw violation(`Cannot accept ${message}: its sender has not announced payload_passthru_mode`);
}

type OptionTypes = Record<string, OptionType<unknown>>;

/** The options that a table describes; every option may be absent. */
export type OptionsOf<T extends OptionTypes> = {
  -readonly [K in keyof T]?: T[K] extends OptionType<infer V> ? V : never;
};

const NO_OPTIONS = Object.freeze({});

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
  const map = message.dict(index);
  return map === NO_ENTRIES
    ? NO_OPTIONS
    : checkedOptions(map, types, messageTypeName(message.type));
}

/**
 * Those of a map that the table lists; `of` is for the sentence.
 *
 * @throws Failure (`wamp.error.invalid_argument`) for a value of another type.
 */
export function checkedOptions<T extends OptionTypes>(
  map: Readonly<Record<string, unknown>>,
  types: T,
  of: string,
): OptionsOf<T> {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(map)) {
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type === undefined || value === null) continue;
    const read = type.read(value);
    if (read === undefined) {
      throw new Failure(`Cannot read ${of}: option ${name} is not ${type.expected}`, {
        source: "client",
        uri: ErrorUri.invalidArgument,
      });
    }
    options[name] = read;
  }
  return options as OptionsOf<T>;
}
