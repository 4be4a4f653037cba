/**
 * Normalized `cluster` of a realm.
 *
 * @module
 */

/** How the router workers of a realm reach each other. */
export interface ClusterConfig {
  type: "nats";
  /** URLs without users. */
  servers: string[];
  /** What subjects begin with, and name of the bucket. */
  prefix: string;
  /** How many servers keep the bucket. */
  replicas: number;
  /** Absent: for servers with `tls://`, or that ask for it. */
  tls?: ClusterTlsConfig;
  /** Absent: the servers know everybody. */
  login?: ClusterLogin;
  /** Milliseconds. */
  presence_timeout: number;
  when_apart: "serve" | "refuse";
  prefer_local: boolean;
}

/** What a NATS server is shown. */
export interface ClusterLogin {
  kind: "credentials" | "token" | "nkey";
  secret: string;
}

/** TLS to the servers. */
export interface ClusterTlsConfig {
  /** PEM files, absolute; absent: those that Bun has. */
  ca_certificates?: string[];
  /** PEM files, absolute; absent: no certificate is shown. */
  own?: { certificate: string; key: string };
  handshake_first: boolean;
}
