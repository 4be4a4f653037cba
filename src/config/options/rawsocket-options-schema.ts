/**
 * `options` of a RawSocket transport.
 *
 * @module
 */

import type * as v from "valibot";
import { defaulted, defaultsOf } from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { integer } from "#config/schema/primitive.ts";
import { sessionOptions } from "./session-options-schema.ts";

/** `options` of a RawSocket transport. */
export const rawsocketOptions = item({
  max_message_size: defaulted(
    integer(512, 16_777_216),
    16_777_216,
    "Longest message taken from a client, in octets.",
  ),
  ...sessionOptions,
});

/** The options as written, with defaults. */
export type RawSocketOptionsItem = v.InferOutput<typeof rawsocketOptions>;

/** The options of a transport that sets none. */
export const defaultRawSocketOptions: RawSocketOptionsItem = defaultsOf(rawsocketOptions);
