/**
 * The payloads of calls and events.
 *
 * @module
 */

/** Name of a payload: its size and kind. */
export type PayloadName = "32 B" | "4 kB text" | "4 kB objects" | "1 MB text";

/** Forty records, as in a typical application. */
const records = Array.from({ length: 40 }, (_, index) => ({
  id: 100_000 + index,
  name: `sensor-${index}`,
  value: index * 1.25 + 0.5,
  ok: index % 3 !== 0,
  tags: ["north", "roof"],
  at: null,
}));

/** The payloads by name, each one argument. */
export const payloads: Record<PayloadName, unknown> = {
  "32 B": "x".repeat(32),
  "4 kB text": "x".repeat(4096),
  "4 kB objects": records,
  "1 MB text": "x".repeat(1_000_000),
};
