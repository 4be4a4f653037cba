/**
 * `crossproxy keygen`: prints a new pair of keys for the encryption of payloads (Curve25519), as Crossbar does.
 *
 * @module
 */

import { generateKeyPairSync } from "node:crypto";
import { writeCompletely } from "#observe/write-output.ts";

/** Prints the pair, which is kept nowhere. */
export function keygenCommand(): void {
  const { d = "", x = "" } = generateKeyPairSync("x25519").privateKey.export({ format: "jwk" });
  writeCompletely("stdout", `  private: ${hexOf(d)}\n   public: ${hexOf(x)}\n`);
}

function hexOf(base64url: string): string {
  return Buffer.from(base64url, "base64url").toString("hex");
}
