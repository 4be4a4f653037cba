/**
 * lookUpHost: the addresses of a host, as the system finds them.
 *
 * The system's own resolver (getaddrinfo) is asked, as it is for a connection to a name: so /etc/hosts, the search
 * domains of /etc/resolv.conf and all other sources of nsswitch.conf count. It blocks a thread of Bun's pool meanwhile.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";

/** Finds the addresses of a host, of one IP version or of both. */
export type LookUpHost = (host: string, version: 4 | 6 | undefined) => Promise<string[]>;

/** Longest wait for the system; its answer is ignored afterwards. */
const DEADLINE_MS = 20_000;

/**
 * Asks the system.
 *
 * @throws Error of the system, or Failure when it has no address or does not answer.
 */
export const lookUpHost: LookUpHost = async (host, version) => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(notFound("no answer in time")), DEADLINE_MS);
  try {
    const asked = Bun.dns.lookup(host, {
      backend: "system",
      socketType: "tcp",
      family: version ?? 0,
    });
    const found = await Promise.race([asked, late.promise]);
    if (found.length === 0) throw notFound("it has no address");
    return [...new Set(found.map(({ address }) => address))];
  } finally {
    clearTimeout(timer);
  }
};

function notFound(state: string): Failure {
  return new Failure(`Cannot resolve the name: ${state}`, { source: "router" });
}
