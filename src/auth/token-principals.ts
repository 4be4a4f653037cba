/**
 * Principals of authmethod `ticket` of type `jwt`: the ticket itself, which an issuer has signed, names them.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { TokenTicketConfig } from "#config/auth/token-config.ts";
import { type Deny, deny, denyWrongProof } from "./pending-auth.ts";
import type { Principal, PrincipalQuery, PrincipalSource } from "./principal.ts";
import { ACCEPTED, type TicketCredentials } from "./ticket.ts";
import type { TicketTokens } from "./ticket-tokens.ts";

/** The principals that the tokens of one issuer name. */
export class TokenPrincipals implements PrincipalSource<TicketCredentials> {
  readonly authprovider = "jwt";
  readonly #config: TokenTicketConfig;
  readonly #tokens: TicketTokens | undefined;

  constructor(config: TokenTicketConfig, tokens: TicketTokens | undefined) {
    this.#config = config;
    this.#tokens = tokens;
  }

  async find({ details }: PrincipalQuery): Promise<(Principal & TicketCredentials) | Deny> {
    if (this.#tokens === undefined) {
      throw new Failure("Cannot check a token: the worker checks none", { source: "internal" });
    }
    const client = await this.#tokens.check(this.#config, details?.["ticket"] ?? "");
    if ("authid" in client) return { ...client, ticket: ACCEPTED };
    if (client.isChecked) return denyWrongProof("ticket", client.state);
    return { ...deny("ticket", client.state), isBlameless: true };
  }
}
