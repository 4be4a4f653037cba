/**
 * The content type of requests whose bodies are text.
 *
 * @module
 */

/** What is wrong with a Content-Type for JSON; null: nothing. */
export function jsonTypeFault(value: string): string | null {
  // As most clients write it.
  if (value === "application/json") return null;
  const type = value.split(";", 1)[0]?.trim().toLowerCase();
  return type === "application/json"
    ? charsetFault(value)
    : "its content type is not application/json";
}

/** What is wrong with the charset of a Content-Type; null: nothing. */
export function charsetFault(value: string): string | null {
  const parameters = value.toLowerCase().split(";").slice(1);
  const charsets = parameters.map((one) => one.trim()).filter((one) => /^charset\s*=/.test(one));
  const isUtf8 = (charset: string) => /^charset\s*=\s*"?utf-?8"?$/.test(charset);
  return charsets.length <= 1 && charsets.every(isUtf8) ? null : "its charset is not UTF-8";
}
