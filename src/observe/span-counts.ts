/**
 * SpanCounts: how many spans of this process were sent to the collector, and how many were not.
 *
 * @module
 */

/** The counts, since the process was started; changed where spans are sent, and where they are lost. */
export const spanCounts = { sent: 0, lost: 0 };
