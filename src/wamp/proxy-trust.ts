/**
 * Whether proxies join at a transport of a router, which then believes what they say of their clients.
 *
 * @module
 */

import type { AuthConfig } from "#config/auth/auth-config.ts";

/** Whether this is so; the HELLO of a proxy may be longer, for it contains the client's `authextra`. */
export function trustsProxies(auth: AuthConfig): boolean {
  return auth["anonymous-proxy"] !== undefined || auth["cryptosign-proxy"] !== undefined;
}
