/**
 * XMLHttpRequest, which Autobahn's long-poll transport needs and programs do not have: as far as Autobahn uses it.
 * Each request has a connection of its own, so that the system chooses a worker for each.
 */

import { request } from "node:http";

/** The part of XMLHttpRequest that Autobahn uses. */
class PollingXmlHttpRequest {
  withCredentials = false;
  timeout = 0;
  readyState = 0;
  status = 0;
  statusText = "";
  responseText = "";
  onreadystatechange = () => {};
  ontimeout = () => {};
  #method = "";
  #url = "";
  readonly #headers: Record<string, string> = {};

  open(method: string, url: string): void {
    this.#method = method;
    this.#url = url;
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  send(body = ""): void {
    const headers = { ...this.#headers, "Content-Length": String(Buffer.byteLength(body)) };
    const sent = request(this.#url, { method: this.#method, headers, agent: false }, (answer) => {
      this.status = answer.statusCode ?? 0;
      this.statusText = answer.statusMessage ?? "";
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        this.responseText = Buffer.concat(chunks).toString();
        this.#over();
      });
    });
    sent.on("error", () => this.#over());
    if (this.timeout > 0) {
      sent.setTimeout(this.timeout, () => {
        this.ontimeout();
        sent.destroy();
      });
    }
    sent.end(body);
  }

  #over(): void {
    if (this.readyState === 4) return;
    this.readyState = 4;
    this.onreadystatechange();
  }
}

/** Makes it known to all modules of the process. */
export function provideXmlHttpRequest(): void {
  Object.assign(globalThis, { XMLHttpRequest: PollingXmlHttpRequest });
}
