/**
 * Normalized endpoints: sockets to listen on, or to connect to, with their TLS.
 *
 * @module
 */

/** A socket to listen on. */
export type ListeningEndpointConfig = ListeningTcpConfig | ListeningUnixConfig;

/** A TCP port to listen on. */
export interface ListeningTcpConfig {
  type: "tcp";
  /** The first port where there is a range. */
  port: number;
  /** First and last port, of which the first free one is taken; undefined: only `port`. */
  portrange?: [number, number];
  /** Address to listen on; `0.0.0.0` or `::` for all. */
  interface: string;
  /** 6: connections over IPv4 are not accepted; undefined: the interface decides. */
  version?: 6;
  /** Whether other processes may listen on the same port (SO_REUSEPORT). */
  shared: boolean;
  /** Whether processes of other nodes may be among them; absent: no. */
  share_with_other_nodes?: true;
  /** Connections that may wait to be accepted; undefined: 512, as Bun has it. */
  backlog?: number;
  /** Undefined: no TLS. */
  tls?: ListeningTlsConfig;
  /**
   * Addresses and ranges of load balancers, which must begin each connection with a PROXY header;
   * undefined: no PROXY protocol.
   */
  trusted_proxies?: string[];
}

/** `endpoint.tls` of a listening endpoint; its own certificate is used when no `certificates` entry matches. */
export interface ListeningTlsConfig extends CertificateConfig {
  /** Certificates by the name that a client asks for (SNI), in lower case. */
  certificates?: (CertificateConfig & { hostnames: string[] })[];
  /** Authorities, one of which must have signed each client's certificate; absent: none is asked for. */
  ca_certificates?: string[];
  /** Oldest version of TLS; absent: 1.2. */
  min_version?: "1.2" | "1.3";
  /** Ciphers of TLS 1.2, in OpenSSL's notation; absent: the program's own list. */
  ciphers?: string;
}

/** A Unix domain socket to listen on. */
export interface ListeningUnixConfig {
  type: "unix";
  /** Absolute file name. */
  path: string;
  /** Mode of the socket file, as a number (0o600). */
  permission: number;
  /** Connections that may wait to be accepted; undefined: 512, as Bun has it. */
  backlog?: number;
}

/** A certificate with its private key: absolute file names of PEM files. */
export interface CertificateConfig {
  key: string;
  certificate: string;
  chain_certificates: string[];
}

/** A socket to connect to. */
export type ConnectingEndpointConfig =
  | ConnectingTcpConfig
  | { type: "unix"; path: string; timeoutMs: number; isWebServer?: true };

/** A TCP port to connect to. */
export interface ConnectingTcpConfig {
  type: "tcp";
  host: string;
  port: number;
  /** IP version of the address that the host's name is resolved to; undefined: either. */
  version?: 4 | 6;
  timeoutMs: number;
  tls?: ConnectingTlsConfig;
  /** Set for a Web server; absent: a router listens there. */
  isWebServer?: true;
}

/** `endpoint.tls` of a connecting endpoint. */
export interface ConnectingTlsConfig {
  /** Name that the router's certificate must have; absent: the endpoint's host. */
  hostname?: string;
  /** PEM files of trusted authorities, absolute; absent: those that Bun has. */
  ca_certificates?: string[];
  /** The certificate for routers that ask for one. */
  own?: CertificateConfig;
}
