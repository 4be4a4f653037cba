/**
 * Signatures of GitHub's webhooks: an HMAC of the body with the secret that both sides know.
 *
 *     X-Hub-Signature-256: sha256=<64 hex digits>
 *     X-Hub-Signature: sha1=<40 hex digits>           the only one that Crossbar checks
 *
 * @module
 */

import { createHmac } from "node:crypto";
import { isEqualSecret } from "#base/constant-time.ts";
import type { ReadableFields } from "#transport/http/header-fields.ts";

/** The headers and their digests; the first one that a request has is checked, the stronger one first. */
const SIGNATURES = [
  ["x-hub-signature-256", "sha256"],
  ["x-hub-signature", "sha1"],
] as const;

/** Whether a body is signed with the secret. */
export function isSignedByGithub(
  headers: Pick<ReadableFields, "get">,
  body: Uint8Array,
  secret: string,
): boolean {
  for (const [header, digest] of SIGNATURES) {
    const given = headers.get(header);
    if (given === null) continue;
    const expected = createHmac(digest, secret).update(body).digest("hex");
    return isEqualSecret(given.toLowerCase(), `${digest}=${expected}`);
  }
  return false;
}
