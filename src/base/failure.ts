/**
 * Failure: the one class for what is expected to go wrong, with whose fault it was.
 *
 * The sentence follows one grammar: `Cannot <do what> <to what>: <present state>`.
 *
 * @module
 */

/** Whose fault a failure is; it decides who is answered and how it is logged. */
export type FailureSource = "client" | "router" | "config" | "internal";

/** What a failure carries beside its sentence. */
export interface FailureDetails {
  source: FailureSource;
  /** WAMP error URI that a peer is told, such as `wamp.error.protocol_violation`. */
  uri?: string;
  cause?: unknown;
}

/** An expected failure. Anything else that is thrown is a fault of the program. */
export class Failure extends Error {
  readonly source: FailureSource;
  readonly uri: string | undefined;

  constructor(sentence: string, details: FailureDetails) {
    super(sentence, { cause: details.cause });
    this.name = "Failure";
    this.source = details.source;
    this.uri = details.uri;
  }
}

/** The sentence of anything that was thrown. */
export function sentenceOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
