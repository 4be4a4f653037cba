/**
 * ClusterEngine: what connects the router workers of a realm, on which everything else of a cluster is built.
 *
 * It carries messages to whoever has subscribed to their subjects, in the order of each sender, and never back to their
 * sender. And it keeps a table of keys and values, whose changes all workers see in one order.
 *
 * @module
 */

/** A change of the table. */
export interface TableChange {
  readonly key: string;
  /** Undefined: the key is removed, or its time is over. */
  readonly value: Uint8Array | undefined;
  /** Grows with each change of the table. */
  readonly revision: number;
  /** Whether this was the last of what the table held when it was opened. */
  readonly isCurrent: boolean;
}

/** Longest message that is taken when too much waits for the engine for a longer one. */
export const SHORT_MESSAGE_OCTETS = 1_024;

/** How a value is put. */
export interface PutOptions {
  /** That of the value that is replaced; 0: there is none. Absent: any. */
  readonly revision?: number;
  /** After so many seconds the key is removed. Absent: never. */
  readonly seconds?: number;
}

/** Told when the engine can be reached, and when it cannot be reached any more. */
export interface EngineObserver {
  connected(): void;
  apart(): void;
}

/** The value was not put, because it was to replace another one. */
export class RevisionMismatch extends Error {}

/** Messages between workers, and the table that they share. */
export interface ClusterEngine {
  /** Whether it can be reached. */
  readonly isConnected: boolean;
  /** For sentences. */
  readonly name: string;
  /**
   * Sends a message; its octets are the engine's from then on.
   *
   * @throws Failure (`wamp.error.unavailable`) when the engine cannot be reached, or too much waits for it.
   */
  publish(subject: string, octets: Uint8Array): void;
  /**
   * Receives the messages of a subject, in which `*` stands for any one part, and `>` at the end for any; returns what
   * ends that. It lasts while the engine is away.
   */
  subscribe(subject: string, receive: (octets: Uint8Array) => void): () => void;
  /**
   * Resolves when the engine has everything that was published and subscribed to.
   *
   * @throws Failure (`wamp.error.unavailable`).
   */
  flush(): Promise<void>;
  /**
   * Puts a value, and returns its revision.
   *
   * @throws RevisionMismatch, or Failure (`wamp.error.unavailable`).
   */
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<number>;
  /**
   * Removes a key, if need be only this revision of it.
   *
   * @throws RevisionMismatch, or Failure (`wamp.error.unavailable`).
   */
  remove(key: string, revision?: number): Promise<void>;
  /**
   * Tells all that the table holds under this first part of its keys, then every change; returns what ends that. It
   * lasts until the engine cannot be reached any more.
   */
  watch(first: string, observer: (change: TableChange) => void): Promise<() => void>;
  /** Returns what ends that. */
  observe(observer: EngineObserver): () => void;
  close(): Promise<void>;
}
