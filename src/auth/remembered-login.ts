/**
 * Whether the configuration still lets in a client whose login a cookie stands for.
 *
 * Paths may share a file of cookies, and a configuration changes while cookies last. So the principal is
 * looked up again where the client comes with its cookie. The credentials are not: they may have changed.
 *
 * @module
 */

import type { AuthConfig, Authmethod } from "#config/auth/auth-config.ts";
import type { AskingAuthConfig } from "#config/auth/authenticator-config.ts";
import type { TokenTicketConfig } from "#config/auth/token-config.ts";
import type { SessionIdentity } from "./session-identity.ts";

/** What a list of the configuration says of a principal, besides its credentials. */
interface Listed {
  role?: string;
  realm?: string;
}

/**
 * Whether the authmethod of a login is configured here, and lists the principal with the same role. An
 * authenticator is not called: for types `dynamic` and `function` it is enough that an authenticator of
 * this type made the login.
 */
export function isStillListed(auth: AuthConfig, login: SessionIdentity): boolean {
  const config = configOf(auth, login.authmethod);
  if (config === undefined || config.type !== login.authprovider) return false;
  // A token ends, and its client has to come with the next one.
  if (config.type === "jwt") return false;
  if (config.type !== "static") return true;
  return listedAs(config, login).some(
    ({ role, realm }) => role === login.authrole && (realm ?? login.realm) === login.realm,
  );
}

/** The authmethods by which a client does not prove its identity itself, so that no login is made. */
const WITHOUT_LOGIN = ["cookie", "anonymous-proxy", "cryptosign-proxy"] as const;

type LoginMethod = Exclude<Authmethod, (typeof WITHOUT_LOGIN)[number]>;
type MethodConfig = NonNullable<AuthConfig[LoginMethod]>;
type StaticMethodConfig = Exclude<MethodConfig, AskingAuthConfig | TokenTicketConfig>;

function configOf(auth: AuthConfig, authmethod: string | null): MethodConfig | undefined {
  if (authmethod === null || !Object.hasOwn(auth, authmethod)) return undefined;
  if (WITHOUT_LOGIN.some((name) => name === authmethod)) return undefined;
  return auth[authmethod as LoginMethod];
}

/** What the configuration says of this authid; a certificate's authority is listed by its realm. */
function listedAs(config: StaticMethodConfig, { authid }: SessionIdentity): Listed[] {
  if ("role" in config) {
    return (config.authid ?? authid) === authid ? [{ role: config.role }] : [];
  }
  if ("trustroots" in config && config.trustroots !== undefined) {
    const roots = Object.entries(config.trustroots);
    return roots.map(([realm, root]) => ({ role: root.role, realm: root.realm ?? realm }));
  }
  const principals: Record<string, Listed> = "users" in config ? config.users : config.principals;
  const principal = Object.hasOwn(principals, authid) ? principals[authid] : undefined;
  return principal === undefined ? [] : [principal];
}
