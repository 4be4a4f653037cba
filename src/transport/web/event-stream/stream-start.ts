/**
 * Where a stream starts: with the events that its client has missed, where the router keeps them.
 *
 * The id of an event says what its listener has got of every topic, in the order of the topics: the last publication,
 * 0 before the first one, and nothing where the router keeps no events.
 *
 *     id: 2186123417320931        one topic
 *     id: 2186123417320931..0     three topics
 *
 * @module
 */

import type { PrintedEvent } from "./event-text.ts";
import type { PrintedKeptEvent, TopicFeed } from "./topic-feed.ts";

/** The last publication of each topic; null where the router keeps no events. */
export type Positions = (number | null)[];

/** What a stream begins with. */
export interface StreamStart {
  /** For readers of the stream. */
  comment: string;
  /** What the client has got. */
  positions: Positions;
  /** What it has missed, in order; `topic` is the place of its topic. */
  missed: { topic: number; event: PrintedEvent }[];
}

/** Prints an id; null: the router keeps no events of any topic. */
export function printPositions(positions: Positions): string | null {
  return positions.every((one) => one === null)
    ? null
    : positions.map((one) => one ?? "").join(".");
}

/** What is asked of a topic. */
type KnownTopic = Pick<TopicFeed, "position" | "keptEvents">;

/** Finds the start of a stream whose topics are subscribed to; `lastEventId` is the header of that name. */
export async function findStart(
  topics: readonly KnownTopic[],
  lastEventId: string | null,
): Promise<StreamStart> {
  const positions = topics.map(({ position }) => position);
  const fromNow = (comment: string) => ({ comment, positions, missed: [] });
  if (lastEventId === null || lastEventId === "") return fromNow("events follow");
  if (positions.every((one) => one === null)) {
    return fromNow("Last-Event-ID has no effect, because the router keeps no events");
  }
  const last = readPositions(lastEventId, topics.length);
  if (last === null)
    return fromNow("Last-Event-ID has no effect, because these topics have no such id");
  const kept = await Promise.all(
    topics.map((topic, index) => missedOf(topic, last[index] ?? null)),
  );
  return {
    comment: "events follow, with those since Last-Event-ID that the router keeps",
    positions: positions.map((now, index) =>
      kept[index] === undefined ? now : (last[index] ?? null),
    ),
    missed: inOrder(kept.map((events) => events ?? [])),
  };
}

/** The ids of publications that make up an id; null: it is none of so many topics. */
function readPositions(id: string, count: number): Positions | null {
  const parts = id.split(".");
  if (parts.length !== count || !parts.every((part) => /^\d{0,16}$/.test(part))) return null;
  return parts.map((part) => (part === "" ? null : Number(part)));
}

/** What is kept of a topic since a publication, or all of it where that is not kept any more; undefined: nothing is known. */
async function missedOf(
  topic: KnownTopic,
  last: number | null,
): Promise<PrintedKeptEvent[] | undefined> {
  const kept = last === null ? null : await topic.keptEvents();
  return kept?.slice(kept.findIndex(({ publication }) => publication === last) + 1);
}

/** The events of all topics by their times. Those of one topic stay in order, though the clock may be put back. */
function inOrder(topics: PrintedKeptEvent[][]): StreamStart["missed"] {
  const all = topics.flatMap((events, topic) => {
    let latest: number | bigint = 0;
    return events.map((event) => {
      if (event.time > latest) latest = event.time;
      return { topic, event, time: latest };
    });
  });
  return all.sort((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time)));
}
