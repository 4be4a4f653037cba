/**
 * Authmethod `anonymous-proxy`, on a router: takes the identity that a proxy worker vouches for.
 *
 * The proxy proves nothing, so it is believed only over a Unix domain socket, whose file mode says
 * who may connect. Crossbar believes it over TCP too.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";

/** Accepts the client's identity out of the `proxy_*` attributes of `authextra`. */
export class TrustedProxyAuth implements PendingAuth {
  hello(request: HelloRequest): AuthOutcome {
    if (!request.transport.isUnixSocket) {
      return deny("Cannot trust the proxy: anonymous-proxy needs a Unix domain socket");
    }
    const {
      proxy_realm: realm,
      proxy_authid: authid,
      proxy_authrole: authrole,
    } = request.authextra as Record<string, unknown> & ProxyExtra;
    if (!isName(realm) || !isName(authid) || !isName(authrole)) {
      return deny("Cannot trust the proxy: proxy_realm, proxy_authid or proxy_authrole is missing");
    }
    const { proxy_authmethod, proxy_authprovider, proxy_authextra } = request.authextra as Record<
      string,
      unknown
    > &
      ProxyExtra;
    return {
      kind: "accept",
      identity: {
        realm,
        authid,
        authrole,
        authmethod: isName(proxy_authmethod) ? proxy_authmethod : "anonymous-proxy",
        authprovider: isName(proxy_authprovider) ? proxy_authprovider : "static",
        authextra: isRecord(proxy_authextra) ? proxy_authextra : {},
      },
    };
  }

  authenticate(): AuthOutcome {
    return deny("Cannot accept AUTHENTICATE: anonymous-proxy sends no CHALLENGE");
  }
}

interface ProxyExtra {
  proxy_realm?: unknown;
  proxy_authid?: unknown;
  proxy_authrole?: unknown;
  proxy_authmethod?: unknown;
  proxy_authprovider?: unknown;
  proxy_authextra?: unknown;
}

function deny(message: string): AuthOutcome {
  return { kind: "deny", uri: ErrorUri.authenticationFailed, message };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length > 0;
}
