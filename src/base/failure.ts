/**
 * Failure: the one class for expected failures, with the party at fault.
 *
 * Its sentence has the form `Cannot <do what> <to what>: <present state>`.
 *
 * @module
 */

/** The party at fault; it decides which peer gets an answer, and how the failure is logged. */
export type FailureSource = "client" | "router" | "config" | "internal";

/** What a failure has besides its sentence. */
export interface FailureDetails {
  source: FailureSource;
  /** WAMP error URI for the peer, such as `wamp.error.protocol_violation`. */
  uri?: string;
  cause?: unknown;
}

/** An expected failure. Every other error that is thrown is a fault of the program. */
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

/** The message of a thrown value. */
export function sentenceOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The code of a system error, such as `ENOENT`; undefined where the thrown value has none. */
export function errorCodeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : undefined;
}
