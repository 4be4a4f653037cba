/**
 * RefusedUpload: an upload that is not taken, with the status and the sentence that its client gets.
 *
 * @module
 */

/** An upload that is not taken. */
export class RefusedUpload extends Error {
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}
