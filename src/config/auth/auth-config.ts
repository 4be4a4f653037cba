/**
 * Normalized authmethods.
 *
 * @module
 */

import type { AskingAuthConfig } from "./authenticator-config.ts";
import type {
  CryptosignPrincipal,
  ProxyPrincipalConfig,
  ScramPrincipal,
  TlsPrincipal,
  TrustrootConfig,
  WampCraUser,
} from "./principal-config.ts";
import type { TokenTicketConfig } from "./token-config.ts";

/** Configured authmethods. */
export interface AuthConfig {
  anonymous?: { type: "static"; role: string; authid?: string } | AskingAuthConfig;
  ticket?:
    | { type: "static"; principals: Record<string, { ticket: string; role?: string }> }
    | TokenTicketConfig
    | AskingAuthConfig;
  wampcra?: { type: "static"; users: Record<string, WampCraUser> } | AskingAuthConfig;
  scram?: { type: "static"; principals: Record<string, ScramPrincipal> } | AskingAuthConfig;
  cryptosign?:
    | {
        type: "static";
        principals: Record<string, CryptosignPrincipal>;
        /** By realm; `principals` is empty where there are trustroots. */
        trustroots?: Record<string, TrustrootConfig>;
      }
    | AskingAuthConfig;
  tls?: { type: "static"; principals: Record<string, TlsPrincipal> } | AskingAuthConfig;
  /** Clients with the cookie of an earlier join need no credentials. */
  cookie?: Record<string, never>;
  /** Router only, over Unix sockets only: trusts the identity that a proxy names. */
  "anonymous-proxy"?: { type: "static" };
  /** Router only: the same for proxies that sign with the key of their node; by the id of the node. */
  "cryptosign-proxy"?:
    | { type: "static"; principals: Record<string, ProxyPrincipalConfig> }
    | AskingAuthConfig;
}

/** The name of an authmethod. */
export type Authmethod = keyof AuthConfig;
