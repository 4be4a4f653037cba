/**
 * What calls and events carry.
 *
 * @module
 */

/** Names of the payloads, by size and kind. */
export type PayloadName = "32 B" | "4 kB text" | "4 kB objects";

/** Forty records, as an application would send them. */
const records = Array.from({ length: 40 }, (_, index) => ({
  id: 100_000 + index,
  name: `sensor-${index}`,
  value: index * 1.25 + 0.5,
  ok: index % 3 !== 0,
  tags: ["north", "roof"],
  at: null,
}));

/** One argument for each of them. */
export const payloads: Record<PayloadName, unknown> = {
  "32 B": "x".repeat(32),
  "4 kB text": "x".repeat(4096),
  "4 kB objects": records,
};
