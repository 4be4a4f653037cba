/**
 * Normalized limits of a transport.
 *
 * @module
 */

/** Limits of a transport in one worker; null: unlimited. */
export interface TransportLimits {
  max_connections: number | null;
  /** Of one IPv4 address, or the first 64 bits of an IPv6 address. */
  max_connections_per_address: number | null;
  /** Messages of one session. */
  max_messages_per_second: number | null;
  /** Messages of one session that may come at once. */
  max_messages_burst: number;
}
