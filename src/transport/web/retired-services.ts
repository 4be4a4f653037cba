/**
 * RetiredServices: Web services to which no path leads any more, until what they have begun is over.
 *
 * @module
 */

import type { WebService } from "./web-service.ts";

/** So often they are looked at. The first look comes after all that a service answers in one go. */
const INTERVAL_MS = 60_000;

/** The retired services of one transport. */
export class RetiredServices {
  readonly #services = new Set<WebService>();
  #timer: Timer | undefined;

  /** Whether any of them is in use. */
  get isInUse(): boolean {
    return [...this.#services].some((service) => service.isInUse?.() === true);
  }

  /** Closes each of these services as soon as it is not in use any more. */
  add(services: Iterable<WebService>): void {
    for (const service of services) this.#services.add(service);
    if (this.#services.size === 0) return;
    this.#timer ??= setInterval(() => this.#closeUnused(), INTERVAL_MS);
    this.#timer.unref();
  }

  /** Closes all of them. */
  close(): void {
    for (const service of this.#services) service.close?.();
    this.#services.clear();
    this.#stop();
  }

  #closeUnused(): void {
    for (const service of this.#services) {
      if (service.isInUse?.() === true) continue;
      this.#services.delete(service);
      service.close?.();
    }
    if (this.#services.size === 0) this.#stop();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
