/** A client of Server-Sent Events, which a test asks for one event after the other. */

import { afterTest } from "./cleanups.ts";

/** A stream of events whose head has come. */
export interface OpenEvents {
  status: number;
  headers: Headers;
  /** The data of the next event, as JSON. */
  next(): Promise<unknown>;
  /** The last id that came. */
  lastEventId(): string;
  /** All that is between the head and the end, or what has come of it so far. */
  text(): string;
  /** Resolves when the stream has ended. */
  ended: Promise<void>;
  close(): void;
}

/** Opens a stream; it is closed once the test has ended. */
export async function openEvents(
  url: string,
  headers: Record<string, string> = {},
): Promise<OpenEvents> {
  const going = new AbortController();
  const close = () => going.abort();
  afterTest(close);
  const answer = await fetch(url, {
    headers: { Accept: "text/event-stream", ...headers },
    signal: going.signal,
  });
  let text = "";
  let read = 0;
  let wake = () => {};
  const follow = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      wake();
    }
  };
  let isOver = false;
  const ended = follow()
    .catch(() => {})
    .then(() => {
      isOver = true;
      wake();
    });
  const nextBlock = async () => {
    for (;;) {
      const end = text.indexOf("\n\n", read);
      if (end >= 0) {
        const block = text.slice(read, end);
        read = end + 2;
        return block;
      }
      if (isOver) throw new Error(`the stream has ended after ${JSON.stringify(text)}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    status: answer.status,
    headers: answer.headers,
    async next() {
      for (;;) {
        const [, data] = /^data: (.*)$/m.exec(await nextBlock()) ?? [];
        if (data !== undefined) return JSON.parse(data);
      }
    },
    lastEventId: () => [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "",
    text: () => text,
    ended,
    close,
  };
}
