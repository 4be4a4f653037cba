/**
 * FormReader: reads a form (multipart/form-data, RFC 7578) as its octets come, and passes on its parts.
 *
 * @module
 */

import { Busboy } from "@fastify/busboy";

/** Limits of a form, besides that of its octets. */
const LIMITS = { parts: 64, files: 64, fields: 0, headerPairs: 16, headerSize: 8192 };

/** A form that is malformed or beyond its limits. */
export class MalformedForm extends Error {}

/** Takes the octets of one part; the next part begins when it is done. */
export type TakePart = (name: string, octets: AsyncIterable<Uint8Array>) => Promise<void>;

/** Reads one form. */
export class FormReader {
  readonly #busboy: InstanceType<typeof Busboy>;
  readonly #takePart: TakePart;
  readonly #whole = Promise.withResolvers<void>();
  #parts: Promise<void> = Promise.resolve();

  /** @throws MalformedForm when the content type names no boundary. */
  constructor(contentType: string, takePart: TakePart) {
    this.#takePart = takePart;
    try {
      this.#busboy = new Busboy({
        headers: { "content-type": contentType },
        limits: LIMITS,
        // Fields too are passed on as octets: whether they are UTF-8 is checked here.
        isPartAFile: () => true,
      });
    } catch {
      throw new MalformedForm("Cannot read the form: its content type names no boundary");
    }
    this.#busboy.on("file", (name, stream) => {
      stream.on("error", () => this.#fail("it is malformed or cut off"));
      this.#parts = this.#parts.then(() => this.#take(name, stream));
      this.#parts.catch((thrown) => this.#whole.reject(thrown));
    });
    this.#busboy.on("finish", () => this.#parts.then(this.#whole.resolve, this.#whole.reject));
    this.#busboy.on("error", () => this.#fail("it is malformed or cut off"));
    this.#busboy.on("filesLimit", () => this.#fail("it has too many parts"));
    this.#busboy.on("partsLimit", () => this.#fail("it has too many parts"));
    this.#whole.promise.catch(() => {});
  }

  /** Resolves when the form is read and all its parts are taken; rejects with MalformedForm, or what `takePart` throws. */
  get whole(): Promise<void> {
    return this.#whole.promise;
  }

  /** Takes octets, which it keeps. False: `onDrained` is called once more are wanted. */
  write(octets: Uint8Array, onDrained: () => void): boolean {
    if (this.#busboy.write(octets)) return true;
    this.#busboy.once("drain", onDrained);
    return false;
  }

  /** The form has ended. */
  end(): void {
    this.#busboy.end();
  }

  async #take(name: string, stream: AsyncIterable<Uint8Array>): Promise<void> {
    if (typeof name !== "string") return this.#fail("it has a part without a name");
    await this.#takePart(name, stream);
  }

  #fail(state: string): void {
    this.#whole.reject(new MalformedForm(`Cannot read the form: ${state}`));
  }
}
