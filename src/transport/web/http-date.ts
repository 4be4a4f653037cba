/**
 * httpDate: reads the date of a header (RFC 9110, section 5.6.7).
 *
 * @module
 */

const MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
/** A second may be inserted at the end of a minute. */
const TIME = "([01]\\d|2[0-3]):([0-5]\\d):([0-5]\\d|60)";

/** `Sun, 06 Nov 1994 08:49:37 GMT`, which all programs send now. */
const FIXED = new RegExp(`^[A-Z][a-z]{2}, (\\d\\d) (${MONTHS}) (\\d{4}) ${TIME} GMT$`);
/** `Sunday, 06-Nov-94 08:49:37 GMT`. */
const RFC_850 = new RegExp(`^[A-Z][a-z]+day, (\\d\\d)-(${MONTHS})-(\\d\\d) ${TIME} GMT$`);
/** `Sun Nov  6 08:49:37 1994`. */
const ASCTIME = new RegExp(`^[A-Z][a-z]{2} (${MONTHS}) ([ \\d]\\d) ${TIME} (\\d{4})$`);

/** Milliseconds since 1970; undefined: this is no date of HTTP, and is ignored. */
export function httpDate(text: string): number | undefined {
  const fixed = FIXED.exec(text) ?? RFC_850.exec(text);
  if (fixed !== null) return timeOf(fixed[3], fixed[2], fixed[1], fixed.slice(4));
  const asctime = ASCTIME.exec(text);
  return asctime === null
    ? undefined
    : timeOf(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6));
}

function timeOf(year = "", month = "", day = "", time: readonly string[] = []): number | undefined {
  const [hour = 0, minute = 0, second = 0] = time.map(Number);
  const index = MONTHS.split("|").indexOf(month);
  const at = Date.UTC(fullYear(year), index, Number(day), hour, minute, second);
  return new Date(at).getUTCDate() === Number(day) ? at : undefined;
}

/** Two digits mean the year that is not more than 50 years ahead. */
function fullYear(year: string): number {
  if (year.length === 4) return Number(year);
  const now = new Date().getUTCFullYear();
  const near = now - (now % 100) + Number(year);
  return near > now + 50 ? near - 100 : near;
}
