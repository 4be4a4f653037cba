/**
 * A page with Resumable.js that sends one file: `bun resumable-page.ts <url> <file> <options as JSON>`, or
 * `<lines of a script>` in place of the options. It prints the events of the library. Of a browser it has what the
 * library uses.
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
    fetch(new URL(this.#url, page), { method: this.#method, body, signal })
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

const [, , page, path = "", script = "{}"] = process.argv;
const file = new File([readFileSync(path)], basename(path));

class PrintingResumable extends Resumable {
  constructor(options: object) {
    super(options);
    for (const event of ["fileSuccess", "fileError", "complete"]) {
      this.on(event, () => console.log(event));
    }
  }
}

if (script.startsWith("{")) {
  const options = { target: page, chunkRetryInterval: 10, ...JSON.parse(script) };
  const uploads = new PrintingResumable(options);
  uploads.on("filesAdded", () => uploads.upload());
  uploads.addFile(file);
} else {
  const parts = { tagName: "INPUT", type: "file", files: [file], value: "" };
  const input = Object.assign(new EventTarget(), parts, {
    setAttribute() {},
    removeAttribute() {},
  });
  new Function("Resumable", "document", script)(PrintingResumable, {
    getElementById: () => input,
  });
  input.dispatchEvent(new Event("change"));
}
