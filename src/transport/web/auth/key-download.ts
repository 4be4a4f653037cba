/**
 * downloadKeys: gets the JWK Set of an issuer, within a time and a length.
 *
 * @module
 */

import { abortable } from "#base/abortable.ts";
import {
  MAX_KEY_SET_OCTETS,
  type PublicKeySet,
  readPublicKeySet,
  TOO_LONG,
} from "#base/public-key-set.ts";

/** Time for a whole download. */
export const DOWNLOAD_TIMEOUT_MS = 5_000;

/**
 * The keys at a URL. No redirect is followed: the configuration says where the keys are.
 *
 * @throws Error with the reason why there are none; the signal's reason when it is aborted.
 */
export async function downloadKeys(url: string, stopped: AbortSignal): Promise<PublicKeySet> {
  const late = new AbortController();
  const sentence = `it did not answer within ${DOWNLOAD_TIMEOUT_MS} ms`;
  const timer = setTimeout(() => late.abort(new Error(sentence)), DOWNLOAD_TIMEOUT_MS);
  const signal = AbortSignal.any([stopped, late.signal]);
  try {
    // Also where the client of HTTP does not heed the signal.
    return readPublicKeySet(await abortable(textAt(url, signal), signal));
  } finally {
    clearTimeout(timer);
  }
}

async function textAt(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, {
    signal,
    redirect: "manual",
    // A short answer that unpacks to a long one is not asked for.
    headers: {
      Accept: "application/jwk-set+json, application/json",
      "Accept-Encoding": "identity",
    },
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`it answered with status ${response.status}`);
  }
  const decoder = new TextDecoder();
  let text = "";
  let octets = 0;
  for await (const chunk of response.body ?? []) {
    octets += chunk.length;
    // An exception in the loop cancels the download.
    if (octets > MAX_KEY_SET_OCTETS) throw new Error(TOO_LONG);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
