/**
 * `auth.ticket`.
 *
 * @module
 */

import * as v from "valibot";
import { optional, required } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item, lenientItem, mapOf } from "#config/schema/item.ts";
import { text } from "#config/schema/primitive.ts";
import { askingTypes } from "./authenticator-schema.ts";
import { isStatic, requiredSecret, role } from "./principal-schema.ts";
import { tokenAttributes } from "./token-schema.ts";

const principal = item({ ticket: requiredSecret, role });

const tokenTicket = item({
  type: required(v.literal("jwt"), "Extension. The ticket is a JWT that an issuer has signed."),
  ...tokenAttributes,
  "default-role": optional(
    text,
    "Role of clients whose tokens name none; absent: they are refused.",
  ),
  extra_claims: optional(
    v.pipe(v.array(text), v.minLength(1, "expected at least one claim, found none")),
    "Claims that become the client's `authextra`; absent: it is what its HELLO says.",
  ),
});

/** Tickets. */
export const ticket = byType({
  static: lenientItem({
    type: isStatic,
    principals: required(mapOf(v.string(), principal), "authid -> secret and role."),
  }),
  jwt: tokenTicket,
  ...askingTypes,
});

/** Tickets that are tokens, as written. */
export type TokenTicketItem = v.InferOutput<typeof tokenTicket>;
