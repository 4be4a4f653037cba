/**
 * Traffic: the messages that joined sessions of this process exchange with their peers, and their octets.
 *
 * Messages that begin or end a session are left out. Octets are those of a message as its sender has serialized it:
 * without frames, before it is transcoded or compressed. One object serves the whole process, because counting may
 * cost each message no more than two additions, and a session no memory.
 *
 * @module
 */

/** One direction, since the process was started. */
export interface TrafficCount {
  messages: number;
  octets: number;
}

/** What this process has counted; only the code that forwards or routes messages changes it. */
export const traffic: Readonly<Record<"fromClients" | "toClients", TrafficCount>> = {
  fromClients: { messages: 0, octets: 0 },
  toClients: { messages: 0, octets: 0 },
};
