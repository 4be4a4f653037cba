/**
 * A page with Resumable.js that sends one file: `bun resumable-page.ts <url> <file> <options as JSON>`. It prints
 * the events of the library. Of a browser it has what the library uses.
 */

import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** XMLHttpRequest, as far as the library uses it. */
class FetchedRequest extends EventTarget {
  readonly upload = new EventTarget();
  readyState = 0;
  status = 0;
  responseText = "";
  timeout = 0;
  withCredentials = false;
  #method = "";
  #url = "";
  readonly #abort = new AbortController();

  open(method: string, url: string): void {
    [this.#method, this.#url, this.readyState] = [method, url, 1];
  }

  send(body: FormData | null): void {
    const { signal } = this.#abort;
    fetch(this.#url, { method: this.#method, body, signal })
      .then(async (answer) => {
        this.responseText = await answer.text();
        [this.status, this.readyState] = [answer.status, 4];
        this.dispatchEvent(new Event("load"));
      })
      .catch(() => {
        this.readyState = 4;
        this.dispatchEvent(new Event("error"));
      });
  }

  abort(): void {
    this.#abort.abort();
  }
}

Object.assign(globalThis, {
  window: globalThis,
  FileList: class {},
  XMLHttpRequest: FetchedRequest,
});
// Only now, because it looks for a browser when it is loaded.
const { default: Resumable } = await import("resumablejs");

const [, , target, path = "", options = "{}"] = process.argv;
const uploads = new Resumable({ target, chunkRetryInterval: 10, ...JSON.parse(options) });
for (const event of ["fileSuccess", "fileError", "complete"]) {
  uploads.on(event, () => console.log(event));
}
uploads.on("filesAdded", () => uploads.upload());
uploads.addFile(new File([readFileSync(path)], basename(path)));
