/**
 * Publication: one PUBLISH on its way to its receivers, and perhaps into memory.
 *
 * @module
 */

import { randomId } from "#wamp/id.ts";
import { NO_ENTRIES } from "#wamp/serializer/write-value.ts";
import type { Dict, RoutedPayload } from "./incoming.ts";
import { passthruDetails } from "./message-options.ts";
import type { RealmSession } from "./realm-session.ts";
import { ReceiverRules } from "./receiver-rules.ts";
import type { PublishRequest } from "./requests.ts";

/** What is published. */
export interface Publication {
  readonly id: number;
  readonly topic: string;
  /** EVENT.Details, but for what depends on the subscription. */
  readonly details: Dict;
  readonly payload: RoutedPayload;
  /** The session that does not receive it itself; undefined: there is none. */
  readonly excluded: RealmSession | undefined;
  /** Undefined: every other session receives it. */
  readonly rules: ReceiverRules | undefined;
}

/** A publication that may be kept: its octets are its own. */
export interface KeptPublication extends Omit<Publication, "excluded"> {
  /** About as many as it takes, with all that its publisher chose. */
  readonly octets: number;
}

/** The publication that a client asks for. */
export function publicationOf(
  publisher: RealmSession,
  { options, uri: topic, payload }: PublishRequest,
  isDisclosed: boolean,
): Publication {
  const passthru = passthruDetails(options);
  const identity = isDisclosed ? publisherDetails(publisher) : undefined;
  return {
    id: randomId(),
    topic,
    details: identity ? { ...identity, ...passthru } : (passthru ?? NO_ENTRIES),
    payload,
    excluded: options.exclude_me === false ? undefined : publisher,
    rules: ReceiverRules.of(options),
  };
}

/** A copy whose octets stay as they are. */
export function keptPublication(publication: Publication): KeptPublication {
  const { id, topic, details, payload, rules } = publication;
  const items = payload.items.map((item) => new Uint8Array(item));
  const own = topic.length + detailsOctets(details) + (rules?.octets ?? 0);
  const octets = items.reduce((sum, item) => sum + item.length, own);
  return { id, topic, details, payload: { serializer: payload.serializer, items }, rules, octets };
}

function detailsOctets(details: Dict): number {
  const texts = Object.values(details).filter((value) => typeof value === "string");
  return texts.reduce((sum, text) => sum + text.length, 0);
}

function publisherDetails({ id, identity }: RealmSession): Dict {
  return {
    publisher: id,
    publisher_authid: identity.authid,
    publisher_authrole: identity.authrole,
  };
}
