/**
 * ConnectionBackends: the routers behind one connection of node.json.
 *
 * Usually that is one. Where the host is a name with several addresses, as that of a headless service of
 * Kubernetes, each address is a router of its own, with its own sessions and health. The name is resolved again and
 * again: addresses that are gone get no new sessions, and those that have sessions keep them.
 *
 * @module
 */

import { isIPv6 } from "node:net";
import { sentenceOf } from "#base/failure.ts";
import type { ConnectionConfig, DnsConfig } from "#config/connection/connection-config.ts";
import type { ConnectingTcpConfig } from "#config/endpoint/endpoint-config.ts";
import type { RouterFigures, RouterHealth } from "#observe/statistics.ts";
import { Backend, type BackendContext } from "./backend.ts";
import { type LookUpHost, lookUpHost } from "./host-addresses.ts";

/** How much sooner or later a name is resolved again, so that the workers do not all do so at once. */
const JITTER = 0.1;

/** The backends of one connection. */
export class ConnectionBackends {
  readonly #config: ConnectionConfig;
  readonly #context: BackendContext;
  readonly #lookUp: LookUpHost;
  /** By address, or by the name of the host. */
  #byHost: ReadonlyMap<string, Backend>;
  /** Those that may get new sessions. */
  current: readonly Backend[];
  #wasReached = false;
  /** Whether the name was not resolved the last time. */
  #isUnresolved = false;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(config: ConnectionConfig, context: BackendContext, lookUp: LookUpHost = lookUpHost) {
    this.#config = config;
    this.#context = context;
    this.#lookUp = lookUp;
    // Until its name is resolved, a host is connected to by it.
    const backend = new Backend(config, context);
    this.#byHost = new Map([["", backend]]);
    this.current = [backend];
    const { endpoint } = config.transport;
    if (config.dns && endpoint.type === "tcp") void this.#follow(endpoint, config.dns);
  }

  /** Whether it is that of a connection with the same configuration. */
  is(config: ConnectionConfig, { slowStartMs }: BackendContext): boolean {
    return slowStartMs === this.#context.slowStartMs && Bun.deepEquals(config, this.#config);
  }

  /** Whether any of its routers has been reached since the worker was started. */
  get wasReached(): boolean {
    return this.#wasReached || this.current.some(({ wasReached }) => wasReached);
  }

  /** All routers together: up if one is. */
  get figures(): RouterFigures {
    const healths = this.current.map(({ health }) => health);
    const health = (["up", "unknown"] as RouterHealth[]).find((one) => healths.includes(one));
    const sessions = this.current.reduce((sum, backend) => sum + backend.sessions, 0);
    const markedDown = this.current.filter(({ isMarkedDown }) => isMarkedDown).length;
    const routers = this.current.length;
    return { connection: this.#config.id, health: health ?? "down", sessions, routers, markedDown };
  }

  /** No more checks, and no more questions about the name. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const backend of this.current) backend.stop();
  }

  async #follow(endpoint: ConnectingTcpConfig, dns: DnsConfig): Promise<void> {
    const { id } = this.#config;
    const { host, version } = endpoint;
    try {
      const addresses = await this.#lookUp(host, version);
      if (this.#isStopped) return;
      if (this.#isUnresolved) this.#context.log.info("host found again", { connection: id, host });
      this.#isUnresolved = false;
      this.#use(this.#toldApart(addresses), endpoint, dns);
    } catch (thrown) {
      if (this.#isStopped) return;
      const fields = { connection: id, host, reason: sentenceOf(thrown) };
      if (!this.#isUnresolved) this.#context.log.warn("host not found", fields);
      this.#isUnresolved = true;
    }
    const delayMs = dns.refresh * (1 + JITTER * (2 * Math.random() - 1));
    this.#timer = setTimeout(() => void this.#follow(endpoint, dns), delayMs);
  }

  /** The addresses of which each is a backend of its own; none: the host is connected to by its name. */
  #toldApart(addresses: readonly string[]): string[] {
    const { id } = this.#config;
    const most = mostOfOneVersion(addresses);
    // By its name, a host would be connected to at the address that is marked.
    const isMarked = (address: string) => this.#context.marks.names({ connection: id, address });
    return most.length > 1 || most.some(isMarked) ? most : [];
  }

  /** Makes these addresses the current ones; with none the host is connected to by its name. */
  #use(addresses: readonly string[], endpoint: ConnectingTcpConfig, dns: DnsConfig): void {
    const before = this.#byHost;
    const hosts = addresses.length > 0 ? addresses : [""];
    if (hosts.length === before.size && hosts.every((host) => before.has(host))) return;
    this.#wasReached = this.wasReached;
    this.#byHost = new Map(
      hosts.map((host) => [host, before.get(host) ?? this.#backendAt(host, endpoint, dns)]),
    );
    this.current = [...this.#byHost.values()];
    for (const [host, backend] of before) if (!this.#byHost.has(host)) backend.stop();
    const fields = { connection: this.#config.id, host: endpoint.host };
    this.#context.log.info("routers found by name", { ...fields, routers: hosts.length });
  }

  #backendAt(address: string, endpoint: ConnectingTcpConfig, dns: DnsConfig): Backend {
    if (address === "") return new Backend(this.#config, this.#context);
    const { transport } = this.#config;
    // The certificate still has to be for the name.
    const tls = endpoint.tls && { hostname: endpoint.host, ...endpoint.tls };
    const at = { ...endpoint, host: address, ...(tls && { tls }) };
    const config = {
      ...this.#config,
      transport: { ...transport, endpoint: at },
      health_check: dns.health_check,
    };
    return new Backend(config, this.#context, address);
  }
}

/**
 * The addresses of the IP version that has the most of them, or of IPv4. With one of each version, a host is one
 * machine, such as `localhost`.
 */
function mostOfOneVersion(addresses: readonly string[]): string[] {
  const v6 = addresses.filter((address) => isIPv6(address));
  const v4 = addresses.filter((address) => !isIPv6(address));
  return v6.length > v4.length ? v6 : v4;
}
