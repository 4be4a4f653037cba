/** Names of tests that come out of tables: one short line each, whatever the values are. */

const LENGTH = 52;

/**
 * Rows for `test.each`, each behind a title of its first values (of all by default): `%s`.
 * Runs of the same octets are counted, and what is still long is cut in the middle.
 */
export function titled<const Row extends readonly unknown[]>(
  rows: readonly Row[],
  values = Number.POSITIVE_INFINITY,
): [title: string, ...Row][] {
  return rows.map((row) => [row.slice(0, values).map(shortly).join(" "), ...row]);
}

function shortly(value: unknown): string {
  const text = typeof value === "string" ? oneLine(value) : json(value);
  const counted = text.replace(
    /(.{1,8}?)\1{7,}/g,
    (run: string, one: string) => `${one}×${run.length / one.length}`,
  );
  if (counted.length <= LENGTH) return counted;
  return `${counted.slice(0, LENGTH - 12)}…${counted.slice(-11)}`;
}

/** A text as it is, where it is one line that can be seen. */
function oneLine(text: string): string {
  return /^[^\p{C}\p{Z}"]([^\p{C}]*[^\p{C}\p{Z}])?$/u.test(text) ? text : JSON.stringify(text);
}

function json(value: unknown): string {
  const written = JSON.stringify(value, (_, one: unknown) => {
    if (one === undefined) return "undefined";
    return typeof one === "bigint" ? `${one}n` : one;
  });
  return written ?? String(value);
}
