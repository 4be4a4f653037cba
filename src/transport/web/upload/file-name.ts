/**
 * Names of uploaded files: what a name must not be, so that no file lands outside of its directory.
 *
 * @module
 */

/** Most octets of a name on the usual file systems. */
const MAX_NAME_OCTETS = 255;

/** Devices of Windows, whose names mean the device in every folder and with every suffix. */
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|:|$)/i;

/** What is wrong with the name of a file; null: nothing. */
export function fileNameFault(name: string): string | null {
  if (name === "") return "it is empty";
  if (name === "." || name === "..") return "it means a directory";
  if (/[/\\]/.test(name)) return "it has a slash";
  // U+FFFD stands for octets that were no UTF-8.
  if (/[\p{Cc}\p{Cs}\u2028\u2029\ufffd]/u.test(name)) return "it has a control character";
  if (DEVICE.test(name)) return "it is the name of a device";
  if (Buffer.byteLength(name) > MAX_NAME_OCTETS)
    return `it is longer than ${MAX_NAME_OCTETS} octets`;
  return null;
}

/** The suffix of a name, with its dot; empty where it has none, or is nothing but a suffix. */
export function suffixOf(name: string): string {
  const base = name.replace(/^\.+/, "");
  const dot = base.lastIndexOf(".");
  return dot < 0 ? "" : base.slice(dot);
}
